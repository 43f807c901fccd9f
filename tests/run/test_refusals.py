"""A request that the model refuses costs its document, not the run; it is not stored, and is all that is sent again."""

from __future__ import annotations

import json
import logging

import pytest

from proctor.errors import ModelError
from proctor.replay.samples import SamplesResponses
from proctor.results.schema import sample_line
from proctor.run.finish import FinishedRun
from proctor.run.progress import Quiet
from proctor.run.refusals import report_refusals
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Loglikelihood, Refusal, RollingScore, Scores, Text


class Server:
    """Scores every option alike and refuses what has one of ``words`` in it."""

    name = "server"

    def __init__(self, *words, retryable=True):
        self.identity, self.info = {"name": "server"}, {}
        self.words, self.retryable = words, retryable
        self.requested = []

    def respond(self, requests):
        self.requested += requests
        for number, request in enumerate(requests):
            if any(word in text for word in self.words for text in request.texts):
                yield number, Refusal("the server is\nbusy", self.retryable)
            elif isinstance(request, Loglikelihood):
                yield number, Scores(tuple((-float(len(text)), False) for text in request.continuations))
            else:
                yield number, Text("4") if request.kind == "generate_until" else RollingScore(-1.0)

    def report(self):
        return {}

    def close(self):
        pass


GENERATIVE = """
task: drawn
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
output_type: generate_until
test_split: test
doc_to_text: "{{question}}"
doc_to_target: "4"
repeats: 3
generation_kwargs: {do_sample: true, temperature: 0.5, until: ["."]}
filter_list:
  - name: first
    filter: [{function: take_first}]
metric_list: [{metric: exact_match}]
"""


@pytest.fixture
def run(tmp_path, write_exam):
    exam = write_exam(tmp_path / "exam", "one", documents=6)
    (exam / "drawn.yaml").write_text(GENERATIVE, encoding="utf-8")

    def run(model, name="one", **options):
        settings = {"tasks": [str(exam / f"{name}.yaml")], "store": str(tmp_path / "store.sqlite")} | options
        config = build_config({"model": "dummy", **settings})
        result = evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True, opened=model)
        return config, result

    return run


@pytest.mark.parametrize("name", ["one", "drawn"])
def test_the_others_are_graded_and_the_run_fails(run, name, caplog):
    caplog.set_level(logging.ERROR, logger="proctor")
    config, result = run(Server("Q2", "Q4"), name)
    records = result.records[name]
    assert [record.doc_id for record in records if record.error is not None] == [2, 4]
    assert all(record.metrics for record in records if record.error is None)
    assert {record.error for record in records} == {None, "refused: the server is busy"}
    (failed,) = result.failed
    assert (failed.documents, failed.requested) == (2, 6)
    assert FinishedRun(config, result, {}).exit_code == 1
    assert f"Task '{name}': 2 of 6 documents could not be scored; its scores are those of the 4 others." in caplog.text
    count = 2 if name == "one" else 6
    assert f"The model refused {count} of {3 * count} requests; another try may succeed." in caplog.text
    facts = {"requests": count, "of": 3 * count, "retryable": count}
    assert result.extra["proctor"]["refused"] == facts


def test_only_what_was_refused_is_sent_again(run, tmp_path):
    run(Server("Q2", "Q4"))
    again = Server()
    _, result = run(again)
    assert [request.context[:2] for request in again.requested] == ["Q2", "Q4"]
    assert not result.failed
    assert "refused" not in result.extra["proctor"]
    undisturbed = Server()
    _, expected = run(undisturbed, store=str(tmp_path / "other.sqlite"))
    assert result.records == expected.records
    assert result.tasks == expected.tasks


def test_a_run_in_which_everything_is_refused_ends(run, caplog):
    caplog.set_level(logging.ERROR, logger="proctor")
    _, result = run(Server("Q", retryable=False))
    (failed,) = result.failed
    assert (failed.documents, failed.requested) == (6, 6)
    assert "it has no scores" in caplog.text
    assert "another try gives the same" in caplog.text


def test_the_first_ends_a_run_that_is_to_fail_fast(run):
    with pytest.raises(ModelError, match=r"Task 'one', document 2: the server is") as caught:
        run(Server("Q2", "Q4"), fail_fast=True)
    assert caught.value.hint == "The same command sends it again."
    again = Server()
    run(again)
    assert len(again.requested) == 4, "what came before is stored"


def test_a_refused_document_is_a_line_of_its_samples_without_a_response(run, tmp_path):
    _, result = run(Server("Q2"))
    lines = [json.loads(json.dumps(sample_line(record), default=str)) for record in result.records["one"]]
    assert lines[2]["resps"] == [[], []]
    assert lines[2]["filtered_resps"] == ["None"]
    assert lines[2]["error"] == "refused: the server is busy"
    file = tmp_path / "samples.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    known = SamplesResponses()
    known.read("one", file)
    assert known.documents == {"one": [0, 1, 2, 3, 4, 5]}


def test_some_may_succeed_later(caplog):
    report_refusals([Refusal("a", True), Refusal("b"), Refusal("c")], 1000)
    assert "refused 3 of 1,000 requests; for 1 of them another try may succeed." in caplog.text
