"""From what a model gave for a :class:`~proctor.types.Choose` to the option that it chose."""

# What is stored of a choice is what the model gave; what it means is read from it again whenever it is used. So a
# better ladder reads replies anew that were paid for once, and no old reading stays in a store.

from __future__ import annotations

from collections.abc import Sequence

from proctor.answers.ladder import find_answer
from proctor.types import Choice, ChoiceRoute, Choose, Finish, Usage


def read_choice(
    request: Choose,
    route: ChoiceRoute,
    text: str,
    *,
    finish: Finish | None = None,
    usage: Usage | None = None,
    logprobs: Sequence[float] | None = None,
    unseen: Sequence[int] = (),
    label_mass: float | None = None,
) -> Choice:
    """The response to a request.

    Args:
        request: The request.
        route: How the model was made to choose.
        text: Its reply.
        finish: Why the reply ended.
        usage: Its tokens.
        logprobs: Of each label as the first token, in nats; one that was not given has an upper bound.
        unseen: The positions of those.
        label_mass: The probability of all labels that were given.

    Returns:
        The label with the highest log-probability, where a label has one; else the answer of the text.
    """
    known = tuple(logprobs) if logprobs is not None else None
    seen = [at for at in range(len(known or ())) if at not in unseen]
    if known is not None and seen:
        picked, how = max(seen, key=lambda at: known[at]), "letters"
    else:
        answer = find_answer(text, request.labels, request.options, finish)
        picked, how = answer.index, answer.how
    return Choice(picked, how, route, text, finish, usage, known, tuple(unseen), label_mass)
