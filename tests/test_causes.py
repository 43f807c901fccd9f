"""Errors of one cause are one error with a count; others stay as they are."""

from __future__ import annotations

import pytest

from proctor.causes import by_cause
from proctor.errors import Finding, TaskError


def test_a_mistake_of_four_hundred_files_is_one_error():
    errors = [
        Finding(f"task 'exam_{n}': there is no metric named 'accuracy'.", f"exam_{n}.yaml", 9, "Did you mean 'acc'?")
        for n in range(400)
    ]
    (one,) = by_cause(errors)
    assert one.message == "task 'exam_0' and 399 more tasks: there is no metric named 'accuracy'."
    assert (one.file, one.line) == ("exam_0.yaml", 9)
    assert one.hint is not None
    assert one.hint.splitlines()[0] == "Did you mean 'acc'?"
    assert one.hint.splitlines()[1] == (
        "  The same in 400 files: also exam_1.yaml:9, exam_2.yaml:9, exam_3.yaml:9 and 396 more."
    )
    assert str(TaskError(errors)).count("accuracy") == 1
    assert len(TaskError(errors).errors) == 400


def test_what_is_each_files_own_does_not_make_another_cause():
    errors = [
        Finding(f"The data set org/exam (part_{n}) of task 'exam_{n}' is not on this machine (document {n}).")
        for n in range(20)
    ] + [Finding(f"task 't{n}': /data/kr {n}.csv is empty.") for n in range(5)]
    assert len(by_cause(errors)) == 2


@pytest.mark.parametrize("number", [2, 5])
def test_what_several_files_say_alike_is_one_mistake(number):
    """A broken include, say: the error is that of a file that all of them name."""
    errors = [Finding("include: 'x.yaml' does not exist (/x.yaml).", f"{n}.yaml", 1) for n in range(number)]
    (one,) = by_cause(errors)
    assert one.message == f"include: 'x.yaml' does not exist (/x.yaml) (in {number} files)."
    assert one.hint == ("Also 1.yaml:1." if number == 2 else "Also 1.yaml:1, 2.yaml:1, 3.yaml:1 and 1 more.")


def test_documents_of_one_task_are_not_counted_as_tasks():
    errors = [Finding(f"task 'q': its answer is choice {n}. (document {n})", "q.yaml", 3, "Hint.") for n in range(5)]
    (one,) = by_cause(errors)
    assert one.message == "task 'q': its answer is choice 0. (document 0) (5 times)."
    assert one.hint == "Hint."
    (of_two,) = by_cause([*errors, Finding("task 'r': its answer is choice 1. (document 1)", "r.yaml", 3, "Hint.")])
    assert of_two.message.startswith("task 'q' and 1 more task: ")


def test_different_words_are_different_causes():
    errors = [Finding(f"task 'a': there is no key '{key}'.", "a.yaml", 1) for key in ("a", "b", "c", "d", "e")]
    assert by_cause(errors) == tuple(errors)


def test_a_few_are_shown_one_by_one():
    errors = [Finding("task 'a': x.", f"{n}.yaml", 1) for n in range(3)]
    assert by_cause([*errors, *errors]) == tuple(errors)
