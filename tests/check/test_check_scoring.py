"""Functions that score, called twice: what does not come out alike is said, and scored all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from task_folders import TEXT

from proctor.cli.main import main

CODE = """\
import random, itertools
own = itertools.count()
def noisy(doc, results):
    return {"exact_match": random.random()}
def steady(doc, results):
    return {"exact_match": random.Random(doc["question"]).random()}
def metric(references, predictions, **_):
    return next(own)
class Filter:
    def apply(self, resps, docs):
        return [str(random.random()) for _ in resps]
def dated(docs):
    return [dict(doc, question=f"{doc['question']} {next(own)}") for doc in docs]
def shuffled(docs):
    docs = [dict(doc) for doc in docs]
    random.shuffle(docs)
    return docs
"""
METRIC = "metric_list: [{metric: !function code.metric, aggregation: mean, higher_is_better: true}]\n"
FILTER = "filter_list: [{name: x, filter: [{function: !function code.Filter}]}]\n"
TWICE = {
    "process_results": "process_results: !function code.noisy\nmetric_list: [{metric: exact_match}]\n",
    "metric_list": METRIC,
    "filter_list": FILTER,
}


@pytest.fixture
def task(tmp_path: Path):
    def write(more: str) -> str:
        rows = [{"question": f"Q{n}", "answer": "x"} for n in range(4)]
        (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        (tmp_path / "code.py").write_text(CODE, encoding="utf-8")
        (tmp_path / "quiz.yaml").write_text(TEXT + more, encoding="utf-8")
        return str(tmp_path / "quiz.yaml")

    return write


@pytest.mark.parametrize("key", TWICE)
def test_scores_that_cannot_be_had_again_are_a_warning(task, capsys, key):
    path = task(TWICE[key])
    said = f"{key} gives other values for the same answers each time"
    assert main(["run", "--model", "dummy", "--tasks", path]) == 0
    assert said in "".join(capsys.readouterr())
    assert main(["validate", "--run_task_code", "--tasks", path]) == 0
    assert said in "".join(capsys.readouterr())


def test_what_is_seeded_from_the_document_has_nothing_said(task, capsys):
    path = task(TWICE["process_results"].replace("noisy", "steady"))
    for words in (["run", "--model", "dummy"], ["validate", "--run_task_code"]):
        assert main([*words, "--tasks", path]) == 0
        assert "each time" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(("function", "is_said"), [("dated", True), ("shuffled", False)])
def test_documents_that_differ_each_time_are_a_note(task, capsys, function, is_said):
    path = task(f"process_docs: !function code.{function}\n")
    assert main(["validate", "--run_task_code", "--tasks", path]) == 0
    assert ("process_docs makes other documents of the same rows" in capsys.readouterr().out) is is_said
