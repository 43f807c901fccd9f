"""What a task is, as a frozen value: the keys of its YAML, checked, with lm-eval's defaults.

Building a spec reads no data and runs no task code: functions are :class:`~proctor.refs.Ref`
values until a :class:`~proctor.tasks.task.Task` binds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from proctor.errors import Finding, TaskError, UsageError
from proctor.secrets import note
from proctor.tasks.check import check_config, error_at
from proctor.tasks.use_prompt import NamedPrompt, named_prompt
from proctor.types import OutputType

DEFAULT_GENERATION: Mapping[str, Any] = {"temperature": 0.0, "do_sample": False, "max_gen_toks": 256}
TOKEN_LIMIT_KEYS = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
"""Names of one thing; where several are given the first of these counts (lm-eval)."""


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
    """One task. ``metrics`` and ``filters`` None: the output type's defaults.

    ``made_by``: the class of a ``class:`` task, which knows the rest; what stands here is the
    YAML's until :class:`~proctor.tasks.class_task.ClassTask` has made it. ``strict``: its documents are
    measured as lm-eval measures them, also where that is held to be wrong.
    """

    name: str
    alias: str
    output: OutputType
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
    raw: Mapping[str, Any]
    places: Mapping[tuple[str | int, ...], Any] = field(default_factory=dict)
    predict_only: bool = False
    strict: bool = False
    made_by: Any = None
    asked: RunOverrides | None = None

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


def build_task(node: Node, metadata: Mapping[str, Any] | None = None, *, to_ask: bool = True) -> TaskSpec:
    """Check a task's configuration and build its spec, or raise :class:`TaskError` with all its errors.

    ``to_ask`` False: see :func:`~proctor.tasks.check.check_config`.
    ``metadata``: ``--model_args`` and ``--metadata`` of the run, merged over the task's own (lm-eval).
    """
    errors = check_config(node, to_ask=to_ask)
    if errors:
        raise TaskError(errors)
    return assemble_task(node, metadata)


def assemble_task(node: Node, metadata: Mapping[str, Any] | None = None) -> TaskSpec:
    """The spec of a configuration that has been checked."""
    config = node.config
    made_by = config.get("class")
    if made_by is not None:
        # The rest of the file is the class's own business.
        config = {key: config[key] for key in ("task_alias", "metadata") if key in config}
    own = config.get("metadata")
    note([config.get("dataset_kwargs"), own])
    merged = dict(own) if isinstance(own, Mapping) else ({} if own is None else {"_metadata": own})
    merged = {**merged, **(metadata or {}), "config_source": node.file or "inline"}
    prompt = _prompt(node, config)
    return TaskSpec(
        name=node.name,
        alias=str(config.get("task_alias") or node.name),
        output=config.get("output_type") or "generate_until",
        data=_data(config, node.file),
        prompt=prompt,
        description=config.get("description") or "",
        fewshot=_fewshot(config, prompt),
        metrics=None if config.get("metric_list") is None else tuple(config["metric_list"]),
        filters=None if config.get("filter_list") is None else tuple(config["filter_list"]),
        generation=fill_generation(config, prompt.fewshot_delimiter),
        process_results=config.get("process_results"),
        repeats=config.get("repeats") or 1,
        unsafe=bool(config.get("unsafe_code")),
        version=merged.get("version", "Yaml"),
        metadata=merged,
        file=node.file,
        raw=node.config,
        places=node.places,
        made_by=made_by,
    )


def _data(config: Mapping[str, Any], file: str | None) -> DataSpec:
    # lm-eval: a task may still say trust_remote_code; data sets that run code no longer load anywhere.
    kwargs = {key: value for key, value in (config.get("dataset_kwargs") or {}).items() if key != "trust_remote_code"}
    return DataSpec(
        path=config.get("dataset_path"),
        name=config.get("dataset_name"),
        kwargs=kwargs,
        custom=config.get("custom_dataset"),
        training_split=config.get("training_split"),
        validation_split=config.get("validation_split"),
        test_split=config.get("test_split"),
        process_docs=config.get("process_docs"),
        folder=None if file is None else str(file).rpartition("/")[0] or ".",
    )


def _prompt(node: Node, config: Mapping[str, Any]) -> PromptSpec:
    text, target, choice = (config.get(key) for key in ("doc_to_text", "doc_to_target", "doc_to_choice"))
    if config.get("use_prompt") is not None:
        named = named_prompt_of(node, config)
        text = named.text
        target = target if named.target is None else named.target
        choice = choice if named.choice is None else named.choice
    return PromptSpec(
        text=text,
        target=target,
        choice=choice,
        gen_prefix=config.get("gen_prefix"),
        target_delimiter=_text_or(config.get("target_delimiter"), " "),
        fewshot_delimiter=_text_or(config.get("fewshot_delimiter"), "\n\n"),
    )


def named_prompt_of(node: Node, config: Mapping[str, Any]) -> NamedPrompt:
    """What the ``use_prompt`` of ``config`` stands for; a name that does not exist is an error with its line."""
    folder = None if node.file is None else str(node.file).rpartition("/")[0] or "."
    try:
        return named_prompt(config["use_prompt"], config.get("dataset_path"), config.get("dataset_name"), folder)
    except UsageError as error:
        raise TaskError(error_at("task", node, error.message, ("use_prompt",), error.hint)) from error


def _text_or(value: str | None, default: str) -> str:
    return default if value is None else value


def _fewshot(config: Mapping[str, Any], prompt: PromptSpec) -> FewshotSpec:
    """The few-shot configuration: what it does not say is the task's own (lm-eval)."""
    own: Mapping[str, Any] = config.get("fewshot_config") or {}

    def pick(key: str, default: Any) -> Any:
        # lm-eval: what a prompt named by use_prompt says, it says for the examples too.
        named = config.get("use_prompt") is not None and key in ("doc_to_text", "doc_to_target")
        if named and default is not config.get(key):
            return default
        return own[key] if key in own and own[key] is not None else default

    shots = PromptSpec(
        text=pick("doc_to_text", prompt.text),
        target=pick("doc_to_target", prompt.target),
        # lm-eval: an explicit null takes the choices away from the examples.
        choice=own.get("doc_to_choice", prompt.choice),
        gen_prefix=own.get("gen_prefix", prompt.gen_prefix),
        target_delimiter=pick("target_delimiter", prompt.target_delimiter),
        fewshot_delimiter=pick("fewshot_delimiter", prompt.fewshot_delimiter),
    )
    indices = own.get("fewshot_indices")
    return FewshotSpec(
        n=config.get("num_fewshot"),
        split=own.get("split", config.get("fewshot_split")),
        process_docs=own.get("process_docs", config.get("process_docs")),
        sampler=pick("sampler", "default"),
        samples=own.get("samples"),
        prompt=shots,
        indices=None if indices is None else tuple(indices),
    )


def fill_generation(config: Mapping[str, Any], fewshot_delimiter: str) -> Mapping[str, Any] | None:
    """``generation_kwargs`` with lm-eval's defaults; the order of keys is part of samples and cache keys."""
    given = config.get("generation_kwargs")
    if given is None:
        if (config.get("output_type") or "generate_until") != "generate_until":
            return None
        return {**DEFAULT_GENERATION, "until": [fewshot_delimiter]}
    kwargs = dict(given)
    if "temperature" in kwargs:
        kwargs["temperature"] = float(kwargs["temperature"])
    kwargs.setdefault("until", [fewshot_delimiter])
    return kwargs


def override(
    spec: TaskSpec,
    *,
    num_fewshot: int | None = None,
    gen_kwargs: Mapping[str, Any] | None = None,
    predict_only: bool = False,
    fewshot_exclude: str = "lm_eval",
    strict: bool = False,
) -> TaskSpec:
    """The spec under the run's own settings.

    lm-eval: a task that says ``num_fewshot: 0`` keeps it whatever the user asks. A token limit
    in ``gen_kwargs`` replaces the task's under whichever of its names the task wrote it. ``strict``:
    not so in lm-eval, which also reads ``fewshot_indices`` and forgets them.
    """
    spec = replace(spec, strict=strict)
    shots = replace(spec.fewshot, exclude=fewshot_exclude, indices=None if strict else spec.fewshot.indices)
    spec = replace(spec, fewshot=shots)
    if spec.made_by is not None:
        asked = RunOverrides(num_fewshot=num_fewshot, gen_kwargs=gen_kwargs or {})
        return replace(spec, asked=asked, predict_only=predict_only)
    if num_fewshot is not None and spec.fewshot.n != 0:
        spec = replace(spec, fewshot=replace(spec.fewshot, n=num_fewshot))
    if gen_kwargs and spec.output == "generate_until":
        kept = dict(spec.generation or {})
        asked_for = [key for key in TOKEN_LIMIT_KEYS if key in gen_kwargs]
        if asked_for and not strict:
            stronger = TOKEN_LIMIT_KEYS[: TOKEN_LIMIT_KEYS.index(asked_for[0])]
            kept = {key: value for key, value in kept.items() if key not in stronger}
        spec = replace(spec, generation={**kept, **gen_kwargs})
    if predict_only:
        spec = replace(spec, predict_only=True, metrics=({"metric": "bypass"},), process_results=None)
    return spec
