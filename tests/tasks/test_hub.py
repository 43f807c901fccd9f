"""Data sets that several tasks share are read once, and read anew when they have changed."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import datasets
import pytest

from proctor.errors import TaskError
from proctor.tasks.hub import cache_of_a_folder, load_dataset
from proctor.tasks.sources.explain import AbsentDataError
from proctor.tasks.sources.load import load_splits
from proctor.tasks.spec import TaskSpec


@pytest.fixture
def exam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set in a folder of the working directory, laid out like a hub's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("proctor.tasks.sources.stamps._YOUNG_NS", 0)  # so that time may pass between two loads
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "me" / "exam" / "test.jsonl", "a", "b")
    return tmp_path / "me" / "exam"


def write(file: Path, *questions: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps({"question": text}) + "\n" for text in questions), encoding="utf-8")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """One entry for every time that ``datasets`` is asked."""
    asked: list[Any] = []
    original = datasets.load_dataset

    def counted(*args: Any, **kwargs: Any) -> Any:
        asked.append(kwargs)
        return original(*args, **kwargs)

    monkeypatch.setattr(datasets, "load_dataset", counted)
    return asked


def test_one_configuration_is_read_once(exam: Path, reads: list[Any]) -> None:
    first, second = load_dataset("me/exam", None), load_dataset("me/exam", None)
    assert first["test"]["question"][:] == second["test"]["question"][:] == ["a", "b"]
    assert len(reads) == 1


def test_what_one_task_does_to_its_data_is_not_the_next_ones(exam: Path, reads: list[Any]) -> None:
    first = load_dataset("me/exam", None)
    first["test"].set_format("numpy")
    first["more"] = first["test"]
    second = load_dataset("me/exam", None)
    assert second["test"].format["type"] is None
    assert list(second) == ["test"]


def test_an_edited_data_set_is_read_anew(exam: Path) -> None:
    assert len(load_dataset("me/exam", None)["test"]) == 2
    write(exam / "test.jsonl", "a", "b", "c")
    assert load_dataset("me/exam", None)["test"]["question"][:] == ["a", "b", "c"]
    write(exam / "train.jsonl", "d")
    assert set(load_dataset("me/exam", None)) == {"train", "test"}


def test_an_edited_file_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "rows.jsonl"
    write(file, "a")
    assert load_dataset("json", None, data_files={"test": str(file)})["test"]["question"][:] == ["a"]
    write(file, "a", "b")
    assert load_dataset("json", None, data_files={"test": str(file)})["test"]["question"][:] == ["a", "b"]


def test_the_working_directory_tells_equal_names_apart(exam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = exam.parents[1] / "elsewhere"
    write(elsewhere / "me" / "exam" / "test.jsonl", "z")
    load_dataset("me/exam", None)
    monkeypatch.chdir(elsewhere)
    assert load_dataset("me/exam", None)["test"]["question"][:] == ["z"]


def test_one_split_alone_is_given_as_it_is(exam: Path) -> None:
    for _ in range(2):
        assert isinstance(load_dataset("me/exam", None, split="test"), datasets.Dataset)


def test_a_link_to_nowhere_is_no_obstacle(exam: Path) -> None:
    (exam / "notes.txt").symlink_to(exam / "gone.txt")
    assert len(load_dataset("me/exam", None)["test"]) == 2


@pytest.fixture
def gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Data keys of a folder that another program read with ``datasets``, and that is gone since."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "exam" / "test.jsonl", "a", "b")
    datasets.load_dataset("exam", cache_dir=str(tmp_path / "cache"))
    (tmp_path / "exam").rename(tmp_path / "put_away")
    return {"dataset_kwargs": {"cache_dir": str(tmp_path / "cache")}, "fewshot_split": None}


def test_the_cache_does_not_answer_for_a_folder_that_is_gone(
    gone: dict[str, Any], spec: Callable[..., TaskSpec], caplog: pytest.LogCaptureFixture
) -> None:
    task = spec(dataset_path="exam", **gone)
    with pytest.raises(TaskError, match="the folder 'exam' is not there"):
        load_splits(task)
    assert len(load_splits(dataclasses.replace(task, strict=True))["test"]) == 2
    assert "the folder 'exam' is not there" in caplog.text


def test_nor_for_a_name_whose_last_part_is_that_folder_s(gone: dict[str, Any], spec: Callable[..., TaskSpec]) -> None:
    with pytest.raises(AbsentDataError):
        load_splits(spec(dataset_path="you/exam", **gone))


def test_what_the_cache_has_of_the_hub_is_taken() -> None:
    rows = datasets.Dataset.from_dict({"question": ["a"]})
    commit = SimpleNamespace(cache_files=[{"filename": f"/cache/exam/default/0.0.0/{'5' * 40}/exam-test.arrow"}])
    folder = SimpleNamespace(cache_files=[{"filename": f"/cache/exam/default/0.0.0/{'5' * 16}/exam-test.arrow"}])
    assert cache_of_a_folder("exam", {"test": commit, "dev": rows}) is None
    assert cache_of_a_folder("exam", {"test": commit, "dev": folder}) == f"/cache/exam/default/0.0.0/{'5' * 16}"
