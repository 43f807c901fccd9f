"""What a model cannot be given, and targets that are not there, are found by task and document."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.messages import Message
from proctor.refs import Ref
from proctor.tasks.check_utf8 import check_utf8
from proctor.tasks.data import Selection
from proctor.tasks.plan import plan_task
from proctor.tasks.prompt import PromptStyle
from proctor.types import Generate, Loglikelihood, Rolling

ODD = "NUL \0, \u202eright to left\u202c, \x1b[31m, 한국어, \U0001f600, \ufeff"


def plan(bound):
    return plan_task(bound, selection=Selection(), seed=1, style=PromptStyle())


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
