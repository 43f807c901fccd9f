"""Files with holes: bytes that were never written, a terabyte of them perhaps."""

from __future__ import annotations

import os

import pytest

from proctor.errors import DataError
from proctor.files import first_hole
from proctor.tasks.sources.unreadable import refuse_special_files


def sparse(path, size):
    with path.open("ab") as file:
        file.truncate(size)
    if first_hole(path) is None:
        pytest.skip("this file system knows no holes")


@pytest.mark.parametrize("name", ["d.jsonl", "d.csv", "d.txt", "d.parquet", "d.json"])
def test_a_terabyte_that_was_never_written_is_refused_unread(rows, tmp_path, name):
    sparse(tmp_path / name, 1 << 40)
    builder = {"jsonl": "json", "txt": "text"}.get(name[2:], name[2:])
    for path, kwargs in ((f"./{name}", None), (builder, {"data_files": name})):
        with pytest.raises(DataError, match="holds nothing: all of it was never written"):
            rows(path, kwargs)


def test_a_file_whose_end_is_missing_says_from_where(rows, tmp_path):
    (tmp_path / "d.jsonl").write_text('{"q": "a"}\n' * 2000)
    whole = os.path.getsize(tmp_path / "d.jsonl")
    sparse(tmp_path / "d.jsonl", 1 << 40)
    with pytest.raises(DataError, match=r"is not whole: from byte [0-9,]+ on it was never written"):
        rows("json", {"data_files": "d.jsonl"})
    assert whole <= first_hole(tmp_path / "d.jsonl") < whole + (1 << 20)


def test_a_pipe_is_refused_however_deep_it_is_named(spec, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("x")
    fine = {"train": [str(tmp_path / "file"), str(tmp_path), "no/such", None], "n": 5}
    refuse_special_files(spec(), fine)
    with pytest.raises(DataError, match=r"'sums' cannot be read: .*pipe is a pipe"):
        refuse_special_files(spec(), {**fine, "test": (str(tmp_path / "pipe"),)})
