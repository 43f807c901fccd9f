"""What a source may be."""

import pytest

from proctor.errors import DataError, UsageError
from proctor.new.request import NewTaskRequest, request_of
from proctor.new.sources import read_source, subject_and_split

TABLE = "question,A,B,answer\nWhich is hot?,ice,fire,B\nWhich is cold?,ice,fire,A\n"


def source(path, **flags):
    return read_source(request_of({"name": "exam", "source": str(path), **flags}))


def test_a_file_is_a_table_with_its_digest(tmp_path):
    (tmp_path / "exam.csv").write_text(TABLE)
    found = source(tmp_path / "exam.csv")
    assert len(found.tables[0].rows) == 2
    assert (found.files[0].path, len(found.files[0].sha256)) == (str(tmp_path / "exam.csv"), 64)


def test_a_folder_has_a_subject_a_file_and_splits_by_name(tmp_path):
    for name in ("한국사.csv", "한국사_dev.csv", "science-test.tsv", "notes.md", ".hidden.csv"):
        (tmp_path / name).write_text(TABLE.replace(",", "\t") if name.endswith("tsv") else TABLE)
    tables = source(tmp_path).tables
    assert [(table.subject, table.split) for table in tables] == [
        ("science", "test"),
        ("한국사", None),
        ("한국사", "dev"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", ("a", None)), ("a_dev.csv", ("a", "dev")), ("a b-val.csv", ("a b", "validation")),
        ("dev.csv", ("", "dev")),
        ("dev/history.csv", ("history", "dev")), ("latest.csv", ("latest", None)),
        ("korean/history_test.csv", ("korean_history", "test")),
    ],
)  # fmt: skip
def test_what_a_name_says(name, expected):
    assert subject_and_split(name) == expected


def test_what_is_not_there_or_not_read_is_said(tmp_path):
    (tmp_path / "exam.csv").write_text(TABLE)
    with pytest.raises(UsageError, match="There is no file") as caught:
        source(tmp_path / "exm.csv")
    assert "exam.csv" in str(caught.value)
    (tmp_path / "old.xls").write_bytes(b"x")
    with pytest.raises(DataError, match="Excel's format of before 2007"):
        source(tmp_path / "old.xls")
    (tmp_path / "exam.dat").write_text("x")
    with pytest.raises(DataError, match=r"ends in \.dat is not read") as caught:
        source(tmp_path / "exam.dat")
    assert ".csv" in str(caught.value)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no table"):
        source(tmp_path / "empty")
    (tmp_path / "head.csv").write_text("question,A,B,answer\n")
    with pytest.raises(DataError, match="a header and no row"):
        source(tmp_path / "head.csv")


def test_a_request_is_all_that_is_needed(tmp_path):
    (tmp_path / "exam.csv").write_text(TABLE)
    assert read_source(NewTaskRequest("exam", str(tmp_path / "exam.csv"))).tables[0].columns == (
        "question",
        "A",
        "B",
        "answer",
    )
