"""Answers become records: repeats, pipelines, order."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import DataError
from proctor.filters.pipeline import build_pipelines
from proctor.regex_limits import bounded
from proctor.run import grade as grading
from proctor.tasks.example import Ask, Example, canonical_variant
from proctor.tasks.plan import DocumentPlan, TaskPlan
from proctor.types import Generate, Loglikelihood, Scores, Text


def grade(plan, answers, **options):
    return list(grading.grade(plan, answers, **options))


class FakeTask:
    """What grading needs of a task, and nothing else."""

    def __init__(self, pipelines, repeats=1):
        self.spec = SimpleNamespace(name="t", repeats=repeats, strict=False)
        self.pipelines = pipelines

    def measure(self, example, variant, results):
        return {"seen": [value for one in results for value in one.values], "doc": example.doc_id}


class Pipeline:
    def __init__(self, name, change):
        self.name, self._change = name, change

    def apply(self, responses, docs):
        assert len(responses) == len(docs)
        return [self._change(repeats) for repeats in responses]


FIRST = Pipeline("none", lambda repeats: repeats[0])
LAST = Pipeline("last", lambda repeats: repeats[-1])


def example(doc_id):
    return Example(doc_id, {"id": doc_id}, (canonical_variant((), None, "target"),), "", "target", None)


def planned(example, *requests):
    roles = {"loglikelihood": "option", "generate_until": "prompt"}
    return DocumentPlan(example, tuple(Ask(0, roles[request.kind], request) for request in requests))


def test_one_record_per_document_and_pipeline_pipelines_first():
    documents = tuple(planned(example(i), Loglikelihood("c", ("a", "b"))) for i in (0, 1))
    plan = TaskPlan(FakeTask([FIRST, LAST]), documents, 1)
    answers = [Scores(((-1.0, True), (-2.0, False))), Scores(((-3.0, False), (-4.0, False)))]
    records = grade(plan, answers)
    assert [(record.filter, record.doc_id) for record in records] == [
        ("none", 0),
        ("none", 1),
        ("last", 0),
        ("last", 1),
    ]
    assert records[1].filtered == ((-3.0, False), (-4.0, False))
    assert records[0].arguments == (("c", "a"), ("c", "b"))
    assert records[0].responses == (((-1.0, True),), ((-2.0, False),))


def test_repeats_stand_together():
    request = Generate("p", {"do_sample": True})
    plan = TaskPlan(FakeTask([LAST], repeats=3), (planned(example(0), request), planned(example(1), request)), 3)
    assert [(query.doc_id, query.repeat) for query in plan.queries()] == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    records = grade(plan, [Text(letter) for letter in "abcdef"])
    assert [record.filtered for record in records] == [("c",), ("f",)]
    assert records[0].responses == (("a", "b", "c"),)


def test_greedy_repeats_are_asked_once_and_counted_as_often():
    plan = TaskPlan(FakeTask([FIRST], repeats=3), (planned(example(0), Generate("p", {})),), 1)
    assert len(list(plan.queries())) == 1
    assert grade(plan, [Text("x")])[0].responses == (("x", "x", "x"),)


def test_a_document_whose_pattern_takes_too_long_is_a_error_and_the_others_are_graded(monkeypatch):
    monkeypatch.setattr(bounded, "SECONDS", 0.3)
    texts = ["aaa", "a" * 60 + "b", "aa"]
    steps = [{"function": "regex", "regex_pattern": "(a+)+$"}, {"function": "take_first"}]
    (pipeline,) = build_pipelines([{"name": "hostile", "filter": steps}])
    records = grade(generated(FakeTask([pipeline]), 3), [Text(text) for text in texts])
    assert [record.metrics.get("seen") for record in records] == [["aaa"], None, ["aa"]]
    assert records[1].error is not None
    assert "'(a+)+$' took more than 0.3 s" in records[1].error


def generated(task, count):
    return TaskPlan(task, tuple(planned(example(i), Generate("p", {})) for i in range(count)), 1)


class Picky(FakeTask):
    """Cannot measure some documents."""

    def __init__(self, bad, error):
        super().__init__([FIRST])
        self.bad, self.error = bad, error

    def measure(self, example, variant, results):
        if example.doc_id in self.bad:
            raise self.error
        return {"seen": [value for one in results for value in one.values]}


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DataError("Task 't', document 1: no."), "Task 't', document 1: no."),
        (ZeroDivisionError("by\nzero"), "ZeroDivisionError: by zero"),
        (RecursionError(), "RecursionError"),
        (KeyError("x" * 5000), "KeyError: 'xx"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_document_that_cannot_be_measured_is_a_error_and_keeps_its_answers(error, told):
    records = grade(generated(Picky({1}, error), 3), [Text(letter) for letter in "abc"])
    assert [dict(record.metrics) for record in records] == [{"seen": ["a"]}, {}, {"seen": ["c"]}]
    assert [record.error is None for record in records] == [True, False, True]
    assert records[1].error.startswith(told)
    assert len(records[1].error) < 1100
    assert "\n" not in records[1].error
    assert (records[1].responses, records[1].filtered) == ((("b",),), ("b",))
    with pytest.raises(DataError, match="document 1"):
        grade(generated(Picky({1}, error), 3), [Text(letter) for letter in "abc"], fail_fast=True)


def test_secrets_in_an_exception_are_hidden(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyz")
    [record] = grade(generated(Picky({0}, ValueError("hf_abcdefghijklmnopqrstuvwxyz")), 1), [Text("a")])
    assert record.error == "ValueError: ***"


@given(st.sets(st.integers(0, 19)), st.sampled_from([1, 2, 3]))
def test_a_filter_that_fails_on_some_documents_fails_on_these_only(bad, per_document):
    class Shaky:
        name = "shaky"

        def apply(self, responses, docs):
            for doc in docs:
                if doc["id"] in bad:
                    raise ValueError(f"not {doc['id']}")
            # What it makes of a document depends on all that it is given.
            return [(repeats[0], len(responses)) for repeats in responses]

    documents = tuple(planned(example(i), *(Generate(f"p{n}", {}) for n in range(per_document))) for i in range(20))
    records = grade(TaskPlan(FakeTask([Shaky(), FIRST]), documents, 1), [Text("x")] * 20 * per_document)
    shaky, plain = records[:20], records[20:]
    assert [record.error for record in shaky] == [f"ValueError: not {i}" if i in bad else None for i in range(20)]
    assert all(record.error is None for record in plain)
    whole = (("x", (20 - len(bad)) * per_document),) * per_document
    assert all(record.filtered == whole for record in shaky if record.error is None)


def test_a_filter_that_fails_on_everything_leaves_nothing_measured():
    class Broken:
        name = "broken"

        def apply(self, responses, docs):
            raise IndexError("all")

    records = grade(generated(FakeTask([Broken()]), 5), [Text("x")] * 5)
    assert {record.error for record in records} == {"IndexError: all"}
    with pytest.raises(IndexError):
        grade(generated(FakeTask([Broken()]), 5), [Text("x")] * 5, fail_fast=True)


def test_a_filter_that_fails_on_all_together_only_is_everybodys_error():
    class Lonely:
        name = "lonely"

        def apply(self, responses, docs):
            if len(docs) > 1:
                raise ValueError("crowded")
            return [repeats[0] for repeats in responses]

    records = grade(generated(FakeTask([Lonely()]), 4), [Text("x")] * 4)
    assert {record.error for record in records} == {"ValueError: crowded"}
