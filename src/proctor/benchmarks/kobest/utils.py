"""KoBEST's HellaSwag spreads its endings over columns; its official score is the macro F1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datasets import Dataset


def query_and_choices(doc: dict[str, Any]) -> dict[str, Any]:
    return {
        "query": f"문장: {doc['context']}",
        "choices": [doc[f"ending_{n}"] for n in (1, 2, 3, 4)],
        "gold": int(doc["label"]),
    }


def add_query_and_choices(dataset: Dataset) -> Dataset:
    return dataset.map(query_and_choices)


def macro_f1(pairs: Sequence[tuple[int, int]]) -> float:
    """The mean over the classes of their F1, from (gold, predicted) pairs."""
    from sklearn.metrics import f1_score

    golds, predictions = zip(*pairs, strict=True)
    return float(f1_score(golds, predictions, average="macro"))
