"""``lm_eval.utils`` as task files use it; what only scripts find there is in ``scripts/helpers.py``."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from proctor.lazy import need
from proctor.tasks.templates import compile_template

# Under lm-eval's name: a script that sets the level of the logger "lm_eval" sets it here, too.
eval_logger = logging.getLogger("lm_eval")


def general_detokenize(string: str) -> str:
    """Undo the spaces that a word tokenizer puts around punctuation."""
    for spaced, close in ((" n't", "n't"), (" )", ")"), ("( ", "("), ('" ', '"'), (' "', '"')):
        string = string.replace(spaced, close)
    return re.sub(r" (['.,])", r"\1", string)


def apply_template(template: str, doc: Mapping[str, Any]) -> str:
    """A document in a Jinja template."""
    return compile_template(template)(doc)


def create_iterator(
    raw_iterator: Iterable[Any], *, rank: int = 0, world_size: int = 1, limit: int | None = None
) -> Iterator[Any]:
    """Every ``world_size``-th item from ``rank`` on, up to ``limit``."""
    return islice(raw_iterator, rank, limit, world_size)


def weighted_f1_score(items: Iterable[tuple[Any, Any]]) -> Any:
    """F1 of each class of ``(gold, prediction)`` pairs, averaged by how often the class is gold.

    Source: https://scikit-learn.org/stable/modules/generated/sklearn.metrics.f1_score.html
    """
    golds, predictions = zip(*items, strict=True)
    return need("sklearn.metrics", extra="metrics").f1_score(golds, predictions, average="weighted")
