"""Text files as people have them: old encodings, Excel's CSV, and what is said about how they were read."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from proctor.errors import DataError, TaskError
from proctor.tasks.sources.prepare import ReadOptions, prepare

ROWS = [{"q": "다음 중 옳은 것은 무엇인가?", "a": 1}, {"q": "한국의 수도는 서울이다.", "a": 0}]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
CSV = "q,a\n" + "".join(f"{row['q']},{row['a']}\n" for row in ROWS)
TEXT = "".join(f"{row['q']}\n" for row in ROWS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", LINES),
        ("x.json", json.dumps(ROWS, ensure_ascii=False)),
        ("x.csv", CSV),
        ("x.tsv", CSV.replace(",", "\t")),
        ("x.txt", TEXT),
    ],
)
def test_cp949_is_read_and_said(splits, write, name, content):
    file = write(name, content, "cp949")
    made = splits(name)
    expected = [{"text": row["q"]} for row in ROWS] if name == "x.txt" else ROWS
    assert list(made.documents("train")) == expected
    (note,) = made.notes
    assert f"{file} is not UTF-8; it is read as CP949" in note.message
    assert "encoding: cp949" in (note.hint or "")
    assert (Path(note.file or "").name, note.line) == ("sums.yaml", 2)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "euc-kr"])
@pytest.mark.parametrize(("builder", "content"), [("json", LINES), ("csv", CSV), ("text", TEXT)])
def test_what_is_read_is_utf_8_without_a_mark(write, encoding, builder, content):
    ready = prepare(str(write(f"x.{builder}", content, encoding)), ReadOptions(builder))
    assert Path(ready.path).read_bytes() == content.encode()
    assert len(ready.notes) == (encoding != "utf-8-sig")  # a mark says it, and there is nothing to mend


def test_utf_8_is_used_where_it_is(write):
    file = write("x.jsonl", LINES)
    assert prepare(str(file), ReadOptions("json")).path == str(file)


def test_a_folder_with_a_card_may_hold_an_old_encoding(splits, write):
    write(
        "set/README.md",
        "---\nconfigs:\n- config_name: easy\n  data_files:\n  - split: test\n    path: a/*.jsonl\n---\n",
    )
    write("set/a/one.jsonl", LINES, "cp949")
    write("set/a/two.jsonl", '{"q": "plain", "a": 3}\n')
    made = splits("./set", dataset_name="easy")
    assert list(made.documents("test")) == [*ROWS, {"q": "plain", "a": 3}]
    assert len(made.notes) == 1


def test_packed_files_are_looked_into(rows, write):
    write("x.jsonl.gz", gzip.compress(LINES.encode("cp949")))
    assert rows("x.jsonl.gz") == ROWS


def test_the_encoding_may_be_said(splits, write):
    write("x.csv", "q,a\nCafé à Paris,1\n", "cp1252")
    made = splits("x.csv", {"encoding": "cp1252"})
    assert list(made.documents("train")) == [{"q": "Café à Paris", "a": 1}]
    assert made.notes == []
    write("y.jsonl", LINES, "cp949")
    assert list(splits("json", {"data_files": "y.jsonl", "encoding": "cp949"}).documents("train")) == ROWS


def test_an_encoding_that_does_not_fit_or_does_not_exist(rows, write):
    write("x.csv", CSV)
    with pytest.raises(DataError, match=r"x.csv, line 2: the file is not ASCII text: byte 0x\w\w"):
        rows("x.csv", {"encoding": "ascii"})
    with pytest.raises(TaskError, match="there is no encoding 'cp99949'"):
        rows("x.csv", {"encoding": "cp99949"})


def test_what_cannot_be_told_names_file_line_and_remedy(rows, write):
    file = write("x.csv", "q,a\nÄpfel,1\n", "cp1252")
    with pytest.raises(DataError) as caught:
        rows("x.csv")
    assert f"Task 'sums': {file}, line 2: the file is not UTF-8 text: byte 0xc4" in caught.value.message
    assert "dataset_kwargs: {encoding: cp949}" in (caught.value.hint or "")
    assert "cp1252 (Western Europe)" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ('sep=;\r\nq;a\r\n"x;\r\n""y""";1\r\n', 0),
        ('q;a\r\n"x;\r\n""y""";1\r\n', 1),
        ('q\ta\r\n"x;\r\n""y"""\t1\r\n', 1),
        ('q,a\r\n"x;\r\n""y""",1\r\n', 0),
        ('\ufeffq;a\r\n"x;\r\n""y""";1\r\n\r\n', 1),
    ],
)
def test_excels_csv(splits, write, text, notes):
    write("x.csv", text)
    made = splits("x.csv")
    assert list(made.documents("train")) == [{"q": 'x;\r\n"y"', "a": 1}]
    assert len(made.notes) == notes


def test_a_separator_that_is_said_is_believed(rows, write):
    write("x.csv", "q;a\nx,y;1\n")
    assert rows("csv", {"data_files": "x.csv", "sep": ";"}) == [{"q": "x,y", "a": 1}]


def test_columns_of_one_name_are_a_note(splits, write):
    write("x.csv", "q,q,a\nx,y,1\n")
    made = splits("x.csv")
    assert list(made.documents("train")) == [{"q": "x", "q.1": "y", "a": 1}]
    assert "2 columns called 'q'" in made.notes[0].message


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", b"", "x.csv is empty"),
        ("x.jsonl", b"\n\n", "x.jsonl is empty"),
        ("x.json", b"\xef\xbb\xbf", "x.json is empty"),
        ("x.csv", b"q,a\n", "holds no row"),
        ("x.jsonl", b"null\n", "begins with a null row"),
        ("x.csv", b"PK\x03\x04xxxx", "is a ZIP archive.*\n.*must end in .xlsx"),
        ("x.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "older Excel"),
        ("x.csv", b'{"q": "a"}\n', "holds JSON, but is read as CSV"),
        ("x.jsonl.gz", b"not packed", "x.jsonl.gz cannot be read"),
    ],
)
def test_files_that_hold_something_else(rows, write, name, content, said):
    write(name, content)
    with pytest.raises(DataError, match=said):
        rows(name)


def test_an_archive_with_an_old_encoding_is_a_sentence(rows, tmp_path):
    (tmp_path / "set").mkdir()
    with zipfile.ZipFile(tmp_path / "set" / "x.zip", "w") as archive:
        archive.writestr("y.jsonl", LINES.encode("cp949"))
    with pytest.raises(DataError, match=r"y.jsonl within .*x.zip is not UTF-8 text.*\n.*Unpack"):
        rows("./set")
