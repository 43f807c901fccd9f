"""What a run gives: the scores of tasks and groups, and all that the results file says.

It stands on the lowest floor, as ``types`` does, so that scripts and the report read results without
importing what made them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from proctor.records import Record, UngradedDocuments

if TYPE_CHECKING:
    from proctor.display import NamedScores

ErrorMethod: TypeAlias = Literal[
    "proportion", "mean", "formula", "bootstrap", "pooled", "unweighted", "sequence", "draws"
]
"""How a standard error and an interval were computed: see "How sure a score is" in ``docs/results.md``."""


@dataclass(frozen=True, slots=True)
class ClusteredError:
    """How sure a mean is where documents belong together.

    Attributes:
        clusters: How many clusters there are.
        stderr: The standard error; None with one cluster.
        interval: At 95 %; None where none can be given.
    """

    clusters: int
    stderr: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Value:
    """The score of a task or group, and how sure it is.

    Attributes:
        value: What the metric's aggregation gave.
        stderr: Its standard error; None: not available, and neither are ``method`` and ``interval``.
        n: The documents whose values entered; None: not known.
        method: How ``stderr`` and ``interval`` were computed.
        interval: The lower and the upper end of a 95 % interval; None where none can be given honestly.
        errors: Other standard errors by name: ``finite``, as an estimate of the score of all documents that the sample
            was drawn from; ``one_draw``, with the choice of few-shot examples.
        clustered: How sure it is where documents belong together; None where they are independent.
    """

    value: Any
    stderr: float | None = None
    n: int | None = None
    method: ErrorMethod | None = None
    interval: tuple[float, float] | None = None
    errors: Mapping[str, float] = field(default_factory=dict)
    clustered: ClusteredError | None = None

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
    ``problems``: sentences on both, as the command prints them; with one its exit code is 1.
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
    problems: tuple[str, ...] = ()
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
