"""What a script's model finds in its instances: the document, its number, the task, repetitions."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.lm_model import instances_about, instances_of
from proctor.compat.scripts.manager import TaskManager
from proctor.compat.scripts.model import LM
from proctor.models.protocols import Origin
from proctor.run.origins import origins
from proctor.types import Generate, Loglikelihood, Rolling

REPEATED = """\
task: repeated
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
repeats: 3
generation_kwargs: {until: ["."], do_sample: false}
filter_list:
  - name: all
    filter: [{function: take_first_k, k: 3}, {function: take_first}]
metric_list: [{metric: exact_match}]
"""


class Spy(LM):
    """Keeps what it is asked, and counts its answers."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def loglikelihood(self, requests):
        self.seen += requests
        return [(-1.0, False) for _ in requests]

    def loglikelihood_rolling(self, requests):
        raise NotImplementedError

    def generate_until(self, requests):
        self.seen += requests
        return [str(number) for number, _ in enumerate(requests)]


@pytest.fixture
def asked(write_exam, tmp_path):
    def ask(*tasks, **more):
        folder = write_exam(tmp_path / "exam", "plain", documents=2)
        (folder / "repeated.yaml").write_text(REPEATED)
        text = (folder / "plain.yaml").read_text().replace("task: plain", "task: mutual")
        (folder / "mutual.yaml").write_text(text + "metric_list: [{metric: acc}, {metric: acc_mutual_info}]\n")
        spy = Spy()
        result = simple_evaluate(spy, tasks=list(tasks), task_manager=TaskManager(include_path=str(folder)), **more)
        return spy.seen, result

    return ask


def test_an_instance_has_the_document_it_is_about(asked):
    seen, _ = asked("plain")
    assert [(one.task_name, one.doc_id, one.idx, one.repeats) for one in seen] == [
        ("plain", 0, 0, 1),
        ("plain", 0, 1, 1),
        ("plain", 1, 0, 1),
        ("plain", 1, 1, 1),
    ]
    assert [one.doc["question"] for one in seen] == ["Q0", "Q0", "Q1", "Q1"]
    assert seen[0].metadata == ("plain", 0, 1)


def test_the_number_of_a_document_is_the_one_it_has_in_its_split(asked):
    seen, _ = asked("plain", samples={"plain": [1]})
    assert {(one.doc_id, one.doc["question"]) for one in seen} == {(1, "Q1")}


def test_requests_without_a_question_are_numbered_on(asked):
    seen, _ = asked("mutual", limit=1)
    assert [(one.idx, one.args) for one in seen] == [
        (0, ("Q0", " a")),
        (1, ("Q0", " b")),
        (2, ("", " a")),
        (3, ("", " b")),
    ]


def test_a_scripts_model_is_asked_every_repetition(asked):
    # It may draw by itself, whatever the task says.
    seen, result = asked("repeated", limit=2)
    assert [(one.doc_id, one.idx, one.repeats) for one in seen] == [(0, 0, 3)] * 3 + [(1, 0, 3)] * 3
    assert [sample["resps"] for sample in result["samples"]["repeated"]] == [[["0", "1", "2"]], [["3", "4", "5"]]]


def test_a_model_that_changes_a_document_changes_its_own_copy(asked, monkeypatch):
    def spoil(self, requests):
        for request in requests:
            request.doc.clear()
        return [(-1.0, False) for _ in requests]

    monkeypatch.setattr(Spy, "loglikelihood", spoil)
    _, result = asked("plain")
    assert result["samples"]["plain"][0]["doc"]["question"] == "Q0"


def test_without_an_origin_there_is_no_document():
    [only] = instances_of(Rolling("a"))
    assert (only.doc, only.task_name, only.doc_id, only.repeats) == ({}, None, None, 1)
    assert origins([]) == {}


REQUESTS = st.one_of(
    st.builds(Loglikelihood, st.text(max_size=2), st.lists(st.text(max_size=2), min_size=1, max_size=3).map(tuple)),
    st.builds(Rolling, st.text(max_size=2)),
    st.builds(Generate, st.text(max_size=2), st.just({})),
)


@given(st.lists(st.lists(REQUESTS, min_size=1, max_size=3), max_size=4), st.integers(1, 3))
def test_the_arguments_of_a_document_are_numbered_through_whatever_is_repeated(documents, repeats):
    """Within a document, numbers count the arguments of its requests; a repetition has the numbers of the first."""
    requests, about = [], []
    for doc_id, own in enumerate(documents):
        origin = Origin("task", doc_id, {"n": doc_id}, repeats)
        for request in own:
            requests += [request] * repeats
            about += [origin] * repeats
    instances = instances_about(requests, about)
    assert [len(one) for one in instances] == [len(instances_of(request)) for request in requests]
    for doc_id, group in groupby((one for some in instances for one in some), key=lambda one: one.doc_id):
        numbers = {one.idx for one in group}
        assert numbers == set(range(sum(len(instances_of(request)) for request in documents[doc_id])))
    assert all(one.doc == {"n": one.doc_id} for some in instances for one in some)
