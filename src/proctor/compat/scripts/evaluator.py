"""``lm_eval.evaluator``: ``simple_evaluate`` and ``evaluate`` as faces of proctor's own run.

Arguments, their defaults and the returned dictionary are lm-eval's; what happens in between is
:mod:`proctor.run.session`.
"""

# simple_evaluate(...) in proctor's ten steps
# -------------------------------------------
#   arguments        -> RunConfig (_config); what has no effect is said, nothing is ignored in silence
#   model            -> a name: the run opens it;  LM object: LMModel;  HFLM unchanged: proctor's engine underneath
#   tasks            -> names, mappings, objects in any mixture (run.exam.gather)
#   session.evaluate -> RunResult
#   RunResult        -> lm-eval's dictionary (results.schema, then what lm-eval repeats as it was given)
#
# One engine scores: there is no second loop here that could give other numbers. Three things differ from a run of the
# command line, as they do in lm-eval: no store unless ``use_cache``, the first error raises, samples are in memory.
#
# lm-eval: under a launcher each rank gets a part of the documents, and all but rank 0 return None. Here they respond
# for rank 0 until its script ends, as in proctor.evaluate: nothing is computed twice, and what follows runs once.

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from proctor.compat.errors import raises_built_in
from proctor.compat.scripts.lm_model import LMModel, as_model
from proctor.compat.scripts.manager import TaskManager
from proctor.compat.scripts.model import LM, CachingLM
from proctor.compat.scripts.patched_names import load_items, model_class_of
from proctor.compat.scripts.task_dicts import flatten, with_groups
from proctor.errors import UsageError
from proctor.models.protocols import Model
from proctor.records import Record
from proctor.results.env import environment
from proctor.results.redact import redact, redact_text
from proctor.results.schema import ENVIRONMENT_KEYS, TOKENIZER_KEYS, results_document, sample_line
from proctor.run import session
from proctor.run.exam import gather
from proctor.run.finish import check_output
from proctor.run.progress import open_progress
from proctor.run.script_ranks import ranks_opener
from proctor.run_result import RunResult
from proctor.settings.config import RunConfig, Seeds, build_config
from proctor.settings.kwargs import parse_pairs
from proctor.tasks.class_task import from_object

if TYPE_CHECKING:
    from proctor.compat.scripts.evaluation_tracker import EvaluationTracker


log = eval_logger = logging.getLogger("proctor")

SCORES = (*("results", "groups", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better", "n-samples"),)


@raises_built_in
def simple_evaluate(
    model: str | LM | Model,
    model_args: str | dict[str, Any] | None = None,
    tasks: Sequence[Any] | None = None,
    num_fewshot: int | None = None,
    batch_size: int | str | None = None,
    max_batch_size: int | None = None,
    device: str | None = None,
    use_cache: str | None = None,
    cache_requests: bool = False,
    rewrite_requests_cache: bool = False,
    delete_requests_cache: bool = False,
    limit: int | float | None = None,
    samples: dict[str, list[int]] | None = None,
    bootstrap_iters: int = 100_000,
    check_integrity: bool = False,
    write_out: bool = False,
    log_samples: bool = True,
    evaluation_tracker: EvaluationTracker | None = None,
    system_instruction: str | None = None,
    apply_chat_template: bool | str = False,
    fewshot_as_multiturn: bool = True,
    gen_kwargs: str | dict[str, Any] | None = None,
    task_manager: TaskManager | None = None,
    verbosity: Any = None,
    predict_only: bool = False,
    random_seed: int | None = 0,
    numpy_random_seed: int | None = 1234,
    torch_random_seed: int | None = 1234,
    fewshot_random_seed: int | None = 1234,
    confirm_run_unsafe_code: bool = False,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Evaluate a model on tasks and return lm-eval's dictionary.

    ``model``: a name for ``--model``, or a model object. ``tasks``: names, configurations as
    mappings, task objects. Raises the errors of :mod:`proctor.errors`. Under a launcher (``torchrun`` and others)
    all ranks compute a model that is named, and ranks other than 0 do not come back: they end with rank 0.
    """
    given = dict(locals())
    requested = _requested(tasks)
    config = _config(given)
    opener = ranks_opener(config) if isinstance(model, str) and model_class_of(model) is None else None
    check_output(getattr(evaluation_tracker, "output_path", None))
    _warn_of_no_effect(given)
    session.seed_everything(config.seed)
    opened = _open(model, given)
    index = None if task_manager is None else task_manager.index
    items, groups = load_items(requested, task_manager)
    items = [str(item) if isinstance(item, Path) else item for item in items]
    exam = with_groups(gather(config, items, open_progress, index=index), groups)
    if evaluation_tracker is not None:
        evaluation_tracker.general_config_tracker.log_experiment_args(
            model_source=model if isinstance(model, str) else "CUSTOM",
            model_args=model_args or "",
            system_instruction=system_instruction,
            chat_template=opened.chat_template(apply_chat_template) if apply_chat_template and opened else None,
            fewshot_as_multiturn=fewshot_as_multiturn,
        )
    result = session.evaluate(
        config,
        progress=open_progress,
        bootstrap_iters=bootstrap_iters,
        keep_records=log_samples or predict_only,
        opened=opened,
        opener=opener,
        exam=exam,
    )
    return _whole(result, given)


def _requested(tasks: Any) -> list[Any]:
    requested = [tasks] if isinstance(tasks, str | Path | Mapping) else list(tasks or ())
    if not requested:
        raise UsageError("No tasks are given.", hint="TaskManager().all_tasks lists the names.")
    return requested


def _config(given: Mapping[str, Any]) -> RunConfig:
    """The run's settings; what the command line would refuse for want of an output folder is set afterwards.

    Numbers of numpy and a ``torch.device`` become what the settings take.
    """
    manager = given["task_manager"]
    named = isinstance(given["model"], str)
    keys = (
        *("num_fewshot", "batch_size", "max_batch_size", "device", "limit", "samples", "write_out", "gen_kwargs"),
        *("system_instruction", "apply_chat_template", "confirm_run_unsafe_code", "metadata"),
    )
    seeds = Seeds(*(_as_setting(given[f"{name}random_seed"]) for name in ("", "numpy_", "torch_", "fewshot_")))
    # lm-eval: an empty text is as good as none.
    settings = {key: _as_setting(given[key]) for key in keys if not _is_empty_text(given[key])}
    config = build_config(
        {
            **settings,
            "model": given["model"] if named else type(given["model"]).__name__,
            "model_args": _as_setting(given["model_args"] or {}) if named else {},
            "use_cache": (given["use_cache"] or None) if named else None,
            # lm-eval: nothing is kept between runs unless the script asks for it. A script may also have changed
            # what the answers depend on.
            "no_store": not (named and given["use_cache"]),
            "seed": seeds,
        },
        needs_tasks=False,
    )
    return replace(
        config,
        predict_only=given["predict_only"],
        # lm-eval: what a task raises, its caller gets.
        fail_fast=True,
        log_samples=given["log_samples"] or given["predict_only"],
        fewshot_as_multiturn=given["fewshot_as_multiturn"],
        metadata=config.metadata if manager is None else manager.metadata or {},
    )


def _is_empty_text(value: Any) -> bool:
    return isinstance(value, str) and not value


def _as_setting(value: Any) -> Any:
    """Numbers and arrays of numpy and torch, devices and paths as Python's own values; whatever else as it is."""
    if isinstance(value, Mapping):
        return {key: _as_setting(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_setting(item) for item in value]
    if isinstance(value, PurePath) or type(value).__name__ == "device":
        return str(value)
    return value.tolist() if hasattr(value, "tolist") else value


def _warn_of_no_effect(given: Mapping[str, Any]) -> None:
    for key in ("cache_requests", "rewrite_requests_cache", "delete_requests_cache", "check_integrity", "verbosity"):
        if given[key]:
            log.warning("simple_evaluate(%s=...) has no effect.", key)


def _open(model: Any, given: Mapping[str, Any]) -> Model | None:
    """The model that answers; None: one of proctor's own kinds, which the run opens by its name."""
    if isinstance(model, str):
        made_by = model_class_of(model)
        if made_by is None:
            return None
        run = {key: given[key] for key in ("batch_size", "max_batch_size", "device")}
        args = given["model_args"] or {}
        make = made_by.create_from_arg_string if isinstance(args, str) else made_by.create_from_arg_obj
        model = make(args, run)
    if isinstance(model, LM | CachingLM):
        own = as_model(model)
        if given["use_cache"] and isinstance(own, LMModel):
            return LMModel(CachingLM(own.lm, f"{given['use_cache']}_rank0.db"))
        return own
    if callable(getattr(model, "respond", None)):
        return model
    raise UsageError(
        f"A {type(model).__name__} is no model: it must be a name or an object of a class derived from LM.",
        hint="A transformers model is wrapped: HFLM(pretrained=model, tokenizer=tokenizer).",
    )


@raises_built_in
def evaluate(
    lm: LM | Model,
    task_dict: Mapping[Any, Any],
    limit: int | float | None = None,
    samples: dict[str, list[int]] | None = None,
    cache_requests: bool = False,
    rewrite_requests_cache: bool = False,
    bootstrap_iters: int | None = 100_000,
    write_out: bool = False,
    log_samples: bool = True,
    system_instruction: str | None = None,
    apply_chat_template: bool | str = False,
    fewshot_as_multiturn: bool = False,
    verbosity: str = "INFO",
    confirm_run_unsafe_code: bool = False,
) -> dict[str, Any]:
    """Evaluate a model on loaded tasks: what ``TaskManager.load`` or ``get_task_dict`` returned.

    Few-shot examples, metrics and the rest are as the task objects say.
    """
    tasks, groups = flatten(task_dict)
    settings = {"limit": limit, "samples": samples, "write_out": write_out}
    settings |= {"apply_chat_template": apply_chat_template, "system_instruction": system_instruction}
    config = build_config(
        {
            **settings,
            "confirm_run_unsafe_code": confirm_run_unsafe_code,
            "no_store": True,
            "seed": Seeds(None, None, None),
        },
        needs_tasks=False,
    )
    config = replace(config, log_samples=log_samples, fewshot_as_multiturn=fewshot_as_multiturn, fail_fast=True)
    exam = gather(config, [_as_task(name, made) for name, made in tasks.items()], open_progress)
    result = session.evaluate(
        config,
        progress=open_progress,
        bootstrap_iters=bootstrap_iters or 0,
        keep_records=log_samples,
        opened=_open(lm, {"use_cache": None}),
        exam=with_groups(exam, groups),
    )
    return _scores(result, results_document(result, {}, hashes=False), log_samples)


def _as_task(name: str, made: Any) -> Any:
    if not hasattr(made, "construct_requests"):
        return made
    return from_object(made, name=name, seeded=getattr(made, "fewshot_rnd", None) is not None)


def _whole(result: RunResult, given: Mapping[str, Any]) -> dict[str, Any]:
    """Scores, samples, and what was run on what."""
    document = results_document(result, environment(started=result.started), hashes=False)
    facts = (*ENVIRONMENT_KEYS, *TOKENIZER_KEYS)
    return {
        **_scores(result, document, given["log_samples"] or given["predict_only"]),
        "config": {**_with_dtype(document["config"]), **_as_given(given)},
        **{key: document[key] for key in facts if key in document},
    }


def _with_dtype(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """A run's settings, with the dtype of the weights as torch's own value, which scripts compare."""
    dtype, torch = config.get("model_dtype"), sys.modules.get("torch")
    value = getattr(torch, dtype.removeprefix("torch."), None) if isinstance(dtype, str) and dtype else None
    return config if value is None else {**config, "model_dtype": value}


def _scores(result: RunResult, document: Mapping[str, Any], log_samples: bool) -> dict[str, Any]:
    scores = {key: document[key] for key in SCORES if key in document}
    if log_samples:
        scores["samples"] = {name: [sample(record) for record in records] for name, records in result.records.items()}
    return scores


def _as_given(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that lm-eval's ``config`` repeats as they were given."""
    model, arguments = given["model"], given["model_args"]
    if isinstance(model, str):
        name, arguments = model, "" if arguments is None else arguments
    else:
        name = getattr(getattr(model, "config", None), "_name_or_path", None) or type(model).__name__
    gen_kwargs = given["gen_kwargs"]
    return {
        "model": name,
        "model_args": redact_text(arguments) if isinstance(arguments, str) else redact(arguments),
        **{key: given[key] for key in ("batch_size", "device", "use_cache", "limit", "bootstrap_iters")},
        "gen_kwargs": parse_pairs(gen_kwargs) if isinstance(gen_kwargs, str) else gen_kwargs,
    }


def sample(record: Record) -> dict[str, Any]:
    """A record as lm-eval's ``samples`` have it: values as they are, not as a file has them."""
    raw = {
        "target": record.target,
        "arguments": list(record.arguments),
        "resps": [list(repeats) for repeats in record.responses],
        "filtered_resps": list(record.filtered),
    }
    return {**sample_line(record), **raw}
