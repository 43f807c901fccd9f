"""A model without weights: it answers at once, so that everything around a model can be tried.

Its log-likelihoods are random and its texts are all alike; runs are reproducible through
the seed of :mod:`random`, as lm-eval's are.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proctor.models.base import by_kind
from proctor.types import Request, Response, RollingScore, Scores, Text, Usage


class DummyModel:
    """Responds with ``Scores`` below zero, and with the text ``"lol"``; its tokens are words."""

    name = "dummy"
    identity = None

    @property
    def info(self) -> Mapping[str, Any]:
        """Nothing: there are no weights and no tokenizer."""
        return {}

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Random numbers, drawn kind by kind in the order of the requests."""
        # lm-eval: its dummy is called kind by kind; in this order the same seed gives the same numbers.
        scored, rolled, generated = by_kind(requests)
        for index, request in scored:
            yield index, Scores(tuple((-random.random(), False) for _ in request.continuations))
        for index, _ in rolled:
            yield index, RollingScore(-random.random())
        for index, request in generated:
            yield index, Text("lol", "stop", Usage(sum(len(text.split()) for text in request.texts), 0, 1))

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """A plain chat format, so that prompts can be looked at."""
        lines = "".join(f"<|{message['role']}|>\n{message['content']}\n" for message in messages)
        return f"{lines}<|assistant|>\n" if add_generation_prompt else lines.removesuffix("\n")

    def chat_template(self, name: str | bool) -> str:
        """The empty string: there is no template."""
        return ""

    def report(self) -> Mapping[str, Any]:
        """Nothing was truncated."""
        return {"truncated": {}, "batch_sizes": [], "scoring": {"mode": "dummy"}}

    def close(self) -> None:
        """Nothing to free."""


def open_dummy(args: Mapping[str, Any], **_: Any) -> DummyModel:
    """Open the dummy; it takes any argument and uses none."""
    return DummyModel()
