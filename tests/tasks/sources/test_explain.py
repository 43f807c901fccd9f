"""What datasets complains of, as a sentence with a place and a remedy."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, TaskError
from proctor.tasks.sources.explain import AbsentDataError, explain

from .conftest import LINES


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


@pytest.mark.parametrize("key", ["data_file", "data_fiels", "datafiles"])
def test_a_key_that_nobody_takes(rows, write, key):
    write("exam.jsonl", LINES)
    with pytest.raises(
        TaskError, match=rf"sums.yaml:3: .*dataset_kwargs has no key '{key}'\.\n  Did you mean .data_files"
    ):
        rows("json", {key: "exam.jsonl"})


# datasets leaves a CSV open whose reading fails.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_data_set_of_the_hub_names_no_type_of_exception(spec):
    error = explain(spec(), "org/exam", TypeError("Couldn't cast array of type\nstring\nto\nList(Value('int64'))"))
    assert error.message == (
        "The columns of the data set org/exam of task 'sums' are not of one type in all its files: "
        "Couldn't cast array of type string to List(Value('int64'))"
    )


def named(kind: str, text: str) -> Exception:
    """An exception as a package raises it: only its name and text are known."""
    return type(kind, (Exception,), {})(text)


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (named("ValueError", "BuilderConfig 'x' not found."), TaskError, "has no configuration 'main'. BuilderConfig"),
        (named("GatedRepoError", "no"), DataError, "The data set org/exam (main) of task 'sums' is gated or private."),
        (named("HfHubHTTPError", "401 Client Error"), DataError, "is gated or private."),
        (named("ConnectionError", "no route"), AbsentDataError, "of task 'sums' is not on this machine and the hub"),
        (named("DatasetNotFoundError", "gone"), TaskError, "org/exam (main) does not exist or holds no data: gone"),
        (named("RuntimeError", "Dataset scripts are no longer supported"), DataError, "'sums' is a script, which"),
        (named("StopIteration", ""), DataError, "The data set org/exam (main) of task 'sums' holds no row."),
        (named("OSError", "disk on fire"), DataError, "cannot be loaded: OSError: disk on fire"),
    ],
)
def test_each_failure_has_its_sentence(spec, error, kind, sentence):
    found = explain(spec(dataset_name="main"), "org/exam", error)
    assert type(found) is kind
    assert sentence in str(found)


def test_the_cause_is_named_and_not_what_wraps_it(spec):
    error = named("DatasetGenerationError", "An error occurred while generating the dataset")
    error.__cause__ = ValueError("row 5 is odd")
    assert "cannot be loaded: ValueError: row 5 is odd" in str(explain(spec(), "org/exam", error))


def test_absent_data_are_those_of_each_task_that_needs_them():
    one = AbsentDataError("a", "org/exam", "main", "the hub cannot be reached")
    other = one.of("b", None)
    assert (
        one.message == "The data set org/exam (main) of task 'a' is not on this machine and the hub cannot be reached."
    )
    assert other.message == "The data set org/exam of task 'b' is not on this machine and the hub cannot be reached."


NAMES = [f"c{number}" for number in range(20)]


@pytest.mark.parametrize(
    ("keys", "text", "message", "hint"),
    [
        ({"dataset_name": "c30"}, f"BuilderConfig 'c30' not found. Available: {NAMES}", "'c30'.", "Did you mean 'c3'"),
        (
            {"dataset_name": "easy"},
            f"BuilderConfig 'easy' not found. Available: {NAMES}",
            "the data set org/exam has no configuration 'easy'.",
            "It has c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 and 8 more.",
        ),
        (
            {},
            f"Config name is missing.\nPlease pick one among the available configs: {NAMES[:2]}\nExample of usage: ...",
            "the data set org/exam has 2 configurations: c0, c1.",
            "dataset_name: NAME takes one of them.",
        ),
    ],
)
def test_a_missing_configuration_is_named_with_the_closest_ones(spec, keys, text, message, hint):
    error = explain(spec(**keys), "org/exam", ValueError(text))
    assert isinstance(error, TaskError)
    assert error.errors[0].message.endswith(message)
    assert (error.errors[0].hint or "").startswith(hint)
