"""Figures of one multiple-choice document, from the log-likelihoods of its choices."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Sequence
from typing import Any

from proctor.errors import DataError, value_text

OUT_OF_RANGE = -100
"""The gold of a document whose target is not among its choices: it counts as wrong."""

NAMES = (
    "acc",
    "f1",
    "mcc",
    "acc_norm",
    "acc_bytes",
    "exact_match",
    "brier_score",
    "likelihood",
    "acc_mutual_info",
)
"""What can be measured, in the order in which lm-eval writes it."""


def resolve_gold(target: Any, choices: Sequence[str]) -> int | tuple[int, ...]:
    """The position of the target among the choices, or of each target of a list.

    A number is a position (a negative one stays as it is), a string is looked up; what is not
    there becomes :data:`OUT_OF_RANGE`; the checks of a run say how often that is so.
    Source: lm-eval's ``multiple_choice``.
    """
    if isinstance(target, list | tuple):
        return tuple(_position(one, choices) for one in target)
    return _position(target, choices)


def _position(target: Any, choices: Sequence[str]) -> int:
    if isinstance(target, str):
        return list(choices).index(target) if target in choices else OUT_OF_RANGE
    try:
        position = target if isinstance(target, int) else operator.index(target)
    except TypeError:
        raise DataError(
            f"The target {value_text(target)} ({type(target).__name__}) is neither the position of a choice "
            "nor its text.",
            hint="doc_to_target must give an integer or a string; a float column can be cast with '{{ x | int }}'.",
        ) from None
    return position if -len(choices) <= position < len(choices) else OUT_OF_RANGE


def has_nan(lls: Sequence[float]) -> bool:
    """Whether a log-likelihood is not a number: the document then counts as wrong."""
    return any(math.isnan(ll) for ll in lls)


def measure_choice(
    *,
    lls: Sequence[float],
    greedy: Sequence[bool],
    choices: Sequence[str],
    gold: int | tuple[int, ...],
    unconditional: Sequence[float] | None = None,
    wanted: Collection[str],
    strict: bool = False,
) -> dict[str, Any]:
    """Figures of a ``multiple_choice`` document, as lm-eval measures them.

    ``acc`` picks the highest log-likelihood; ``acc_norm`` divides by the characters of the bare
    choice and ``acc_bytes`` by its UTF-8 bytes (https://blog.eleuther.ai/multiple-choice-normalization/);
    ``acc_mutual_info`` subtracts the log-likelihood without context (https://arxiv.org/abs/2104.08315);
    ``exact_match`` asks whether the gold is what greedy decoding gives. ``f1`` and ``mcc`` hand
    on ``(gold, prediction)``, ``brier_score`` ``(gold, probabilities)`` and ``likelihood``
    ``(gold, log-likelihoods)``. Several golds: a hit on any of them counts. ``strict``: a
    log-likelihood that is not a number is taken for the highest (lm-eval); else it is never right.
    """
    golds = gold if isinstance(gold, tuple) else (gold,)
    shown: Any = list(gold) if isinstance(gold, tuple) else gold
    wrong = _first_wrong(golds, len(choices)) if has_nan(lls) and not strict else None
    measured: dict[str, Any] = {}
    for name in NAMES:
        if name not in wanted:
            continue
        if name in ("f1", "mcc"):
            measured[name] = (shown, _argmax(lls) if wrong is None else wrong)
        elif name == "exact_match":
            measured[name] = int(any(greedy[i] for i in golds if i != OUT_OF_RANGE))
        elif name == "brier_score":
            measured[name] = (shown, softmax(lls))
        elif name == "likelihood":
            measured[name] = (shown, tuple(lls))
        else:
            scores = _scores(name, lls, choices, unconditional)
            hit = wrong is None and (strict or not has_nan(scores)) and _argmax(scores) in golds
            measured[name] = 1.0 if hit else 0.0
    return measured


def _scores(
    name: str, lls: Sequence[float], choices: Sequence[str], unconditional: Sequence[float] | None
) -> Sequence[float]:
    if name == "acc":
        return lls
    if name == "acc_norm":
        return [_per(ll, len(choice)) for ll, choice in zip(lls, choices, strict=True)]
    if name == "acc_bytes":
        return [_per(ll, len(choice.encode("utf-8", "surrogatepass"))) for ll, choice in zip(lls, choices, strict=True)]
    if unconditional is None:
        raise ValueError("acc_mutual_info needs the log-likelihoods without context")
    return [ll - bare for ll, bare in zip(lls, unconditional, strict=True)]


def _per(ll: float, length: int) -> float:
    return ll / length if length else -math.inf


def _argmax(scores: Sequence[float]) -> int:
    """The first of the highest; what is not a number is higher than any (as numpy's argmax has it)."""
    return max(range(len(scores)), key=lambda i: math.inf if math.isnan(scores[i]) else scores[i])


def _first_wrong(golds: tuple[int, ...], count: int) -> int:
    return next((i for i in range(count) if i not in golds), OUT_OF_RANGE)


def softmax(lls: Sequence[float]) -> Any:
    """Probabilities of the choices given that one of them is right, ``exp(ll - max) / sum``.

    Source: https://en.wikipedia.org/wiki/Softmax_function (shifted by the maximum).
    """
    import numpy as np

    shifted = np.exp(np.asarray(lls, dtype=float) - np.max(lls))
    return shifted / shifted.sum()
