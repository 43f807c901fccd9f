"""Which tasks can be put as questions with labelled options."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.refs import Ref
from proctor.tasks.choosable import check_choosable, choice_ask
from proctor.tasks.choose import labelled_question
from proctor.tasks.example import Ask
from proctor.types import Choose


def test_a_task_with_a_metric_of_the_chosen_option_can(task):
    check_choosable(task(metric_list=[{"metric": "acc"}, {"metric": "acc_norm"}]).context)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric_list": [{"metric": "acc_norm"}]}, r"its metrics \(acc_norm\) need log-likelihoods"),
        ({"doc_to_text": "{{answer}}", "doc_to_target": "{{question}}"}, "its options are alternative contexts"),
    ],
)
def test_what_needs_log_likelihoods_cannot(task, changes, message):
    with pytest.raises(TaskError, match=message):
        check_choosable(task(**changes).context)


def test_a_function_of_the_task_s_own_cannot_be_given_a_label(task, exam):
    (exam / "own.py").write_text("def own(doc, results):\n    return {'acc': 1}\n", encoding="utf-8")
    with pytest.raises(TaskError, match="process_results computes scores from log-likelihoods"):
        check_choosable(task(process_results=Ref(str(exam), "own.own")).context)


def test_the_request_holds_prompt_labels_and_options():
    question = labelled_question("Which?", ["sun", "moon"])
    assert choice_ask(1, "the prompt", question, "text") == Ask(
        1, "choice", Choose("the prompt", ("A", "B"), ("sun", "moon"), "text")
    )
