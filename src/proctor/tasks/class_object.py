"""An object with lm-eval's task methods: made from its class, configured by a run, and read.

Which class it descends from does not matter: whatever it has of lm-eval's attributes is taken, and what it has not is
filled in as lm-eval does.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from proctor.errors import DataError
from proctor.filters.pipeline import Pipeline, Step, build_pipelines
from proctor.tasks.class_errors import errors_of_class
from proctor.tasks.data import Documents
from proctor.tasks.fields import bind, bind_all
from proctor.tasks.generation_kwargs import TOKEN_LIMIT_KEYS
from proctor.tasks.output_types.table import DEFAULT_OUTPUT_TYPE, OUTPUT_TYPES
from proctor.tasks.spec import RunOverrides, TaskSpec

log = logging.getLogger("proctor")


def make_object(spec: TaskSpec) -> Any:
    """What the class of a ``class:`` task makes, called as lm-eval calls it."""
    made_by = bind(spec.made_by)
    config = {**bind_all(spec.raw), "metadata": dict(spec.metadata)}
    with errors_of_class(spec):
        # By its signature and not by trying: a TypeError raised inside of the constructor would look like a wrong call.
        made = made_by(config=config) if _takes_config(made_by) else made_by()
        own: Any = getattr(made, "config", None)
        if hasattr(own, "task"):
            own.task = spec.name
    return made


def _takes_config(made_by: Any) -> bool:
    try:
        return "config" in inspect.signature(made_by.__init__).parameters
    except (AttributeError, TypeError, ValueError):
        return False


def call_method(made: Any, method: str) -> Any:
    """What a method without arguments returns; None where the object has none of that name."""
    value = getattr(made, method, None)
    return value() if callable(value) else None


def _config_of(made: Any) -> Mapping[str, Any]:
    """The object's own configuration as a mapping; what it leaves empty is not there."""
    config = getattr(made, "config", None)
    values = vars(config) if hasattr(config, "__dict__") else config
    return {key: value for key, value in dict(values or {}).items() if value is not None}


def apply_overrides(made: Any, spec: TaskSpec) -> None:
    """Write what the run asks for into the object's configuration, by lm-eval's rules."""
    overrides = spec.overrides or RunOverrides()
    own = _config_of(made)
    if overrides.gen_kwargs and _generates(own):
        own_kwargs = dict(own.get("generation_kwargs") or {})
        if not spec.strict and any(key in overrides.gen_kwargs for key in TOKEN_LIMIT_KEYS):
            own_kwargs = {key: value for key, value in own_kwargs.items() if key not in TOKEN_LIMIT_KEYS}
        # A token limit of the run replaces the task's under all of its names; which of several counts depends on the
        # kind of model, and a class merges nothing itself.
        _set(made, "generation_kwargs", {**own_kwargs, **overrides.gen_kwargs})
    if overrides.num_fewshot is not None and own.get("num_fewshot") != 0:
        _set(made, "num_fewshot", overrides.num_fewshot)
    # lm-eval: None becomes 0 only here, after the run had its say.
    elif own.get("num_fewshot") is None:
        _set(made, "num_fewshot", 0)
    if spec.fewshot.exclude == "always":
        if hasattr(made, "exclude_evaluated"):
            made.exclude_evaluated()
        elif _config_of(made).get("num_fewshot"):
            log.warning("Task '%s' chooses its examples itself: --fewshot_exclude has no effect on it.", spec.name)


def _generates(own: Mapping[str, Any]) -> bool:
    """Whether the configuration of an object names an output type that generates."""
    output = OUTPUT_TYPES.get(str(own.get("output_type")))
    return output is not None and output.generates


def _set(made: Any, key: str, value: Any) -> None:
    if hasattr(made, "set_config"):
        made.set_config(key=key, value=value)
    elif getattr(made, "config", None) is not None:
        setattr(made.config, key, value)


def spec_of_object(made: Any, spec: TaskSpec) -> TaskSpec:
    """The spec with what the object says of itself."""
    own = _config_of(made)
    output = own.get("output_type") or getattr(made, "OUTPUT_TYPE", None)
    wanted = (spec.overrides or RunOverrides()).num_fewshot
    shots = own.get("num_fewshot") if own else wanted
    return replace(
        spec,
        alias=str(own.get("task_alias") or spec.alias),
        output=output if output in OUTPUT_TYPES else DEFAULT_OUTPUT_TYPE,
        fewshot=replace(spec.fewshot, n=shots or 0),
        generation=own.get("generation_kwargs"),
        repeats=own.get("repeats") or 1,
        unsafe=bool(getattr(made, "UNSAFE_CODE", False)),
        version=getattr(made, "VERSION", None),
        metadata=own.get("metadata") or {},
        filters=None if own.get("filter_list") is None else tuple(own["filter_list"]),
    )


def pipelines_of_object(made: Any, spec: TaskSpec) -> tuple[Pipeline, ...]:
    """The object's filter ensembles (a name and makers of filters), else its ``filter_list``."""
    ensembles = getattr(made, "_filters", None)
    if not ensembles:
        return build_pipelines(spec.filters)
    return tuple(
        Pipeline(str(one.name), tuple(Step(make, {}, _label(make)) for make in one.filters)) for one in ensembles
    )


def _label(make: Any) -> str:
    return getattr(getattr(make, "func", make), "__name__", str(make))


def documents_of_object(made: Any, spec: TaskSpec) -> Documents:
    """What is evaluated, read once: the test documents, else the validation documents."""
    rows = getattr(made, "eval_docs", None)
    if rows is None:
        rows = made.test_docs() if made.has_test_docs() else made.validation_docs()
    documents = Documents(rows if hasattr(rows, "__len__") else list(rows or ()))
    if len(documents) == 0:
        raise DataError(f"Task '{spec.name}': its class gave no document.")
    return documents
