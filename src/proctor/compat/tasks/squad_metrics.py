"""What task files get for ``transformers.data.metrics.squad_metrics``, which transformers 5 has no longer.

Reading tasks (coqa, record, xquad, ...) compare answers with its three functions. An older
transformers that has the module is used itself.
Source: https://rajpurkar.github.io/SQuAD-explorer (version 2.0).
"""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from types import ModuleType
from typing import Any

from proctor.metrics.squad_wer import plain_answer

METRICS = "transformers.data.metrics"
"""The package that is gone."""


def normalize_answer(s: str) -> str:
    """Lower case, without ASCII punctuation, English articles and superfluous white space."""
    return plain_answer(s)


def get_tokens(s: str | None) -> list[str]:
    """The words of a plain answer."""
    return plain_answer(s).split() if s else []


def compute_exact(a_gold: str, a_pred: str) -> int:
    """1 if both plain answers are equal."""
    return int(plain_answer(a_gold) == plain_answer(a_pred))


def compute_f1(a_gold: str | None, a_pred: str | None) -> float:
    """F1 of the words; where one side has none, 1 if neither has."""
    gold, answer = get_tokens(a_gold), get_tokens(a_pred)
    if not gold or not answer:
        return int(gold == answer)
    same = (Counter(gold) & Counter(answer)).total()
    if same == 0:
        return 0
    precision, recall = same / len(answer), same / len(gold)
    return 2 * precision * recall / (precision + recall)


class _Around(ModuleType):
    """A module with something more in it, for the one file that asks; the module itself is not changed."""

    def __init__(self, module: ModuleType, **more: Any) -> None:
        super().__init__(module.__name__)
        self.__dict__.update(more, around=module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["around"], name)

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (self.__name__,)


def stand_in(name: str, *, itself: bool) -> ModuleType:
    """What ``import NAME`` binds: the module ``itself``, or the top package around it."""
    squad = sys.modules[__name__]
    metrics = _Around(squad, squad_metrics=squad)
    if itself:
        return metrics if name == METRICS else squad
    data = _Around(importlib.import_module("transformers.data"), metrics=metrics)
    return _Around(importlib.import_module("transformers"), data=data)
