"""What a model is, and what some models can do beside: declared here, and nowhere guessed from a name.

:class:`Model` is all that a run needs. Each further ability is a protocol of its own with one method, which a run
tries with ``isinstance``: whoever writes a model finds here all that will ever be called, and a type checker holds
both sides to it. One class with methods that do nothing was weighed: a model that cannot resume would then have to
say so in a second way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from proctor.models.prices import Prices
from proctor.types import Doc, Request, Response


@dataclass(frozen=True, slots=True)
class Origin:
    """What a request is about, for the classes of scripts, which may look at it; proctor's own models never see it."""

    task: str
    doc_id: int
    doc: Doc
    repeats: int


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried on a model.

    Attributes:
        name: What was tried.
        state: What came of it.
        detail: One line.
        remedy: What helps where it failed; empty where nothing has to be done.
    """

    name: str
    state: Literal["passed", "failed", "skipped"]
    detail: str = ""
    remedy: str = ""


class Model(Protocol):
    """What a model is: requests in, ``(index, response)`` out as each completes, in any order."""

    @property
    def name(self) -> str:
        """Name for the results (``pretrained`` as given, or the API's model name)."""
        ...

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts for the results file.

        Keys of lm-eval's ``config`` section (``model_num_parameters``, ``model_dtype``,
        ``model_revision``, ``model_sha``) and of its tokenizer section (``tokenizer_pad_token``
        ... ``max_length``), the latter under the key ``"tokenizer"``.
        """
        ...

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Answer every request once; the index is the request's position in ``requests``."""
        ...

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template to ``{role, content}`` messages; ``template`` names one of several."""
        ...

    def chat_template(self, name: str | bool) -> str:
        """The text of the chat template in use, for the results file."""
        ...

    def report(self) -> Mapping[str, Any]:
        """What happened while it responded: truncations, batch sizes, how scores were computed."""
        ...

    def close(self) -> None:
        """Free what the model holds."""
        ...


@runtime_checkable
class OriginModel(Protocol):
    """A model that is told what its requests are about, and is asked every repetition of a request."""

    def respond_about(self, requests: Sequence[Request], origins: Sequence[Origin]) -> Iterator[tuple[int, Response]]:
        """As :meth:`Model.respond`, with an origin for each request."""
        ...


@runtime_checkable
class LoadableModel(Protocol):
    """A model that reads its weights later than it is opened: when it is first asked, or here."""

    def load(self) -> None:
        """Read the weights, if that has not been done."""
        ...


@runtime_checkable
class IdentifiedModel(Protocol):
    """A model that says what its responses depend on; those of another are never stored."""

    @property
    def identity(self) -> Mapping[str, Any] | None:
        """Everything that this model's answers depend on, JSON-like; None: they are never stored.

        What stands under ``"scoring"`` matters to scores alone, what stands under ``"generation"``
        to generated texts alone.
        """
        ...


@runtime_checkable
class ResumableModel(Protocol):
    """A model whose numbers depend, in their last bits, on what else is requested with them."""

    def resume(self, requests: Sequence[Request], missing: Sequence[int]) -> Iterator[tuple[int, Response]]:
        """As :meth:`Model.respond`, for a part of the requests, with the numbers that an undisturbed run gives.

        Args:
            requests: All requests of the run that goes on.
            missing: The places of those that are wanted.
        """
        ...


@dataclass(frozen=True, slots=True)
class TokenScores:
    """What a model gives every token of a text after those before it; sequences have one value for each token.

    Attributes:
        logprobs: The log-probability of each token, in nats.
        means: The mean of log p under the model's own next-token distribution at each position.
        deviations: Its standard deviation there.
    """

    logprobs: Sequence[float]
    means: Sequence[float]
    deviations: Sequence[float]


@runtime_checkable
class TokenScoringModel(Protocol):
    """A model that has whole distributions of next tokens, and not the log-probabilities of given texts alone."""

    def token_scores(self, texts: Sequence[str]) -> Iterator[TokenScores]:
        """The tokens of each text, text by text; nothing of it is stored.

        Args:
            texts: Each after the token that stands before any text; one without tokens has no values.

        Raises:
            UsageError: The model reads texts and writes others (an encoder-decoder).
        """
        ...


@runtime_checkable
class RecallableModel(Protocol):
    """A model that need not be loaded for its facts, where an earlier run has stored them."""

    def recall(self, facts: Mapping[str, Any]) -> None:
        """Take over :attr:`Model.info` of a loaded model with the same identity."""
        ...


@runtime_checkable
class PaidModel(Protocol):
    """A model whose responses cost money: it counts their tokens, and stops when they have cost enough.

    Its report has the sums under ``"usage"``, as :func:`proctor.models.prices.token_facts` makes them.
    """

    def set_budget(self, prices: Prices, most: float | None) -> None:
        """Count what tokens cost from now on.

        Args:
            prices: The model's.
            most: Once the responses have cost so much, no further request is sent; None: there is no limit.
        """
        ...


@runtime_checkable
class BatchModel(Protocol):
    """A model whose texts can be had cheaper, and much later, by jobs of many requests."""

    def use_batches(self, folder: Path) -> None:
        """Send texts as such jobs from now on.

        Args:
            folder: Where jobs are written down, so that a run that was killed finds them again.

        Raises:
            UsageError: The model has none.
        """
        ...

    def watch_batches(self, folder: Path) -> None:
        """Send texts one by one, and warn of those that such a job has already.

        Args:
            folder: Where jobs are written down.
        """
        ...


@runtime_checkable
class RemoteModel(Protocol):
    """A model that computes in other processes alone: while it responds, this one may plan and grade.

    Attributes:
        is_remote: True.
        loading: What is done before the first response, for displays.
    """

    is_remote: bool
    loading: str


@runtime_checkable
class StoppableModel(Protocol):
    """A model whose responses cost money or time of others: what is in flight should not be thrown away."""

    def stop(self) -> None:
        """Send no further request, for good; what is in flight still comes out of :meth:`Model.respond`, which ends."""
        ...


@runtime_checkable
class CheckableModel(Protocol):
    """A model behind a server, which can be asked what it is able to do before a run."""

    def check(self) -> Sequence[Check]:
        """Try everything that a run would need, in order.

        Raises:
            ModelError: The server cannot be used at all.
        """
        ...
