"""The values that flow through a run, frozen, in the order in which they are made.

They stand on the lowest floor so that every room can speak of them without
importing another room: requests go to a model, responses come back, records
and results are written down.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from proctor.display import NamedScores

Doc: TypeAlias = Mapping[str, Any]
"""One document: a row of a data set, JSON-like values under column names."""

Role: TypeAlias = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt and the delimiter that follows it in plain (not chat) rendering."""

    role: Role
    content: str
    delimiter: str = ""


# -- requests and responses
#
# Everything that the rooms must know of a kind of request stands in its class, under the same names for each kind, so
# that nobody outside switches on the kind: ``kind``, ``count``, ``arguments``, ``texts`` and ``is_sampled`` of a
# request; ``values`` and ``has_nan`` of a response. A table beside the classes was weighed: it would say the same
# with one more lookup per request, and no type checker would know which row belongs to which class.
#
# Invariant: a response has as many ``values`` as its request has ``arguments``, in the same order.


RequestKind: TypeAlias = Literal["loglikelihood", "loglikelihood_rolling", "generate_until"]
"""lm-eval's names for the kinds of requests."""


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
        return tuple((self.context, continuation) for continuation in self.continuations)

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

    prompt: str
    kwargs: Mapping[str, Any]

    @property
    def arguments(self) -> tuple[tuple[Any, ...], ...]:
        """Prompt and generation arguments."""
        return ((self.prompt, self.kwargs),)

    @property
    def texts(self) -> tuple[str, ...]:
        """The prompt."""
        return (self.prompt,)

    @property
    def is_sampled(self) -> bool:
        """Whether two responses can differ; a greedy request is sent once, however many repeats are wanted."""
        if not self.kwargs:
            return False
        do_sample = self.kwargs.get("do_sample")
        return bool(do_sample) if do_sample is not None else float(self.kwargs.get("temperature") or 0.0) > 0.0


Request: TypeAlias = Loglikelihood | Rolling | Generate


@dataclass(frozen=True, slots=True)
class Scores:
    """One ``(log-probability in nats, is greedy)`` pair per continuation, in order."""

    values: tuple[tuple[float, bool], ...]

    @property
    def has_nan(self) -> bool:
        """Whether a log-probability is NaN."""
        return any(math.isnan(logprob) for logprob, _ in self.values)


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


@dataclass(frozen=True, slots=True)
class Text:
    """Generated text, cut at the first stop string.

    ``has_nan``: the logits of one of its tokens were NaN, so that the text means nothing; it is not stored.
    """

    text: str
    has_nan: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        """The text alone."""
        return (self.text,)


Response: TypeAlias = Scores | RollingScore | Text


@dataclass(frozen=True, slots=True)
class Query:
    """One request of one document: what the store keys and the model answers.

    ``index`` counts the document's requests, ``repeat`` the repetitions of a sampled one.
    """

    task: str
    doc_id: int
    index: int
    repeat: int
    request: Request


@dataclass(frozen=True, slots=True)
class Origin:
    """What a request is about, for the classes of scripts, which may look at it; proctor's own models never see it."""

    task: str
    doc_id: int
    doc: Doc
    repeats: int


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

    @property
    def identity(self) -> Mapping[str, Any] | None:
        """Everything that this model's answers depend on, JSON-like; None: they are never stored.

        What stands under ``"scoring"`` matters to scores alone, what stands under ``"generation"``
        to generated texts alone.
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


@dataclass(frozen=True, slots=True)
class Record:
    """One document under one filter pipeline: what a line of the samples file says.

    ``arguments``: per request the tuple of its arguments as lm-eval counts them (one per
    continuation). ``responses``: per such request the list of its repeats' raw values.
    ``error``: why it has no metrics, where grading it failed; it is left out of its task's figures.
    """

    task: str
    doc_id: int
    doc: Doc
    target: Any
    arguments: tuple[tuple[Any, ...], ...]
    responses: tuple[tuple[Any, ...], ...]
    filtered: tuple[Any, ...]
    filter: str
    metrics: Mapping[str, Any]
    error: str | None = None

    def __repr__(self) -> str:
        scores = ", ".join(f"{name} {str(value)[:20]}" for name, value in self.metrics.items())
        return f"<Record {self.task} {self.doc_id}: {self.error or scores or 'no scores'}>"


@dataclass(frozen=True, slots=True)
class DocumentError:
    """A document that could not be graded under one filter pipeline, and why (one line).

    ``doc_id`` None: no single document; a metric of the whole task could not be aggregated.
    """

    task: str
    doc_id: int | None
    filter: str
    why: str


@dataclass(frozen=True, slots=True)
class UngradedDocuments:
    """What a task could not grade: ``documents`` of ``asked``, and the first errors."""

    task: str
    documents: int
    asked: int
    first: tuple[DocumentError, ...]


ErrorMethod: TypeAlias = Literal["proportion", "mean", "formula", "bootstrap", "pooled", "unweighted"]
"""How a standard error and an interval were computed: see "How sure a score is" in ``docs/results.md``."""


@dataclass(frozen=True, slots=True)
class Value:
    """The score of a task or group, and how sure it is.

    Attributes:
        value: What the metric's aggregation gave.
        stderr: Its standard error; None: not available, and neither are ``method`` and ``interval``.
        n: The documents whose values entered; None: not known.
        method: How ``stderr`` and ``interval`` were computed.
        interval: The lower and the upper end of a 95 % interval; None where none can be given honestly.
    """

    value: Any
    stderr: float | None = None
    n: int | None = None
    method: ErrorMethod | None = None
    interval: tuple[float, float] | None = None

    def __repr__(self) -> str:
        from proctor.display import value_repr

        return value_repr(self)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One task's scores. ``values`` is keyed by ``(metric, filter)`` in reporting order."""

    name: str
    alias: str
    version: Any
    n_shot: int
    n_original: int
    n_effective: int
    sample_len: int
    values: Mapping[tuple[str, str], Value]
    higher_is_better: Mapping[str, bool | None]
    config: Mapping[str, Any]

    def __repr__(self) -> str:
        from proctor.display import scores_text

        return f"<TaskResult {self.name}: {scores_text(self.values)}>"


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One group: its direct children and, where the group aggregates, its scores.

    ``sample_count`` has one entry per ``(metric, filter)``: the summed sizes of the leaves.
    """

    name: str
    alias: str
    version: str
    children: tuple[str, ...]
    values: Mapping[tuple[str, str], Value] = field(default_factory=dict)
    sample_len: int | None = None
    sample_count: Mapping[tuple[str, str], int] = field(default_factory=dict)
    higher_is_better: Mapping[str, bool | None] = field(default_factory=dict)
    n_shot: int | None = None

    def __repr__(self) -> str:
        from proctor.display import scores_text

        return f"<GroupResult {self.name}: {scores_text(self.values)}>"


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything a run has to tell, ready to be written by :mod:`proctor.results`.

    ``tasks`` are in load order, ``groups`` children first. ``config`` is the ``config``
    section of lm-eval's results file; ``extra`` holds the other top-level keys that depend
    on the model or the flags (tokenizer facts, chat template, system instruction, ...).
    ``started``: unix time in seconds. ``seconds``: duration. ``failed``: what could not be graded, by task.
    ``not_a_number``: by task, on how many documents the model gave NaN instead of a number or a text.
    ``hashes``: ``task_hashes`` of records that were written down and are not here any more.
    ``results_file``: where the results were written. ``output_error``: which files could not be written, and why.

    ``result["arc_easy"]["acc"]`` is a number with ``.stderr``; ``result.to_frame()`` a table of pandas;
    a notebook shows a table.
    """

    tasks: tuple[TaskResult, ...]
    groups: tuple[GroupResult, ...]
    records: Mapping[str, Sequence[Record]]
    config: Mapping[str, Any]
    extra: Mapping[str, Any]
    started: float
    seconds: float
    failed: tuple[UngradedDocuments, ...] = ()
    not_a_number: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    results_file: str | None = None
    output_error: str | None = None

    def __getitem__(self, name: str) -> NamedScores:
        """The scores of a task or group: ``result["arc_easy"]["acc"]``."""
        from proctor.display import scores_of

        return scores_of(self, name)

    def __iter__(self) -> Iterator[str]:
        """The names of groups and tasks."""
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def keys(self) -> Sequence[str]:
        """The names of groups and tasks."""
        return list(dict.fromkeys(part.name for part in (*self.groups, *self.tasks)))

    def to_frame(self) -> Any:
        """All scores as a ``pandas.DataFrame``, a row each."""
        from proctor.display import result_frame

        return result_frame(self)

    def __repr__(self) -> str:
        from proctor.display import result_text

        return result_text(self)

    def _repr_html_(self) -> str:
        from proctor.display import result_html

        return result_html(self)
