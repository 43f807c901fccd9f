"""Ask the model every query of a run and put the answers back in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from proctor.errors import ModelError
from proctor.types import Model, Query, Response

Advance = Callable[[int], None]


def ask(model: Model, queries: Sequence[Query], advance: Advance) -> list[Response]:
    """One response per query, in the order of ``queries``; ``advance`` is told of each as it arrives."""
    answers: list[Response | None] = [None] * len(queries)
    for index, response in model.answer([query.request for query in queries]):
        answers[index] = response
        advance(1)
    missing = [query for query, answer in zip(queries, answers, strict=True) if answer is None]
    if missing:
        first = missing[0]
        raise ModelError(
            f"The model left {len(missing)} of {len(queries)} requests unanswered, "
            f"first task '{first.task}', document {first.doc_id}."
        )
    return [answer for answer in answers if answer is not None]
