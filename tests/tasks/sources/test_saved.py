"""Folders of save_to_disk: their splits under their own names, by path or with load_from_disk."""

from __future__ import annotations

import datasets
import pytest

from proctor.errors import DataError, TaskError


@pytest.fixture
def saved(tmp_path):
    one = datasets.Dataset.from_list([{"q": "a"}])
    one.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"dev": one, "test": one}).save_to_disk(tmp_path / "several")
    datasets.DatasetDict({"dev": one}).save_to_disk(tmp_path / "org" / "easy")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "more", "names"),
    [
        ("one", {}, ("train",)),
        ("./several", {}, ("dev", "test")),
        ("several", {"kwargs": {"load_from_disk": True}}, ("dev", "test")),
        ("./org", {"dataset_name": "easy"}, ("dev",)),
    ],
)
def test_splits_have_their_own_names(splits, saved, path, more, names):
    made = splits(path, **more)
    assert made.names == names
    assert list(made.documents(names[0])) == [{"q": "a"}]


def test_what_was_saved_anew_is_read_anew(splits, saved):
    assert len(splits("one").documents("train")) == 1
    datasets.Dataset.from_list([{"q": "a"}, {"q": "b"}]).save_to_disk(saved / "one")
    assert len(splits("one").documents("train")) == 2


@pytest.mark.parametrize(
    ("path", "more", "said"),
    [
        ("./several", {"kwargs": {"data_files": "x.json"}}, "leaves no choice of data_files"),
        ("./several", {"dataset_name": "hard"}, "has no configurations, so no 'hard'"),
        (".", {"kwargs": {"load_from_disk": True}}, "no folder that save_to_disk wrote"),
    ],
)
def test_keys_that_do_not_fit(splits, saved, path, more, said):
    with pytest.raises(TaskError, match=said):
        _ = splits(path, **more).names


def test_a_damaged_folder_is_a_sentence(splits, saved):
    (saved / "one" / "state.json").write_text("{")
    with pytest.raises(DataError, match=r"The data set saved in .*one cannot be read"):
        _ = splits("./one").names
