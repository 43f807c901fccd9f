"""Scores of one multiple-choice document, from the log-likelihoods of its options.

Each metric is a function of :class:`ScoredOptions`, named in the metric's row (``tables``). Those of
lm-eval are defined in https://blog.eleuther.ai/multiple-choice-normalization/.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.errors import DataError, value_text
from proctor.metrics.tables import chosen_metrics, document_measures

# -100 and not -1: a gold of -1 is the last option in lm-eval, as a Python index is.
OUT_OF_RANGE = -100
"""The gold of a document whose target is not among its choices: it counts as wrong."""


def resolve_gold(target: Any, choices: Sequence[str]) -> int | tuple[int, ...]:
    """The position of the target among the choices, or of each target of a list.

    A number is a position (a negative one stays as it is), a string is looked up; what is not
    there becomes :data:`OUT_OF_RANGE`; the checks of a run say how often that is so.
    Source: lm-eval's ``multiple_choice``.
    """
    if isinstance(target, (list, tuple)):
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
    total = sum(lls)  # one that is not a number makes the sum none
    return total != total and any(map(math.isnan, lls))


@dataclass(slots=True)  # not frozen, which costs 0.6 us: one is made for each document, and nobody holds it
class ScoredOptions:
    """The options of one document with what a model gave for them: what a metric is a function of.

    Attributes:
        lls: The log-likelihood of each option after the prompt, in nats.
        greedy: Whether each option is what greedy decoding gives.
        choices: The text of each option.
        gold: The number of the right option, or of each of several; as the task gave it.
        unconditional: The log-likelihood of each option without context; None: not requested.
        strict: A log-likelihood that is NaN is taken for the highest (lm-eval); else it is never right.
        broken: A log-likelihood is NaN and not taken for the highest, or no option was chosen: the document counts as
            wrong.
    """

    lls: Sequence[float]
    greedy: Sequence[bool]
    choices: Sequence[str]
    gold: int | tuple[int, ...]
    unconditional: Sequence[float] | None
    strict: bool
    broken: bool

    @property
    def golds(self) -> tuple[int, ...]:
        """The numbers of the right options."""
        return self.gold if isinstance(self.gold, tuple) else (self.gold,)

    @property
    def label(self) -> Any:
        """The right option or options, as aggregations over labels take them."""
        return list(self.gold) if isinstance(self.gold, tuple) else self.gold

    def hit(self, scores: Sequence[float]) -> float:
        """1.0 if the first of the highest scores is that of a right option, else 0.0."""
        if self.broken:
            return 0.0
        if has_nan(scores):
            return 0.0 if not self.strict or _argmax(scores) not in self.golds else 1.0
        best, gold = scores.index(max(scores)), self.gold
        return 1.0 if best == gold or (type(gold) is tuple and best in gold) else 0.0


def acc(options: ScoredOptions) -> float:
    """Whether the likeliest option is right."""
    return options.hit(options.lls)


def acc_norm(options: ScoredOptions) -> float:
    """Whether the option that is likeliest per character is right; characters of the bare option."""
    choices = options.choices
    return options.hit([ll / len(one) if one else -math.inf for ll, one in zip(options.lls, choices, strict=True)])


def acc_bytes(options: ScoredOptions) -> float:
    """Whether the option that is likeliest per byte of UTF-8 is right."""
    lengths = (len(choice.encode("utf-8", "surrogatepass")) for choice in options.choices)
    return options.hit([_per(ll, length) for ll, length in zip(options.lls, lengths, strict=True)])


def acc_mutual_info(options: ScoredOptions) -> float:
    """Whether the option that gains most by the context is right. Source: https://arxiv.org/abs/2104.08315."""
    if options.unconditional is None:
        raise ValueError("acc_mutual_info needs the log-likelihoods without context")
    return options.hit([ll - bare for ll, bare in zip(options.lls, options.unconditional, strict=True)])


def exact_match(options: ScoredOptions) -> int:
    """Whether greedy decoding gives a right option."""
    return int(any(options.greedy[gold] for gold in options.golds if gold != OUT_OF_RANGE))


def labels(options: ScoredOptions) -> tuple[Any, int]:
    """``(gold, predicted option)`` for aggregations over labels: F1, Matthews correlation."""
    golds = options.golds
    # Not the argmax: numpy takes NaN for the highest, which may be the gold.
    if options.broken:
        return options.label, next((i for i in range(len(options.choices)) if i not in golds), OUT_OF_RANGE)
    return options.label, _argmax(options.lls)


def brier_score(options: ScoredOptions) -> tuple[Any, Any]:
    """``(gold, probability of each option)``."""
    return options.label, softmax(options.lls)


def likelihood(options: ScoredOptions) -> tuple[Any, tuple[float, ...]]:
    """``(gold, log-likelihood of each option)``."""
    return options.label, tuple(options.lls)


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
    """Scores of a ``multiple_choice`` document, in lm-eval's order.

    Several golds: a hit on any of them counts.

    Args:
        lls: As in :class:`ScoredOptions`, like those that follow.
        greedy: Whether each option is what greedy decoding gives.
        choices: The text of each option.
        gold: The right option or options.
        unconditional: Log-likelihoods without context, where a metric needs them.
        wanted: Names of metrics; others than those of multiple choice give nothing.
        strict: Take NaN for the highest, as lm-eval does.
    """
    options = ScoredOptions(lls, greedy, choices, gold, unconditional, strict, not strict and has_nan(lls))
    return {name: measure(options) for name, measure in document_measures("multiple_choice", frozenset(wanted))}


def measure_chosen(
    picked: int | None, count: int, gold: int | tuple[int, ...], wanted: Collection[str]
) -> dict[str, Any]:
    """Scores of a document of which a model chose an option without log-likelihoods.

    Args:
        picked: The option's position; None: none, and the document is wrong.
        count: How many options it has.
        gold: The right option or options.
        wanted: Names of metrics; those that need log-likelihoods give nothing.
    """
    lls = [0.0 if at == picked else -math.inf for at in range(count)]
    options = ScoredOptions(lls, (), [""] * count, gold, None, False, picked is None)
    measures = document_measures("multiple_choice", frozenset(chosen_metrics(wanted)))
    return {name: measure(options) for name, measure in measures}


def _per(ll: float, length: int) -> float:
    # An empty option has no characters to divide by: it never wins.
    return ll / length if length else -math.inf


def _argmax(scores: Sequence[float]) -> int:
    """The first of the highest; what is not a number is higher than any (as numpy's argmax has it)."""
    if has_nan(scores):
        return max(range(len(scores)), key=lambda i: math.inf if math.isnan(scores[i]) else scores[i])
    # Without NaN, Python's max and numpy's argmax agree: the first of equals.
    return scores.index(max(scores))


def softmax(lls: Sequence[float]) -> Any:
    """Probabilities of the choices given that one of them is right, ``exp(ll - max) / sum``.

    Source: https://en.wikipedia.org/wiki/Softmax_function (shifted by the maximum).
    """
    import numpy as np

    # Log-likelihoods of long options can be below -745, where exp() is 0 for all of them.
    shifted = np.exp(np.asarray(lls, dtype=float) - np.max(lls))
    return shifted / shifted.sum()
