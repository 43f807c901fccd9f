"""From requests to the tokens that are scored for them: a run's whole work, before any of it is done.

Needs a tokenizer and no weights, so that a preview counts exactly what a run forwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proctor.errors import ModelError
from proctor.models.base import WarningCounter
from proctor.models.prefix.ids import Ids
from proctor.models.prefix.rows import Span, make_span
from proctor.models.tokens.tokenizer import Tokens
from proctor.models.tokens.windows import Pair, rolling_windows
from proctor.types import Loglikelihood, Rolling


class SpanMaker:
    """Makes spans; ``counter`` counts what was truncated and what is odd."""

    def __init__(self, tokens: Tokens, counter: WarningCounter) -> None:
        self._tokens = tokens
        self._counter = counter

    def scored(self, requests: Iterable[Loglikelihood]) -> tuple[list[Span], list[int]]:
        """The spans of all continuations, whose owners are numbered through.

        Args:
            requests: Contexts with their continuations.

        Returns:
            The spans, and per span the place of its request. A continuation without tokens has no span, one longer than
            the model's limit several.

        Raises:
            ModelError: A continuation exceeds the limit of an encoder-decoder.
        """
        texts = [(request.context, request.continuations) for request in requests]
        spans: list[Span] = []
        waiting: list[int] = []
        owner = 0
        for place, (context, tails) in enumerate(self._tokens.encode_requests(texts)):
            for tail in tails:
                for before, scored in self._pieces(context, tail):
                    spans.append(make_span(owner, before, scored))
                    waiting.append(place)
                owner += 1
        return spans, waiting

    def rolled(self, requests: Iterable[Rolling]) -> tuple[list[Span], list[int]]:
        """The windows of whole texts, numbered through.

        Args:
            requests: Texts.

        Returns:
            The spans, and per span the place of its request.
        """
        spans: list[Span] = []
        waiting: list[int] = []
        for place, request in enumerate(requests):
            for window in self._tokens.rolling(request.text):
                spans.append(make_span(len(spans), *window))
                waiting.append(place)
        return spans, waiting

    def _pieces(self, context: Ids, continuation: Sequence[int]) -> Iterable[tuple[Ids | Sequence[int], Sequence[int]]]:
        """Usually the two as they are; what the model cannot take at once is cut, what is empty drops out."""
        limit = self._tokens.scored_length
        if not continuation:
            self._counter.note(
                "empty_continuations",
                "A continuation has no tokens of its own (it is empty, or merges with its context): "
                "its log-likelihood counts as 0.",
            )
            return ()
        if len(continuation) > limit:
            return self._too_long(int(context[-1]), continuation)
        total = len(context) if self._tokens.backend == "seq2seq" else len(context) + len(continuation) - 1
        if total > limit:
            self._counter.note(
                "loglikelihood",
                f"A context and continuation of {total + 1} tokens exceed the model's limit of {limit}: "
                "the context is truncated at the left. All such cases are counted in the results.",
            )
        return ((context, continuation),)

    def _too_long(self, last: int, continuation: Sequence[int]) -> list[Pair]:
        limit = self._tokens.scored_length
        if self._tokens.backend == "seq2seq":
            raise ModelError(
                f"A continuation has {len(continuation)} tokens; this model's limit is {limit}.",
                hint="Raise max_length in --model_args if the model can take more.",
            )
        self._counter.note(
            "long_continuations",
            f"A continuation of {len(continuation)} tokens exceeds the model's limit of {limit}: "
            "it is scored window by window.",
        )
        return rolling_windows(continuation, prefix=last, max_length=limit)
