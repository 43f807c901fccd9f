"""Code of a task that tries to end the process: an error with its place, and never success."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proctor.cli.main import main

PLAIN = """\
task: quiz
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
doc_to_text: "{{question}}"
doc_to_target: answer
"""
CHOICE = PLAIN + "output_type: multiple_choice\ndoc_to_choice: [a, b]\n"
CODE = """\
import sys
def leave(*args, **kwargs):
    RAISE
class Leaving:
    def __init__(self, *args, **kwargs): pass
    def set_rnd(self, rnd): pass
    def sample(self, n, eval_doc=None): leave()
    def apply(self, resps, docs): leave()
class Made:
    config = None
    def __init__(self): leave()
class Asked:
    VERSION = 1
    def has_test_docs(self): return True
    def test_docs(self): return [{"q": 1}]
    def doc_to_target(self, doc): return ""
    def fewshot_context(self, doc, **_): return ""
    def construct_requests(self, **_): leave()
"""
PLACES = {
    "doc_to_text": CHOICE.replace('"{{question}}"', "!function code.leave"),
    "doc_to_target": CHOICE.replace("answer", "!function code.leave"),
    "doc_to_choice": CHOICE.replace("[a, b]", "!function code.leave"),
    "process_docs": CHOICE + "process_docs: !function code.leave\n",
    "process_results": CHOICE + "process_results: !function code.leave\nmetric_list: [{metric: acc}]\n",
    "custom_dataset": CHOICE + "custom_dataset: !function code.leave\n",
    "sampler": CHOICE + "num_fewshot: 1\nfewshot_config: {sampler: !function code.Leaving}\n",
    "samples": CHOICE + "num_fewshot: 1\nfewshot_config: {samples: !function code.leave}\n",
    "filter": PLAIN + "filter_list: [{name: x, filter: [{function: !function code.Leaving}]}]\n",
    "filter_fn": PLAIN + "filter_list: [{name: x, filter: [{function: custom, filter_fn: !function code.leave}]}]\n",
    "metric": PLAIN + "metric_list: [{metric: !function code.leave, aggregation: mean, higher_is_better: true}]\n",
    "aggregation": CHOICE + "metric_list: [{metric: acc, aggregation: !function code.leave}]\n",
    "a class that is made": "task: quiz\nclass: !function code.Made\n",
    "a class that is asked": "task: quiz\nclass: !function code.Asked\n",
    "an import": CHOICE + "process_docs: !function leaving.leave\n",
}


def write(folder: Path, config: str, raises: str) -> str:
    rows = [{"question": f"Q{n}", "answer": n % 2} for n in range(3)]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "code.py").write_text(CODE.replace("RAISE", raises), encoding="utf-8")
    (folder / "leaving.py").write_text(f"import sys\n\n{raises}\n", encoding="utf-8")
    (folder / "quiz.yaml").write_text(config, encoding="utf-8")
    return str(folder / "quiz.yaml")


@pytest.mark.parametrize("place", PLACES)
def test_sys_exit_in_task_code_is_an_error_with_its_place(tmp_path, capsys, place):
    task = write(tmp_path, PLACES[place], "sys.exit(0)")
    assert main(["run", "--model", "dummy", "--tasks", task]) in (1, 2)
    said = "".join(capsys.readouterr())
    assert "called sys.exit(0) (" in said
    assert "code.py:3" in said or "leaving.py:3" in said
    if place.startswith(("doc_to", "process")):
        assert f"{place} failed" in said


@pytest.mark.parametrize("raises", ["raise GeneratorExit", "raise BaseException('x')"])
@pytest.mark.parametrize("place", ["process_docs", "process_results", "doc_to_text"])
def test_other_base_exceptions_are_errors_too(tmp_path, capsys, place, raises):
    task = write(tmp_path, PLACES[place], raises)
    assert main(["run", "--model", "dummy", "--tasks", task]) in (1, 2)
    said = "".join(capsys.readouterr())
    assert "which is meant to end the process" in said
    assert "code.py:3" in said


def test_a_keyboard_interrupt_is_a_stop_and_no_success(tmp_path, capsys):
    task = write(tmp_path, PLACES["process_docs"], "raise KeyboardInterrupt")
    assert main(["run", "--model", "dummy", "--tasks", task]) == 130


def test_preview_and_validate_say_it_too(tmp_path, capsys):
    task = write(tmp_path, PLACES["process_docs"], "sys.exit()")
    assert main(["preview", "--tasks", task]) == 2
    assert "called sys.exit() (" in capsys.readouterr().err
    assert main(["validate", "--run_task_code", "--tasks", task]) == 1
    assert "called sys.exit() (" in capsys.readouterr().out
