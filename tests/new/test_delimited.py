"""Text files of rows: encodings, separators, quotes, lines."""

import pytest

from proctor.errors import DataError, UsageError
from proctor.new.delimited import read_delimited, read_text


def written(tmp_path, text, encoding="utf-8", name="t.csv"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_that_which_splits_all_rows_alike(tmp_path, separator):
    text = separator.join(("q", "a", "b")) + "\n" + separator.join(("x, y; z", "1", "2")) + "\n"
    if separator in ",;":
        text = text.replace("x, y; z", '"x, y; z"')
    lines = read_delimited(written(tmp_path, text))
    assert [row.cells for row in lines.rows] == [("q", "a", "b"), ("x, y; z", "1", "2")]


def test_rows_begin_on_their_own_line_and_blank_ones_are_left_out(tmp_path):
    lines = read_delimited(written(tmp_path, 'q,a\n"one\ntwo",b\n,\n\nlast,c\n'))
    assert [(row.number, row.cells[0]) for row in lines.rows] == [(1, "q"), (2, "one\ntwo"), (6, "last")]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", ()), ("utf-8-sig", ("read as UTF-8 with a byte order mark",)), ("utf-16", ("read as UTF-16",)),
     ("cp949", ("read as CP949 (Korean Windows)",))],
)  # fmt: skip
def test_the_encoding_is_decided_over_the_whole_file_and_said(tmp_path, encoding, note):
    path = written(tmp_path, "질문,정답\n" + "대한민국의 수도는 어디인가?,서울\n" * 3, encoding)
    assert read_text(path)[1] == note
    assert read_delimited(path).rows[1].cells == ("대한민국의 수도는 어디인가?", "서울")


def test_an_encoding_that_is_named_is_believed_or_refused(tmp_path):
    path = written(tmp_path, "q,a\nStraße,1\n", "cp1252")
    with pytest.raises(DataError, match="line 2: it is not UTF-8") as caught:
        read_delimited(path)
    assert "--encoding" in str(caught.value)
    assert read_delimited(path, "cp1252").rows[1].cells[0] == "Straße"
    with pytest.raises(UsageError, match="there is no such encoding"):
        read_delimited(path, "latin-99")
    with pytest.raises(DataError, match="is not CP949"):
        read_delimited(written(tmp_path, "q,a\n\xff,1\n", "latin-1", "u.csv"), "cp949")


@pytest.mark.parametrize(
    ("text", "message"),
    [('q,a\n"x,1\ny,2\n', "line 2: a quote is opened that nothing closes"),
     ('q,a\nx,1\n"y"z,2\n', "line 3: a quote closes in mid-cell"),
     ("", "holds nothing"), ("q\nx\n", "has one column")],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_with_its_line(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_delimited(written(tmp_path, text))
