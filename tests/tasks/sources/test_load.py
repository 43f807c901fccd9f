"""The splits of a data set: failures of the library as sentences, and features as task files write them."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, TaskError
from proctor.tasks.data import Splits
from proctor.tasks.sources import load


def named(kind: str, text: str = "") -> Exception:
    return type(kind, (Exception,), {})(text)


@pytest.mark.parametrize(
    ("error", "said", "remedy"),
    [
        (named("DatasetNotFoundError", "is a gated dataset on the Hub"), "is gated or private", "HF_TOKEN"),
        (named("HTTPError", "401 Client Error"), "is gated or private", "HF_TOKEN"),
        (named("RuntimeError", "Dataset scripts are no longer supported, but found x.py"), "is a script", "parquet"),
        (named("ArrowInvalid", "bad"), "cannot be loaded: ArrowInvalid: bad", None),
    ],
)
def test_failures_of_the_library_are_sentences(spec, monkeypatch, error, said, remedy):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(load, "load_dataset", fail)
    with pytest.raises(DataError, match=said) as caught:
        _ = Splits(spec()).names
    assert (remedy or "") in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("offline", "reason"), [(True, r"is switched off \(HF_HUB_OFFLINE\)"), (False, "cannot be reached")]
)
def test_no_network_and_no_wish_for_one_are_told_apart(spec, monkeypatch, offline, reason):
    from datasets import config

    def fail(*_, **__):
        raise ConnectionError("x")

    monkeypatch.setattr(load, "load_dataset", fail)
    monkeypatch.setattr(config, "HF_HUB_OFFLINE", offline)
    with pytest.raises(DataError, match=reason):
        _ = Splits(spec()).names


def test_features_as_task_files_write_them(spec, exam):
    (exam / "lists.jsonl").write_text('{"id": 1, "answer": ["a", "b"]}\n', encoding="utf-8")
    features = {"id": {"dtype": "int32"}, "answer": {"dtype": "string", "sequence": True}}
    kwargs = {"data_files": {"test": "lists.jsonl"}, "features": features}
    splits = Splits(spec(dataset_path="json", dataset_kwargs=kwargs, fewshot_split=None))
    assert list(splits.documents("test")) == [{"id": 1, "answer": ["a", "b"]}]
    for wrong in ({"id": {"type": "int32"}}, {"id": "int32"}, {"id": {"dtype": "number"}}):
        with pytest.raises(TaskError, match="features of dataset_kwargs cannot be used"):
            _ = Splits(spec(dataset_path="json", dataset_kwargs={**kwargs, "features": wrong})).names
