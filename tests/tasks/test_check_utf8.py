"""What a model cannot be given, and targets that are not there, are found by task and document."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, TaskError
from proctor.refs import Ref
from proctor.tasks.check_utf8 import check_utf8
from proctor.tasks.example import AskResult, Example, canonical_variant
from proctor.tasks.plan import plan_task
from proctor.tasks.prompt import PromptStyle
from proctor.types import Generate, Loglikelihood, Message, Rolling

ODD = "NUL \0, \u202eright to left\u202c, \x1b[31m, 한국어, \U0001f600, \ufeff"


def plan(bound):
    return plan_task(bound, limit=None, samples=None, seed=1, style=PromptStyle())


@pytest.mark.parametrize(
    "request_", [Loglikelihood(ODD, (ODD,)), Rolling(ODD), Generate(ODD, {"until": ["\n"]}), Rolling("x" * 1_000_000)]
)
def test_odd_letters_are_letters(spec, request_):
    check_utf8(spec(), 0, [request_], "doc_to_text")


@pytest.mark.parametrize(
    "request_",
    [
        Loglikelihood("a", ("b", "\ud800")),
        Rolling("\udfff"),
        Generate("é\ud800x", {}),
        Generate((Message("system", "a"), Message("user", "\ud800")), {}),
    ],
)
def test_half_a_character_is_told_with_task_document_and_place(spec, request_):
    with pytest.raises(TaskError, match=r"task 'sums': .* document 7 holds half of a character") as told:
        check_utf8(spec(), 7, [request_], "doc_to_text")
    assert "sums.yaml:" in str(told.value)
    str(told.value).encode("utf-8")


def test_a_plan_refuses_half_a_character(task, exam):
    (exam / "halves.py").write_text(
        "def halve(rows):\n    return [{**row, 'question': 'a' + chr(0xD800)} for row in rows]\n"
    )
    with pytest.raises(TaskError, match="document 0 holds half of a character"):
        plan(task(process_docs=Ref(str(exam), "halves.halve")))


@pytest.mark.parametrize("output", ["loglikelihood", "loglikelihood_rolling"])
def test_a_target_that_is_null_is_no_text_to_score(task, exam, output):
    (exam / "lost.py").write_text(
        "def lose(rows):\n    return [dict(row, topic=None if n == 3 else 'x') for n, row in enumerate(rows)]\n"
    )
    bound = task(
        output_type=output,
        doc_to_choice=None,
        doc_to_target="topic",
        metric_list=None,
        process_docs=Ref(str(exam), "lost.lose"),
    )
    with pytest.raises(TaskError, match=r"gave nothing \(null\) on document 3"):
        plan(bound)


def one_document(target, choices):
    return Example(5, {}, (canonical_variant((), choices, target),), "", target, None)


@pytest.mark.parametrize(
    ("target", "choices", "said"),
    [
        (None, None, "document 5: its target is null"),
        (None, ("a", "b"), "its target is null"),
        (2, ("a", "b"), "the number of one of the choices, and gave 2"),
        ("a", ("a", "b"), "the number of one of the choices, and gave 'a'"),
        (1.0, ("a", "b"), "the number of one of the choices, and gave 1.0"),
    ],
)
def test_a_generated_answer_is_compared_with_a_target_or_not_at_all(task, target, choices, said):
    bound = task(output_type="generate_until", metric_list=[{"metric": "exact_match"}])
    with pytest.raises(DataError, match=said):
        bound.measure(one_document(target, choices), 0, [AskResult("prompt", ("None",))])


def test_predictions_alone_need_no_target(task):
    bound = task(output_type="generate_until", doc_to_choice=None, metric_list=[{"metric": "bypass"}])
    assert bound.measure(one_document(None, None), 0, [AskResult("prompt", ("x",))]) == {"bypass": None}
