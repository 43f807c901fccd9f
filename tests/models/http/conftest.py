"""Stub servers, and models that speak to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from stub_api import Serving, Stub, StubTokenizer

from proctor.models.http.arguments import read_arguments
from proctor.models.http.completions_model import CompletionsModel
from proctor.models.tokens.tokenizer import Tokens


@pytest.fixture
def serve() -> Iterator[Callable[..., Stub]]:
    """Start a stub: ``serve(faults={"noise"}, rate=40)``."""
    with ExitStack() as stack:

        def start(*, faults: Any = (), **options: Any) -> Stub:
            return stack.enter_context(Serving(Stub(faults=frozenset(faults), **options)))

        yield start


@pytest.fixture
def completions() -> Callable[..., CompletionsModel]:
    """A model that speaks to a stub: ``completions(stub, scoring="echo")``."""

    def make(stub: Stub, **args: Any) -> CompletionsModel:
        arguments = read_arguments("local-completions", {"model": "tiny", "base_url": stub.url, **args})
        model = CompletionsModel(arguments, kind="local-completions", headers={})
        length = (arguments.max_length or 2048) - 2
        if arguments.tokenizer_backend != "none":
            vars(model)["tokens"] = Tokens(StubTokenizer(), max_length=length, add_bos_token=arguments.add_bos_token)
        else:
            vars(model)["tokens"] = None
        return model

    return make
