"""Figures of one document that is scored as it stands: the next words, or a whole text."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from proctor.errors import DataError


def measure_loglikelihood(ll: float, greedy: bool, wanted: Collection[str]) -> dict[str, Any]:
    """Figures of a ``loglikelihood`` document.

    ``perplexity`` is the log-likelihood itself (its aggregation takes ``exp(-mean)``), ``acc``
    is 1 where the continuation is what greedy decoding gives. Source: LAMBADA,
    https://arxiv.org/abs/1606.06031, as lm-eval measures it.
    """
    measured = {"perplexity": ll, "acc": int(greedy)}
    return {name: value for name, value in measured.items() if name in wanted}


def measure_rolling(ll: float, text: str, wanted: Collection[str]) -> dict[str, Any]:
    """Figures of a ``loglikelihood_rolling`` document: the log-likelihood with its weight.

    The weight is the number of words for ``word_perplexity`` and of UTF-8 bytes for
    ``byte_perplexity`` and ``bits_per_byte``. Source: https://arxiv.org/abs/2101.00027,
    section 3.1 (bits per byte), as lm-eval measures it.
    """
    if not isinstance(text, str):
        raise DataError(
            f"The text of a rolling task must be a string; this document gives {type(text).__name__}.",
            hint="doc_to_target names the text: check it.",
        )
    # lm-eval: white space at either end makes empty pieces, and they count as words.
    words = (ll, len(re.split(r"\s+", text)))
    octets = (ll, len(text.encode("utf-8")))
    measured = {"word_perplexity": words, "byte_perplexity": octets, "bits_per_byte": octets}
    return {name: value for name, value in measured.items() if name in wanted}
