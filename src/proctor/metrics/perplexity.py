"""Scores of one document that is scored as it stands: the next words, or a whole text."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from proctor.errors import DataError
from proctor.metrics.tables import document_measures


def logprob(ll: float, greedy: bool) -> float:
    """The log-likelihood itself: its aggregation takes ``exp(-mean)``. Source: LAMBADA, https://arxiv.org/abs/1606.06031."""
    return ll


def acc(ll: float, greedy: bool) -> int:
    """1 where the continuation is what greedy decoding gives."""
    return int(greedy)


def by_word(ll: float, text: str) -> tuple[float, int]:
    """The log-likelihood with the number of words."""
    # lm-eval: white space at either end makes empty pieces, and they count as words.
    return ll, len(re.split(r"\s+", text))


def by_byte(ll: float, text: str) -> tuple[float, int]:
    """The log-likelihood with the number of bytes of UTF-8. Source: https://arxiv.org/abs/2101.00027, section 3.1."""
    return ll, len(text.encode("utf-8"))


def measure_loglikelihood(ll: float, greedy: bool, wanted: Collection[str]) -> dict[str, Any]:
    """Scores of a ``loglikelihood`` document.

    Args:
        ll: The log-likelihood of the continuation, in nats.
        greedy: Whether the continuation is what greedy decoding gives.
        wanted: Names of metrics; others than those of log-likelihoods give nothing.
    """
    return {name: measure(ll, greedy) for name, measure in document_measures("loglikelihood", frozenset(wanted))}


def measure_rolling(ll: float, text: str, wanted: Collection[str]) -> dict[str, Any]:
    """Scores of a ``loglikelihood_rolling`` document: the log-likelihood with its weight.

    Args:
        ll: The log-likelihood of the whole text, in nats.
        text: The text.
        wanted: Names of metrics; others than those of whole texts give nothing.

    Raises:
        DataError: The text is none.
    """
    if not isinstance(text, str):
        raise DataError(
            f"The text of a rolling task must be a string; this document gives {type(text).__name__}.",
            hint="doc_to_target names the text: check it.",
        )
    return {name: measure(ll, text) for name, measure in document_measures("loglikelihood_rolling", frozenset(wanted))}
