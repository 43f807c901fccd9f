"""What a task is, as a frozen value: the keys of its YAML with lm-eval's defaults.

It holds no data and no task code: functions are :class:`~proctor.refs.Ref` values until a
:class:`~proctor.tasks.task.Task` binds them. :mod:`proctor.tasks.build_spec` makes it of a task file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from proctor.errors import Finding
from proctor.tasks.source_map import error_at


class Node(Protocol):
    """What selecting a task yields: its name, its raw configuration and where each key stands."""

    @property
    def name(self) -> str:
        """The task's or group's name."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Its configuration, includes and overrides applied."""
        ...

    @property
    def file(self) -> str | None:
        """The YAML file it stands in."""
        ...

    @property
    def places(self) -> Mapping[tuple[str | int, ...], Any]:
        """File and line of every key path."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSpec:
    """Where documents come from. ``folder``: relative local paths are looked up there first."""

    path: str | None
    name: str | None
    kwargs: Mapping[str, Any]
    custom: Any
    training_split: str | None
    validation_split: str | None
    test_split: str | None
    process_docs: Any
    folder: str | None

    @property
    def eval_split(self) -> str | None:
        """The split that is evaluated: the test split, else the validation split."""
        return self.test_split if self.test_split is not None else self.validation_split


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSpec:
    """How a document becomes a question, its choices and its answer.

    ``text``, ``target``, ``choice``: a template, a column, a constant or a function.
    """

    text: Any
    target: Any
    choice: Any
    gen_prefix: str | None
    target_delimiter: str
    fewshot_delimiter: str


@dataclass(frozen=True, slots=True, kw_only=True)
# ``prompt`` is complete: what fewshot_config does not say was filled in from the task's own when the spec was built.
class FewshotSpec:
    """Which solved examples stand before the question. ``n`` None: the task does not say.

    ``exclude``: a question is kept out of its own examples by lm-eval's rule (``"lm_eval"``), or
    wherever it could be one of them (``"always"``).
    """

    n: int | None
    split: str | None
    process_docs: Any
    sampler: Any
    samples: Any
    prompt: PromptSpec
    indices: tuple[int, ...] | None = None
    exclude: str = "lm_eval"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOverrides:
    """What a run asks of a task written as a class, whose own settings are known once it is made."""

    num_fewshot: int | None = None
    gen_kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """One task. ``metrics`` and ``filters`` None: the output type's defaults. ``output``: the name of its output type.

    ``made_by``: the class of a ``class:`` task, which knows the rest; what stands here is the
    YAML's until :class:`~proctor.tasks.class_task.ClassTask` has made it. ``strict``: its documents are
    measured as lm-eval measures them, also where that is held to be wrong.
    """

    name: str
    alias: str
    output: str
    data: DataSpec
    prompt: PromptSpec
    description: str
    fewshot: FewshotSpec
    metrics: tuple[Mapping[str, Any], ...] | None
    filters: tuple[Mapping[str, Any], ...] | None
    generation: Mapping[str, Any] | None
    process_results: Any
    repeats: int
    unsafe: bool
    version: Any
    metadata: Mapping[str, Any]
    file: str | None
    # The configuration as written, for the places of errors and for keys that mean nothing here (kept for the results
    # file).
    raw: Mapping[str, Any]
    places: Mapping[tuple[str | int, ...], Any] = field(default_factory=dict)
    predict_only: bool = False
    strict: bool = False
    made_by: Any = None
    overrides: RunOverrides | None = None

    @property
    def n_shot(self) -> int:
        """Number of few-shot examples, 0 where neither the task nor the user says one."""
        return self.fewshot.n or 0

    @property
    def media(self) -> tuple[str, ...]:
        """The keys that give images or sound."""
        return tuple(key for key in ("doc_to_image", "doc_to_audio") if self.raw.get(key) and self.made_by is None)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names in ``metric_list``; a function counts under its own name."""
        return tuple(str(getattr(entry["metric"], "name", entry["metric"])) for entry in self.metrics or ())

    def error(self, message: str, *path: str | int, hint: str | None = None) -> Finding:
        """An error of this task at the line of the key ``path``."""
        return error_at("task", self, message, path, hint)
