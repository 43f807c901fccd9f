"""Files that hold more, less or something else than a table of texts."""

import json
import unicodedata

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from proctor.errors import DataError
from proctor.new.plan import plan_task
from proctor.new.request import request_of


def planned(path, **flags):
    return plan_task(request_of({"name": "x", "source": str(path), **flags}))


def options(plan):
    return [document.options for document in plan.evaluated]


def written(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(columns), path)
    return path


def test_parquet_has_maps_and_texts_as_bytes(tmp_path):
    maps = pa.array([[("B", "b"), ("A", "a")], [("A", "c"), ("B", "d")]], pa.map_(pa.string(), pa.string()))
    plan = planned(written(tmp_path / "m.parquet", question=["What?", "Who?"], choices=maps, answer=["A", "B"]))
    assert [document.options[document.golds[0]] for document in plan.evaluated] == ["a", "d"]
    plan = planned(written(tmp_path / "b.parquet", question=[b"What?"], A=[b"\xea\xb0\x80"], B=[b"y"], answer=[b"A"]))
    assert options(plan) == [("가", "y")]
    with pytest.raises(DataError, match="holds bytes that are no text in UTF-8"):
        planned(written(tmp_path / "b.parquet", question=[b"What?"], A=[b"\xff"], B=[b"y"], answer=[b"A"]))


def test_the_folder_of_a_data_set_of_the_hub_has_splits_in_shards(tmp_path):
    for split, shard in (("test", 0), ("test", 1), ("train", 0)):
        file = tmp_path / "one" / "data" / f"{split}-0000{shard}-of-00002.parquet"
        written(file, question=[f"Of {split} {shard}?"], choices=[["a", "b"]], answer=[shard])
        file = tmp_path / "many" / "law" / file.name
        written(file, question=[f"Of {split} {shard}?"], choices=[["a", "b"]], answer=[shard])
    (tmp_path / "many" / "dataset_infos.json").write_text('{"default": {"splits": {}}}')
    for folder in ("one", "many"):
        plan = planned(tmp_path / folder, answer_base=0)
        assert [document.question for document in plan.evaluated] == ["Of test 0?", "Of test 1?"]
        assert list(plan.documents) == [None]
        assert plan.examples == 1


def test_decomposed_names_of_files_are_splits_too(tmp_path):
    for split in ("평가", "학습"):
        name = unicodedata.normalize("NFD", f"한국사_{split}.csv")
        (tmp_path / name).write_text(f"문제,A,B,정답\n{split}은 무엇?,a,b,A\n", encoding="utf-8")
    assert [document.question for document in planned(tmp_path).evaluated] == ["평가은 무엇?"]


def test_excel_hides_rows_and_shows_per_cent(tmp_path):
    book = openpyxl.Workbook()
    for row in (["question", "A", "B", "answer"], ["How much?", 0.1, 0.5, "A"], ["How little?", "x", "y", "B"]):
        book.active.append(row)
    book.active["B2"].number_format = "0%"
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "t.xlsx")
    plan = planned(tmp_path / "t.xlsx")
    assert "hidden rows are read too: 3" in plan.notes
    assert "Excel shows per cent in B2 (0.1), and the number that it stores is read" in plan.notes


ROW = '{"question": "What?", "A": "x", "B": "y", "answer": "A"}'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"[{ROW.replace('B', 'A')}]", "an object has the key 'A' twice"),
        (f"{ROW}\n{ROW.replace('B', 'A')}\n", "line 2: an object has the key 'A' twice"),
        (f'{{"train": [{ROW}], "test": [{ROW}]}}', "several lists of objects: 'train', 'test'"),
        (f'[{ROW[:-1]}, "n": {"9" * 5000}}}]', "4300 digits"),
        ('{"question": ["a?", "b?"], "A": ["x", "y"], "B": ["z", "w"], "answer": ["A"]}', "holds a list or an object"),
        (f"[{ROW.replace('What', chr(92) + 'ud800')}]", "half a character"),
        (f"[{ROW.replace('x', chr(92) + 'ud800')}]", "half a character"),
    ],
)
def test_json_that_is_no_table_is_refused(tmp_path, text, why):
    path = tmp_path / "t.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=why):
        planned(path)


def test_json_with_each_key_once_is_read(tmp_path):
    (tmp_path / "t.json").write_text(json.dumps([json.loads(ROW)]))
    assert options(planned(tmp_path / "t.json")) == [("x", "y")]


def test_splits_without_a_test_and_rows_that_are_not_used(tmp_path):
    for split in ("train", "dev"):
        (tmp_path / f"law_{split}.csv").write_text(f"question,A,B,answer\nOf {split}?,a,b,A\n")
    plan = planned(tmp_path)
    assert [document.question for document in plan.evaluated] == ["Of train?"]
    assert plan.examples == 1
    (tmp_path / "law_test.csv").write_text("question,A,B,answer\nOf test?,a,b,B\n")
    plan = planned(tmp_path)
    assert [document.question for document in plan.evaluated] == ["Of test?"]
    assert "left out: 1 document of the train split, as dev has the few-shot examples" in plan.notes
