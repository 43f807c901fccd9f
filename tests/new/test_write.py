"""Names and files of new tasks."""

from pathlib import Path

import pytest

from proctor.errors import OutputError, UsageError
from proctor.new.write import folder_and_name, refuse_existing, write_files


def test_the_last_part_of_a_path_is_the_name():
    assert folder_and_name("exams/한국사") == (Path("exams/한국사"), "한국사")
    for name in ("a b", "", "7", "x,y", "exam.yaml", "*"):
        with pytest.raises(UsageError, match="cannot be the name"):
            folder_and_name(f"exams/{name}" if name else "/")


def test_nothing_is_written_over(tmp_path):
    refuse_existing(tmp_path)
    refuse_existing(tmp_path / "new")
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError, match="is there already"):
            refuse_existing(path)


def test_files_are_written_whole(tmp_path):
    write_files(tmp_path / "t", {"a/b.txt": "가\n", "c.txt": "x"}, kept=["c.txt"])
    assert (tmp_path / "t/a/b.txt").read_bytes() == "가\n".encode()
    assert not (tmp_path / "t/c.txt").exists()
    write_files(tmp_path / "t", {}, gone=["a/b.txt"])
    assert not (tmp_path / "t/a/b.txt").exists()
    with pytest.raises(OutputError, match="cannot be written"):
        write_files(tmp_path / "t", {"a/b.txt/c": "x", "a/b.txt": "y"})


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(OutputError, match=r"c\.txt cannot be written"):
        write_files(tmp_path / "t", {"a/b.txt": "x", "c.txt": "\ud800"})
    assert list(tmp_path.iterdir()) == []
    write_files(tmp_path / "t", {"a.txt": "old", "b.txt": "old"})
    with pytest.raises(OutputError):
        write_files(tmp_path / "t", {"a.txt": "new", "b.txt": "\ud800"})
    assert [path.read_text() for path in sorted((tmp_path / "t").iterdir())] == ["old", "old"]
