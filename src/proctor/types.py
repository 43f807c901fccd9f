"""The values that flow through a run, frozen, in the order in which they are made.

They stand on the lowest floor so that every room can speak of them without importing another room: requests go to a
model, responses come back, records and results are written down.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from proctor.messages import Prompt, prompt_texts, written_prompt

Doc: TypeAlias = Mapping[str, Any]
"""One document: a row of a data set, JSON-like values under column names."""


# -- requests and responses
#
# Everything that the rooms must know of a kind of request stands in its class, under the same names for each kind, so
# that nobody outside switches on the kind: ``kind``, ``count``, ``arguments``, ``texts`` and ``is_sampled`` of a
# request; ``values`` and ``has_nan`` of a response. A table beside the classes was weighed: it would say the same
# with one more lookup per request, and no type checker would know which row belongs to which class.
#
# Invariant: a response has as many ``values`` as its request has ``arguments``, in the same order; a refusal has none.


RequestKind: TypeAlias = Literal["loglikelihood", "loglikelihood_rolling", "generate_until", "multiple_choice"]
"""lm-eval's names for the kinds of requests; it has no ``multiple_choice``, which is :class:`Choose`."""


@dataclass(frozen=True, slots=True)
class Loglikelihood:
    """Score each continuation after one shared context; the response is :class:`Scores`."""

    kind: ClassVar[RequestKind] = "loglikelihood"
    is_sampled: ClassVar[bool] = False

    context: str
    continuations: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many requests this is as lm-eval counts them: one for each continuation."""
        return len(self.continuations)

    @property
    def arguments(self) -> tuple[tuple[Any, ...], ...]:
        """The arguments of each request as lm-eval counts them: context and continuation."""
        return tuple([(self.context, continuation) for continuation in self.continuations])

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts that a model reads."""
        return (self.context, *self.continuations)


@dataclass(frozen=True, slots=True)
class Rolling:
    """Score a whole text from its first token on; the response is :class:`RollingScore`."""

    kind: ClassVar[RequestKind] = "loglikelihood_rolling"
    is_sampled: ClassVar[bool] = False
    count: ClassVar[int] = 1

    text: str

    @property
    def arguments(self) -> tuple[tuple[Any, ...], ...]:
        """The text alone."""
        return ((self.text,),)

    @property
    def texts(self) -> tuple[str, ...]:
        """The text."""
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Generate:
    """Generate after a prompt; ``kwargs`` are the task's ``generation_kwargs`` as written."""

    kind: ClassVar[RequestKind] = "generate_until"
    count: ClassVar[int] = 1

    prompt: Prompt
    kwargs: Mapping[str, Any]

    @property
    def arguments(self) -> tuple[tuple[Any, ...], ...]:
        """Prompt and generation arguments; a chat is a list of ``{role, content}``, as it is written to files."""
        return ((written_prompt(self.prompt), self.kwargs),)

    @property
    def texts(self) -> tuple[str, ...]:
        """The prompt, or the contents of its messages."""
        return prompt_texts(self.prompt)

    @property
    def is_sampled(self) -> bool:
        """Whether two responses can differ; a greedy request is sent once, however many repeats are wanted."""
        if not self.kwargs:
            return False
        do_sample = self.kwargs.get("do_sample")
        return bool(do_sample) if do_sample is not None else float(self.kwargs.get("temperature") or 0.0) > 0.0


ChoiceRoute: TypeAlias = Literal["letters", "constrained", "text"]
"""How a model that scores no continuations chooses: by the log-probabilities of labels as the first token of its reply,
by a reply that can only be a label, or by a free reply that is read."""


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose one of the options that a prompt shows; the response is :class:`Choice`.

    It is sent to models that give no log-probabilities of continuations.

    Attributes:
        prompt: The question, with its options and their labels.
        labels: The label of each option, in order.
        options: The options' texts in that order; empty where they are not known.
        route: How; ``auto``: by the first that the model can take.
    """

    kind: ClassVar[RequestKind] = "multiple_choice"
    is_sampled: ClassVar[bool] = False
    count: ClassVar[int] = 1

    prompt: Prompt
    labels: tuple[str, ...]
    options: tuple[str, ...] = ()
    route: ChoiceRoute | Literal["auto"] = "auto"

    @property
    def arguments(self) -> tuple[tuple[Any, ...], ...]:
        """The prompt, and which label stands for which option."""
        shown = {"labels": list(self.labels), "options": list(self.options), "mc": self.route}
        return ((written_prompt(self.prompt), shown),)

    @property
    def texts(self) -> tuple[str, ...]:
        """The prompt, or the contents of its messages."""
        return prompt_texts(self.prompt)


Request: TypeAlias = Loglikelihood | Rolling | Generate | Choose


@dataclass(frozen=True, slots=True)
class Scores:
    """One ``(log-probability in nats, is greedy)`` pair per continuation, in order.

    Attributes:
        values: The pairs.
        tokens: Of each continuation, its tokens as they were scored; None where the model does not know. Like the usage
            of a text they are no part of what the response is.
    """

    values: tuple[tuple[float, bool], ...]
    tokens: tuple[int, ...] | None = field(default=None, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # Many travel between processes: what dataclasses do for a slotted one takes three times as long.
        return Scores, (self.values, self.tokens)

    @property
    def has_nan(self) -> bool:
        """Whether a log-probability is NaN."""
        total = sum([logprob for logprob, _ in self.values])  # NaN makes the sum NaN
        return total != total and any(math.isnan(logprob) for logprob, _ in self.values)


@dataclass(frozen=True, slots=True)
class RollingScore:
    """Log-probability of the whole text, in nats."""

    logprob: float

    @property
    def values(self) -> tuple[float, ...]:
        """The log-probability alone."""
        return (self.logprob,)

    @property
    def has_nan(self) -> bool:
        """Whether it is NaN."""
        return math.isnan(self.logprob)


Finish: TypeAlias = Literal["stop", "length", "filter"]
"""Why a text ended: at a stop string or an end-of-text token; at the number of tokens that it may have; by the filter
of whoever serves the model."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one text.

    Attributes:
        prompt: Tokens of the prompt, as the model read it.
        cached: Those of them that were computed for another prompt already.
        new: Tokens of the text, the one that ended it included.
        reasoning: Those of the new ones that were thoughts, where the model counts them apart.
        written: Those of the prompt that were written to a server's prompt cache, where that has its own price.
    """

    prompt: int
    cached: int
    new: int
    reasoning: int = 0
    written: int = 0

    def plus(self, other: Usage) -> Usage:
        """The sum of both, count by count."""
        cached, written = self.cached + other.cached, self.written + other.written
        new, reasoning = self.new + other.new, self.reasoning + other.reasoning
        return Usage(self.prompt + other.prompt, cached, new, reasoning, written)


@dataclass(frozen=True, slots=True)
class Text:
    """Generated text, cut at the first stop string.

    Attributes:
        text: The text.
        finish: Why it ended; None where the model does not know.
        usage: Its tokens; None where the model does not know. What a text has cost is no part of what it is: two that
            differ in nothing else are equal.
        has_nan: The logits of one of its tokens were NaN, so that the text means nothing; it is not stored.
    """

    text: str
    finish: Finish | None = None
    usage: Usage | None = field(default=None, compare=False)
    has_nan: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """The text alone."""
        return (self.text,)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which option a model chose, and what it wrote. ``proctor.answers.read_choice`` makes it.

    Attributes:
        picked: The option's position; None: no option could be read.
        how: By what it was found, or why not.
        route: How the model was made to choose.
        text: The reply.
        finish: Why it ended; None where that is not known.
        usage: Its tokens; None where they are not known.
        logprobs: Of each label as the first token of the reply, all its spellings together, in nats.
        unseen: Positions of labels that were not among the tokens given; their ``logprobs`` are upper bounds.
        label_mass: The probability of all labels that were given; None where no log-probabilities are known.
    """

    picked: int | None
    how: str
    route: ChoiceRoute
    text: str
    finish: Finish | None = None
    usage: Usage | None = field(default=None, compare=False)
    logprobs: tuple[float, ...] | None = None
    unseen: tuple[int, ...] = ()
    label_mass: float | None = None

    @property
    def values(self) -> tuple[tuple[Any, ...], ...]:
        """All but the usage, in the order of the attributes."""
        shown = (self.picked, self.how, self.route, self.text, self.finish, self.logprobs, self.unseen, self.label_mass)
        return (shown,)

    @property
    def has_nan(self) -> bool:
        """Whether a log-probability is NaN."""
        return any(map(math.isnan, self.logprobs or ()))


@dataclass(frozen=True, slots=True)
class Refusal:
    """One request that the model could not take, or that failed: the run goes on, its document is not graded.

    It is never stored, so that the same command sends the request again, and no other.

    Attributes:
        why: One line, for the record of the document.
        retryable: Whether the same request may succeed another time.
    """

    values: ClassVar[tuple[Any, ...]] = ()
    has_nan: ClassVar[bool] = False

    why: str
    retryable: bool = False


Response: TypeAlias = Scores | RollingScore | Text | Choice | Refusal
