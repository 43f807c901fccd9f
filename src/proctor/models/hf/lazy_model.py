"""What the models of this machine share that are loaded when the first request reaches them.

A run whose responses are all stored needs no weights. So a model is opened without them: its
tokenizer, its chat template and its identity come from small files, and only a request loads the
rest. The kinds of models differ in how they are loaded and in what only a loaded one knows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from proctor.errors import ModelError
from proctor.models.hf.errors import in_sentences
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Request, Response


class _WholeModel(Protocol):
    @property
    def tokens(self) -> Tokens: ...
    def respond(self, requests: Sequence[Request], /) -> Iterator[tuple[int, Response]]: ...
    def report(self) -> Mapping[str, Any]: ...
    def close(self) -> None: ...


L = TypeVar("L", bound=_WholeModel)


class LazyModel(ABC, Generic[L]):
    """A :class:`proctor.models.protocols.Model`, loaded as late as possible.

    Args:
        name: What messages call it.
        tokens: Its tokenizer until it is loaded.
    """

    def __init__(self, name: str, tokens: Tokens) -> None:
        self.name = name
        self._tokens = tokens
        self._model: L | None = None
        self._closed = False

    @abstractmethod
    def _load(self) -> L:
        """The model with its weights; called once."""

    def loaded(self) -> L:
        """The model with its weights.

        Raises:
            ModelError: It cannot be loaded, or was closed.
        """
        if self._closed:
            raise ModelError("This model is closed.")
        if self._model is None:
            self._model = self._load()
        return self._model

    @property
    def tokens(self) -> Tokens:
        """The tokenizer with this model's habits."""
        return self._tokens if self._model is None else self._model.tokens

    def load(self) -> None:
        """Load the weights, if that has not been done."""
        self.loaded()

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Respond kind by kind."""
        return in_sentences(self.name, self.loaded().respond(requests))

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template; ``template`` names one of several."""
        return self.tokens.render(messages, add_generation_prompt=add_generation_prompt, template=template)

    def chat_template(self, name: str | bool) -> str:
        """The text of the chat template in use."""
        return self.tokens.chat_template(name)

    def report(self) -> Mapping[str, Any]:
        """What happened while it responded; nothing has, if no request reached it."""
        if self._model is None:
            return {"truncated": {}, "unusual": {}, "batch_sizes": [], "scoring": {}, "generation": {}}
        return self._model.report()

    def close(self) -> None:
        """Free what it holds. A closed model cannot be loaded again."""
        self._closed = True
        if self._model is not None:
            self._model.close()
