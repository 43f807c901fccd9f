"""Whatever a class of a task file raises is a sentence; what is ours or the user's stays as it is."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, TaskError
from proctor.tasks.class_errors import errors_of_class


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("x"), "task 'sums': its class failed: KeyError: 'x'"),
        (ZeroDivisionError("by zero"), "its class failed: ZeroDivisionError: by zero"),
        (SystemExit(3), "task 'sums': its class "),
    ],
)
def test_an_exception_of_the_class_is_a_sentence(spec, error, said):
    with pytest.raises(TaskError) as caught, errors_of_class(spec()):
        raise error
    assert said in str(caught.value)
    assert caught.value.errors[0].file == spec().file
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("error", [DataError("no documents"), KeyboardInterrupt()])
def test_errors_of_ours_and_the_keyboard_pass_through(spec, error):
    with pytest.raises(type(error)) as caught, errors_of_class(spec()):
        raise error
    assert caught.value is error


def test_a_package_that_is_missing_is_named_with_the_way_to_get_it(spec):
    with pytest.raises(TaskError) as caught, errors_of_class(spec()):
        raise ModuleNotFoundError("No module named 'nltk'", name="nltk")
    assert "nltk" in (caught.value.errors[0].hint or "")


def test_without_an_error_nothing_happens(spec):
    with errors_of_class(spec(), {"question": "x"}):
        pass
