"""A request that the model refuses costs its document, not the run; it is not stored, and is all that is sent again."""

from __future__ import annotations

import json
import logging

import pytest

from proctor.errors import ModelError
from proctor.records import Query
from proctor.replay.samples import SamplesResponses
from proctor.results.schema import sample_line
from proctor.run.chunks import ROOM, ChunkLimits
from proctor.run.finish import FinishedRun
from proctor.run.progress import Quiet
from proctor.run.refusals import RefusalLimit, report_refusals
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Loglikelihood, Refusal, Rolling, RollingScore, Scores, Text


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

    def run(model, name="one", room=ROOM, **options):
        settings = {"tasks": [str(exam / f"{name}.yaml")], "store": str(tmp_path / "store.sqlite")} | options
        config = build_config({"model": "dummy", **settings})
        result = evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True, opened=model, room=room)
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


class Paid(Server):
    """Has some requests in flight when it is stopped, whose responses still come."""

    in_flight, is_stopped = 2, False

    def stop(self):
        self.is_stopped = True

    def respond(self, requests):
        left = self.in_flight
        for pair in super().respond(requests):
            if self.is_stopped:
                if not left:
                    return
                left -= 1
            yield pair


def test_more_refusals_than_are_allowed_end_the_run(run):
    with pytest.raises(ModelError) as caught:
        run(Server("Q2", "Q4", "Q5"), max_errors=1)
    said = (
        "The model refused 2 of 5 requests, more than --max_errors allows (1). The last one, task 'one', document 4: "
    )
    assert caught.value.message == f"{said}the server is busy"
    again = Server()
    run(again)
    assert [request.context[:2] for request in again.requested] == ["Q2", "Q4", "Q5"], "what came before is stored"


def test_what_is_in_flight_when_the_run_ends_is_stored(run):
    with pytest.raises(ModelError, match="refused 1 of 2 requests"):
        run(Paid("Q1"), max_errors=0)
    again = Server()
    run(again)
    assert [request.context[:2] for request in again.requested] == ["Q1", "Q4", "Q5"]


def test_as_many_as_are_allowed_end_nothing(run):
    _, result = run(Server("Q2", "Q4"), max_errors=2)
    assert len(result.failed) == 1


def responses(limit, *kinds):
    query = Query("one", 7, 0, 0, Rolling("a"))
    return [limit.add(query, Refusal("no") if kind == "r" else RollingScore(-1.0)) for kind in "".join(kinds)]


def test_a_share_is_one_of_the_whole_run_and_not_of_few_requests():
    assert not any(responses(RefusalLimit(0.01, 100), "r" * 20))
    assert responses(RefusalLimit(0.01, 100), "r" * 21)[-1] is not None
    large = RefusalLimit(0.01, 5000)
    assert not any(responses(large, "r" * 50, "s" * 100))
    [error] = responses(large, "r")
    assert "refused 51 of 151 requests" in error.message
    assert "(1 % of 5,000)" in error.message


def test_the_limit_holds_over_the_chunks_of_a_run(run):
    with pytest.raises(ModelError, match="refused 2 of 5 requests"):
        run(Server("Q2", "Q4"), max_errors=1, room=ChunkLimits(queries=1))
