"""From a task's configuration to its spec: every key checked, what it does not say filled in as lm-eval does.

Nothing is loaded or run: functions stay references.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.errors import TaskError, UsageError
from proctor.secrets import note
from proctor.tasks.check import check_config
from proctor.tasks.generation_kwargs import fill_generation
from proctor.tasks.output_types.table import output_type_name
from proctor.tasks.source_map import error_at
from proctor.tasks.spec import DataSpec, FewshotSpec, Node, PromptSpec, TaskSpec
from proctor.tasks.use_prompt import NamedPrompt, named_prompt


def build_task(node: Node, metadata: Mapping[str, Any] | None = None, *, to_evaluate: bool = True) -> TaskSpec:
    """Check a task's configuration and build its spec, or raise :class:`TaskError` with all its errors.

    ``to_ask`` False: see :func:`~proctor.tasks.check.check_config`.
    ``metadata``: ``--model_args`` and ``--metadata`` of the run, merged over the task's own (lm-eval).
    """
    errors = check_config(node, to_evaluate=to_evaluate)
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
    # Secrets in these (a token for a private data set) must not reach results or messages: noted before they are used.
    note([config.get("dataset_kwargs"), own])
    merged = dict(own) if isinstance(own, Mapping) else ({} if own is None else {"_metadata": own})
    # lm-eval: model_args and --metadata of the run come over the task's own metadata, and are part of its
    # configuration.
    merged = {**merged, **(metadata or {}), "config_source": node.file or "inline"}
    prompt = _prompt(node, config)
    return TaskSpec(
        name=node.name,
        alias=str(config.get("task_alias") or node.name),
        output=output_type_name(config),
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
