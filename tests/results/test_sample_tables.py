"""Tables of samples in files: what is read back is what was written, and no text becomes a formula."""

import csv
import io
import json
import time
import zipfile

import pytest

from proctor.errors import OutputError, UsageError
from proctor.results.sample_tables import FORMATS, write_table

COLUMNS = {"model": "text", "doc_id": "integer", "p": "number", "options": "texts", "gold": "integers"}
ROWS = [
    {"model": "모델, \"m\"\n", "doc_id": 0, "p": -0.5, "options": ["가", "=b"], "gold": [0, 1]},
    {"model": "=1+1", "doc_id": 1, "p": None, "options": None, "gold": []},
    {"model": "@x \ud800\x00", "doc_id": 2},
]  # fmt: skip


def written(tmp_path, name, **flags):
    path = tmp_path / name
    assert write_table(str(path), COLUMNS, iter(ROWS), **flags) == 3
    assert [file.name for file in tmp_path.iterdir()] == [name]
    return path


def test_csv_quotes_formulas_and_keeps_numbers(tmp_path):
    with written(tmp_path, "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"model": '모델, "m"\n', "doc_id": "0", "p": "-0.5", "options": '["가", "=b"]', "gold": "[0, 1]"}
    assert rows[1]["model"] == "'=1+1"
    assert rows[2]["model"].startswith("'@x \\ud800")


def test_csv_for_excel_begins_with_a_mark(tmp_path):
    assert written(tmp_path, "t.csv", excel=True).read_bytes().startswith(b"\xef\xbb\xbfmodel,")
    with pytest.raises(UsageError, match=r"for \.csv alone"):
        write_table(str(tmp_path / "t.jsonl"), COLUMNS, iter(()), excel=True)


def test_json_lines_keep_types(tmp_path):
    lines = [json.loads(line) for line in written(tmp_path, "t.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0] == ROWS[0]
    assert lines[1] == {"model": "=1+1", "doc_id": 1, "p": None, "options": None, "gold": []}


def test_parquet_keeps_types(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = parquet.read_table(written(tmp_path, "t.parquet")).to_pylist()
    assert rows[0] == ROWS[0]
    assert rows[2]["options"] is None


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.xlsx", "t.parquet"])
def test_the_same_rows_are_the_same_bytes_at_another_time(tmp_path, name, monkeypatch):
    pytest.importorskip("openpyxl")
    first = written(tmp_path, name).read_bytes()
    later = time.time() + 1_000_000
    monkeypatch.setattr(time, "time", lambda: later)
    (tmp_path / name).unlink()
    assert written(tmp_path, name).read_bytes() == first
    if name == "t.xlsx":
        with zipfile.ZipFile(io.BytesIO(first)) as archive:
            assert {member.date_time[0] for member in archive.infolist()} == {1980}
            assert archive.read("docProps/core.xml").count(b">1980-01-01T00:00:00Z<") == 2


def test_a_workbook_has_texts_and_no_formula(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    sheet = openpyxl.load_workbook(written(tmp_path, "t.xlsx")).active
    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert (sheet["A3"].value, sheet["A3"].data_type) == ("=1+1", "s")
    assert sheet["C2"].value == -0.5
    assert sheet["A4"].value == "@x \ufffd\ufffd"


def test_a_format_that_is_not_written_and_a_place_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"--output .*: no such format") as caught:
        write_table(str(tmp_path / "t.ods"), COLUMNS, iter(()))
    assert all(suffix in str(caught.value) for suffix in FORMATS)
    with pytest.raises(OutputError, match="cannot be written"):
        write_table(str(tmp_path / "none" / "t.csv"), COLUMNS, iter(()))
    assert not (tmp_path / "none").exists()


def test_nothing_is_left_of_a_table_that_fails(tmp_path):
    def rows():
        yield ROWS[0]
        raise UsageError("broken")

    (tmp_path / "t.csv").write_text("before")
    with pytest.raises(UsageError, match="broken"):
        write_table(str(tmp_path / "t.csv"), COLUMNS, rows())
    assert (tmp_path / "t.csv").read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1
