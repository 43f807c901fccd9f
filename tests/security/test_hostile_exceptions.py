"""An exception whose text fails, out of every place of a task's own code: one sentence with its type."""

from __future__ import annotations

import json

import pytest

from proctor.cli.main import main

CODE = """\
class Silent(Exception):
    def __str__(self):
        raise RuntimeError("no text")
    __repr__ = __str__

class Shown:
    def __str__(self):
        raise Silent()
    __repr__ = __str__

def text(doc): raise Silent()
def odd_text(doc): return Shown()
def docs(rows): raise Silent()
def results(doc, given): raise Silent()
def odd_results(doc, given): return {"acc": Shown()}
def metric(**given): raise Silent()
def total(items): raise Silent()
class Filter:
    def apply(self, resps, docs): raise Silent()
"""
TASK = """\
task: odd
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: {output}
doc_to_text: {text}
doc_to_choice: "{{{{c}}}}"
doc_to_target: a
{more}
"""
PLACES = {
    "doc_to_text": {"text": "!function code.text"},
    "an odd text": {"text": "!function code.odd_text"},
    "process_docs": {"more": "process_docs: !function code.docs"},
    "process_results": {"more": "process_results: !function code.results"},
    "an odd result": {"more": "process_results: !function code.odd_results"},
    "aggregation": {"more": "metric_list: [{metric: acc, aggregation: !function code.total}]"},
    "a metric": {
        "output": "generate_until",
        "more": "metric_list: [{metric: !function code.metric, aggregation: mean}]",
    },
    "import": {"text": "!function broken.f"},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_failing_exception_is_named_by_its_type(tmp_path, monkeypatch, capsys, place):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.jsonl").write_text(json.dumps({"q": "?", "c": ["a", "b"], "a": 0}) + "\n")
    (tmp_path / "code.py").write_text(CODE)
    (tmp_path / "broken.py").write_text(f"{CODE}\nraise Silent()\n")
    given = {"text": '"{{q}}"', "more": "", "output": "multiple_choice", **PLACES[place]}
    (tmp_path / "odd.yaml").write_text(TASK.format(data=tmp_path / "d.jsonl", **given))
    words = ["--tasks", "odd.yaml"]
    run = ["run", "--model", "dummy", "--no_store", "--output_path", "out", "--log_samples", *words]
    codes = [main(run), main(["validate", "--run_task_code", *words]), main(["preview", *words])]
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert all(code in (0, 1, 2) for code in codes)
    if not place.startswith("an odd"):
        assert codes[0] in (1, 2)
        assert "Silent" in said.err + said.out
