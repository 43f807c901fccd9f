"""Data of this machine that were read before are read without ``datasets``, and are the same rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.tasks.data import Documents, Splits
from proctor.tasks.index import build_index
from proctor.tasks.select import select
from proctor.tasks.sources.rows import ArrowRows, _rows_of
from proctor.tasks.suite import build_suite

ROWS = [
    {"question": "1 + 1?", "choices": ["1", "2", None], "answer": 1, "share": 0.5, "meta": {"unit": "점", "tags": []}},
    {"question": "", "choices": [], "answer": -1, "share": None, "meta": {"unit": None, "tags": ["a"]}},
    {"question": "2 + 1?", "choices": ["3"], "answer": 0, "share": 1.0, "meta": {"unit": "x", "tags": ["b", "c"]}},
]
TASK = """\
task: exam
dataset_path: json
dataset_kwargs: {data_files: {test: exam.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: [a, b]
doc_to_target: answer
"""


@pytest.fixture
def exam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "exam"
    folder.mkdir()
    write(folder / "exam.jsonl", ROWS)
    (folder / "exam.yaml").write_text(TASK, encoding="utf-8")
    return folder


def write(file: Path, rows: list[dict[str, Any]]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    old = file.stat().st_mtime_ns
    os.utime(file, ns=(old, old))


def splits(folder: Path) -> Splits:
    nodes = select(build_index([str(folder)]), ["exam"]).nodes
    return Splits(build_suite(nodes, {}).tasks[0])


def test_rows_are_those_of_datasets_the_first_time_and_the_second(exam: Path) -> None:
    first = Documents(datasets.load_dataset("json", data_files={"test": str(exam / "exam.jsonl")}, split="test"))
    assert isinstance(splits(exam).documents("test")._rows, ArrowRows)
    second = splits(exam).documents("test")
    assert isinstance(second._rows, ArrowRows)
    assert list(second) == list(first) == ROWS
    assert second.columns == first.columns
    assert len(second) == 3
    assert [second[0], second[2], second[-1]] == [ROWS[0], ROWS[2], ROWS[2]]
    assert second[1:] == first[1:]
    for indices in (range(3), range(1, 3), [2, 0], range(0, 3, 2), range(0)):
        assert second.pick(indices) == first.pick(indices)
    with pytest.raises(IndexError):
        second[3]


TEXTS = st.none() | st.text(max_size=5)
KINDS = {
    "text": (pyarrow.string(), TEXTS),
    "long text": (pyarrow.large_string(), TEXTS),
    "number": (pyarrow.int64(), st.none() | st.integers(-5, 5)),
    "half": (pyarrow.int32(), st.integers(-5, 5)),
    "share": (pyarrow.float64(), st.none() | st.floats()),
    "flag": (pyarrow.bool_(), st.none() | st.booleans()),
    "texts": (pyarrow.list_(pyarrow.string()), st.none() | st.lists(TEXTS, max_size=3)),
    "numbers": (pyarrow.list_(pyarrow.list_(pyarrow.int64())), st.lists(st.lists(st.integers(0, 9), max_size=2))),
    "object": (pyarrow.struct([("a", pyarrow.string())]), st.fixed_dictionaries({"a": TEXTS})),
}


@given(st.data())
def test_cells_are_read_as_pyarrow_reads_them(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.fixed_dictionaries({name: cells for name, (_, cells) in KINDS.items()}), max_size=6))
    schema = pyarrow.schema([(name, kind) for name, (kind, _) in KINDS.items()])
    table = pyarrow.Table.from_pylist(rows, schema)
    # Several pieces, of which some begin within an array.
    whole = pyarrow.concat_tables([table.slice(1), table, table.slice(2, 2)])
    some = whole.slice(data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole))))
    assert repr(_rows_of(some)) == repr(some.to_pylist())  # by repr: NaN is not equal to itself


def test_process_docs_gets_a_data_set(exam: Path) -> None:
    def process_docs(rows: Any) -> Any:
        return rows.filter(lambda row: row["answer"] >= 0).map(lambda row: {"more": row["answer"] + 1})

    first = list(splits(exam).documents("test", process_docs))
    again = splits(exam)
    assert list(again.documents("test", process_docs)) == first
    assert isinstance(again.documents("test")._rows, ArrowRows)
    assert [row["more"] for row in first] == [2, 1]


def test_process_docs_draws_no_bars_over_the_display(exam: Path, capfd: pytest.CaptureFixture[str]) -> None:
    list(splits(exam).documents("test"))
    datasets.enable_progress_bars()
    mark = os.urandom(4).hex()  # another function each time: datasets keeps what an equal one made
    list(splits(exam).documents("test", lambda rows: rows.map(lambda row: {"mark": mark})))
    assert "Map" not in capfd.readouterr().err


def test_a_changed_file_is_read_anew(exam: Path) -> None:
    splits(exam).documents("test")
    write(exam / "exam.jsonl", ROWS[:1] * 2)
    assert list(splits(exam).documents("test")) == ROWS[:1] * 2
    assert list(splits(exam).documents("test")) == ROWS[:1] * 2


def test_other_arguments_are_another_data_set(exam: Path) -> None:
    splits(exam).documents("test")
    task = exam / "exam.yaml"
    task.write_text(TASK.replace("exam.jsonl}", "'*.jsonl'}"), encoding="utf-8")
    write(exam / "more.jsonl", ROWS[:1])
    assert len(splits(exam).documents("test")) == 4


@pytest.mark.parametrize("harm", ["gone", "cut", "note"])
def test_a_harmed_cache_is_not_read(exam: Path, harm: str) -> None:
    splits(exam).documents("test")
    rows = splits(exam).documents("test")._rows
    assert isinstance(rows, ArrowRows)
    if harm == "note":
        for note in (exam.parent / "cache").rglob("rows/*.json"):
            note.write_text('{"test": 5}')
    else:
        for file in map(Path, rows._files):
            file.unlink()
            if harm == "cut":
                file.write_bytes(b"")
    assert list(splits(exam).documents("test")) == ROWS


def test_what_datasets_decodes_is_left_to_it(exam: Path) -> None:
    mixed = [{"question": "q", "answer": 0}, {"question": {"deep": 1}, "answer": 1}]
    write(exam / "exam.jsonl", mixed)
    try:
        first = list(splits(exam).documents("test"))
    except Exception:
        pytest.skip("this version of datasets reads no mixed columns")
    assert list(splits(exam).documents("test")) == first


@pytest.mark.slow
def test_neither_datasets_nor_pandas_is_imported(exam: Path) -> None:
    changed = (exam / "exam.jsonl").stat().st_ctime
    while time.time() - changed < 2.1:
        # A younger file is known by its content.
        time.sleep(0.1)
    splits(exam).documents("test")
    code = (
        "import sys\nfrom proctor.cli.main import main\n"
        f"run = ['run', '--model', 'dummy', '--tasks', 'exam', '--include_path', {str(exam)!r}, '--no_store']\n"
        "status = main(run)\n"
        "print([name for name in ('datasets', 'pandas', 'torch', 'transformers') if name in sys.modules])\n"
        "raise SystemExit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
