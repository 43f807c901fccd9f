"""Parquet files and rows of data sets."""

import json

import pytest

from proctor.errors import ProctorError, UsageError
from proctor.new.data_sets import read_data_set, read_parquet
from proctor.new.plan import plan_task
from proctor.new.request import request_of


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that stands for a data set of the hub, as tasks find it in the working directory."""
    monkeypatch.chdir(tmp_path)
    for split, count in (("train", 3), ("validation", 2), ("dev", 1)):
        file = tmp_path / "org" / "exam" / "data" / f"{split}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [{"question": f"{split} {n}?", "choices": ["a", "b"], "answer": n % 2} for n in range(count)]
        file.write_text("\n".join(map(json.dumps, rows)) + "\n")
    names = "".join(f"  - split: {split}\n    path: data/{split}.jsonl\n" for split in ("train", "validation", "dev"))
    card = f"---\nconfigs:\n- config_name: default\n  data_files:\n{names}---\n"
    (tmp_path / "org" / "exam" / "README.md").write_text(card)
    return tmp_path


def test_a_data_set_has_an_evaluated_split_and_examples(folder):
    pytest.importorskip("datasets")
    tables = read_data_set("hf:org/exam", None)
    assert [(table.split, len(table.rows)) for table in tables] == [("test", 2), ("dev", 1)]
    assert tables[0].notes[0].startswith("the split 'validation' of ")
    assert len(read_data_set("hf:org/exam", "train")[0].rows) == 3
    with pytest.raises(UsageError, match="--split trian: hf:org/exam has no such split") as caught:
        read_data_set("hf:org/exam", "trian")
    assert "Did you mean 'train'" in str(caught.value)
    plan = plan_task(request_of({"name": "exam", "source": "hf:org/exam", "split": "train"}))
    assert (len(plan.evaluated), plan.examples) == (3, 1)
    assert plan.source.files == ()


def test_what_is_no_data_set_is_an_error(folder):
    with pytest.raises(UsageError, match="names no data set"):
        read_data_set("hf:", None)
    with pytest.raises(ProctorError, match="org/other"):
        read_data_set("hf:org/other", None)
    names = "".join(f"- config_name: c{n}\n  data_files: data/train.jsonl\n" for n in range(20))
    (folder / "org" / "exam" / "README.md").write_text(f"---\nconfigs:\n{names}---\n")
    with pytest.raises(UsageError, match=r"hf:org/exam has 20 configurations: c0, .*, c11 and 8 more") as caught:
        read_data_set("hf:org/exam", None)
    assert "hf:org/exam:CONFIG" in str(caught.value)
    with pytest.raises(UsageError, match="no configuration 'c99'"):
        read_data_set("hf:org/exam:c99", None)


def test_a_file_that_is_no_parquet_is_an_error(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(ProctorError, match="cannot be read as Parquet"):
        read_parquet(str(path))
