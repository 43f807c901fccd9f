"""Data: local files and folders laid out like a hub, each split processed once, failures as sentences."""

from __future__ import annotations

import csv
import json

import pytest

from proctor.errors import TaskError
from proctor.tasks.build_spec import build_task
from proctor.tasks.data import Splits

ROWS = [{"question": f"{n}?", "answer": n} for n in range(3)]


@pytest.fixture
def files(exam):
    """The same three rows in every format, beside the task file."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (exam / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    (exam / "rows.json").write_text(json.dumps(ROWS), encoding="utf-8")
    with (exam / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["question", "answer"])
        writer.writeheader()
        writer.writerows(ROWS)
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), exam / "rows.parquet")
    return exam


@pytest.mark.parametrize("suffix", ["jsonl", "json", "csv", "parquet"])
@pytest.mark.parametrize("form", ["path", "builder"])
def test_a_file_beside_the_task_is_found_from_any_directory(spec, files, tmp_path_factory, monkeypatch, suffix, form):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    if form == "path":
        keys = {"dataset_path": f"rows.{suffix}", "dataset_kwargs": None, "test_split": "train"}
    else:
        builder = suffix.removesuffix("l") if suffix == "jsonl" else suffix
        keys = {"dataset_path": builder, "dataset_kwargs": {"data_files": {"test": f"rows.{suffix}"}}}
    splits = Splits(spec(**keys, fewshot_split=None))
    assert list(splits.documents(splits.names[0])) == ROWS


def test_a_folder_laid_out_like_a_hub_loads_by_name(spec, tmp_path, monkeypatch):
    folder = tmp_path / "org" / "quiz" / "easy"
    folder.mkdir(parents=True)
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    (folder.parent / "README.md").write_text(
        "---\nconfigs:\n- config_name: easy\n  data_files:\n  - split: test\n    path: easy/test.jsonl\n---\n"
    )
    monkeypatch.chdir(tmp_path)
    keys = {"dataset_path": "org/quiz", "dataset_kwargs": None, "fewshot_split": None}
    assert list(Splits(spec(dataset_name="easy", **keys)).documents("test")) == ROWS
    with pytest.raises(TaskError, match="the data set org/quiz has no configuration 'hard'"):
        _ = Splits(spec(dataset_name="hard", **keys)).names


def test_a_split_that_is_not_there_says_what_was_meant(spec):
    with pytest.raises(TaskError, match=r"sums.yaml:\d+: .*has no split 'tets'") as caught:
        Splits(spec(test_split="tets")).documents("tets")
    assert caught.value.errors[0].hint == "Did you mean 'test'?"


def test_a_split_is_processed_once(spec):
    seen = []

    def process(docs):
        seen.append(len(docs))
        return docs.select([2, 0])

    splits = Splits(spec())
    first = splits.documents("test", process)
    assert splits.documents("test", process) is first
    assert seen == [12]
    assert [doc["question"] for doc in first.pick([1])] == ["What is 0 plus one?"]
    assert len(splits.documents("test")) == 12


@pytest.mark.parametrize(
    ("process", "said"),
    [(lambda docs: None, "process_docs returned no documents"), (lambda docs: 1 / 0, "process_docs failed: ZeroDiv")],
)
def test_process_docs_that_goes_wrong(spec, process, said):
    with pytest.raises(TaskError, match=said):
        Splits(spec()).documents("test", process)


def test_a_function_may_make_the_data(node):
    def make(**keys):
        return {"test": [{"question": "?", "answer": keys["n"]}]}

    changes = {"dataset_path": None, "dataset_kwargs": {"n": 7}, "custom_dataset": make, "fewshot_split": None}
    splits = Splits(build_task(node(**changes)))
    assert list(splits.documents("test")) == [{"question": "?", "answer": 7}]


def test_a_streamed_split_is_read_whole(spec, files):
    kwargs = {"data_files": {"test": "rows.jsonl"}, "streaming": True}
    assert list(Splits(spec(dataset_path="json", dataset_kwargs=kwargs)).documents("test")) == ROWS
