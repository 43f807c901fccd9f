"""Samples as Parquet are, read again, what they were: values of every kind, and columns for other programs."""

from __future__ import annotations

import builtins
import json
import math

import pytest
from stored_runs import choice_line, text_line

from proctor.errors import DataError, MissingExtraError
from proctor.results.parquet_samples import check_pyarrow, read_parquet_samples, write_parquet_samples

ODD = [
    {"doc_id": 0, "a": 1.0, "b": "text", "c": [1, {"x": None}], "d": 1, "e": None},
    {"doc_id": 1, "a": math.inf, "b": "", "c": [], "d": True, "e": None},
    {"doc_id": 2, "a": 1, "b": "half \ud800 pair", "c": "as text", "d": 2**70},
    {"doc_id": -3, "a": None, "b": None, "c": None, "new": {"deep": [[["서울"]]]}, "rest": "a key of that name"},
    {"doc_id": 4},
    {"doc_id": "no number", "a": "1.0", "b": 7, "rest": {"x": 1}},
    {"doc_id": 5, "b": "NUL \x00 and \u2028", "d": -(2**63), "e": False},
]


def again(lines, file):
    write_parquet_samples(lines, file)
    return list(read_parquet_samples(file))


@pytest.mark.parametrize("order", [1, -1])
def test_nothing_is_lost(tmp_path, order):
    lines = ODD[::order]
    found = again(lines, tmp_path / "s.parquet")
    assert found == lines
    # 1 == 1.0 == True for Python, and not for JSON.
    assert [json.dumps(one, sort_keys=True) for one in found] == [json.dumps(one, sort_keys=True) for one in lines]


def test_what_comes_late_is_not_lost_either(tmp_path):
    lines = [choice_line(i, [-1.0, -2, -3, -4], 0) for i in range(2_500)]
    lines[2_000] |= {"acc": "late text", "other": 1}
    assert again(lines, tmp_path / "s.parquet") == lines


def test_numbers_that_are_none_stay_so(tmp_path):
    (found,) = again([{"doc_id": 0, "acc": math.nan}], tmp_path / "s.parquet")
    assert math.isnan(found["acc"])


def test_no_samples_are_no_samples(tmp_path):
    assert again([], tmp_path / "s.parquet") == []


def test_other_programs_find_scores_as_numbers_and_names_as_texts(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_parquet_samples([text_line(i, "a text", "4", 1.0) for i in range(3)], tmp_path / "s.parquet")
    table = parquet.read_table(tmp_path / "s.parquet")
    kinds = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert (kinds["exact_match"], kinds["doc_id"], kinds["doc_hash"], kinds["filter"]) == (
        *("double", "int64", "string", "string"),
    )
    assert table.column("exact_match").to_pylist() == [1.0] * 3
    assert json.loads(table.column("doc")[0].as_py()) == {"question": "Sum 0?"}


def test_another_table_and_a_damaged_file_are_sentences(tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pa.table({"doc_id": [1]}), tmp_path / "table.parquet")
    with pytest.raises(DataError, match="is a table, and no samples file"):
        list(read_parquet_samples(tmp_path / "table.parquet"))
    write_parquet_samples(ODD, tmp_path / "s.parquet")
    (tmp_path / "half.parquet").write_bytes((tmp_path / "s.parquet").read_bytes()[:-40])
    with pytest.raises(DataError, match=r"cannot be read: .*[^.]\.$"):
        list(read_parquet_samples(tmp_path / "half.parquet"))


def test_without_pyarrow_there_is_a_sentence_with_the_remedy(tmp_path, monkeypatch):
    real = builtins.__import__

    def missing(name, *rest):
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    for act in (check_pyarrow, lambda: list(read_parquet_samples(tmp_path / "s.parquet"))):
        with pytest.raises(MissingExtraError, match="needs the package 'pyarrow'") as caught:
            act()
        assert "pip install pyarrow" in (caught.value.hint or "")
