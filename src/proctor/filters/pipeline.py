"""A task's ``filter_list``: checked and built when the task is loaded, run when it is graded."""

# What flows through a pipeline
# -----------------------------
#   responses   [[r1, r2], [r1, r2], ...]       one list of repeats for each request of the task
#   regex       [[x1, x2], [x1, x2], ...]       steps that change each response keep the lists
#   take_first  [x1, x1, ...]                   from here on one value for each request
#
# Each pipeline begins with the model's responses, so that several read the same ones differently ("strict-match" and
# "flexible-extract" of one task), and its name is that of its scores.
#
# A request that a step could make nothing of leaves the pipeline there: later steps, whose code may be the task's, must
# not meet a value of a kind that they do not know. It comes back as a FilterFailure at its place in the end.
#
# A filter object is made anew for each run of the pipeline: filters of task folders may count or remember.

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from proctor.errors import Finding, ProctorError, TaskError, UsageError, did_you_mean, error_line
from proctor.filters.base import FilterFailure
from proctor.filters.pick import TakeFirst
from proctor.filters.table import FILTERS
from proctor.foreign import no_exit
from proctor.refs import Ref
from proctor.types import Doc


@dataclass(frozen=True, slots=True)
class Step:
    """One filter of a pipeline: what makes it, its settings, and its name for messages."""

    make: Callable[..., Any]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Filters one after the other; ``name`` is the name of the outcome in the results."""

    name: str
    steps: tuple[Step, ...]

    def apply(self, responses: Sequence[Sequence[Any]], docs: Sequence[Doc]) -> list[Any]:
        """Run the pipeline over the responses of all requests of a task.

        ``responses``: one list of repeats per request; ``docs``: the document of each request.
        One outcome per request comes back, in order; :class:`FilterFailure` where a step could make
        nothing of a request, which the steps after it then do not see.
        """
        if len(responses) != len(docs):
            raise ValueError(f"{len(responses)} requests with {len(docs)} documents")
        # A copy: a filter may change the lists that it is given, and the next pipeline begins with the same responses.
        # Of nearly all pipelines, the first step is one that only reads them.
        only_reads = bool(self.steps) and self.steps[0].make is TakeFirst
        current: list[Any] = list(responses) if only_reads else [list(repeats) for repeats in responses]
        documents = list(docs)
        places = range(len(current))
        failed: dict[int, FilterFailure] = {}
        for step in self.steps:
            current = self._run(step, current, documents)
            # The types of all outcomes together: a loop over them would cost more than most filters.
            if FilterFailure in set(map(type, current)):
                failed |= {
                    place: FilterFailure(f"the filter {step.label!r} of the pipeline {self.name!r}: {outcome.why}")
                    for place, outcome in zip(places, current, strict=True)
                    if isinstance(outcome, FilterFailure)
                }
                good = [at for at, outcome in enumerate(current) if not isinstance(outcome, FilterFailure)]
                current, documents = [current[at] for at in good], [documents[at] for at in good]
                places = [places[at] for at in good]
            if not current:
                break
        if not failed:
            return current
        whole = failed | dict(zip(places, current, strict=True))
        return [whole[place] for place in range(len(responses))]

    def _run(self, step: Step, current: list[Any], docs: list[Doc]) -> list[Any]:
        try:
            with no_exit():
                outcome = list(step.make(**step.kwargs).apply(current, docs))
        except ProctorError:
            raise
        except Exception as error:
            raise self._error(f"failed: {error_line(error)}", step) from error
        if len(outcome) != len(current):
            raise self._error(f"gave {len(outcome)} outcomes for {len(current)} requests.", step)
        return outcome

    def _error(self, what: str, step: Step) -> TaskError:
        place = f"The filter {step.label!r} of the pipeline {self.name!r}"
        return TaskError(Finding(f"{place} {what}", hint="A filter gives one outcome per request, in order."))


DEFAULT = ({"name": "none", "filter": ({"function": "take_first"},)},)
"""What a task without ``filter_list`` gets."""


def build_pipelines(filter_list: Sequence[Mapping[str, Any]] | None) -> tuple[Pipeline, ...]:
    """The pipelines of a ``filter_list``; each filter is made once here, so that mistakes show now.

    ``function`` is a name, a reference or a class. Unknown names and settings are a
    :class:`UsageError` with the closest ones.
    """
    entries = DEFAULT if filter_list is None else filter_list
    errors = check_filter_list(entries)
    if errors:
        raise UsageError(errors[0].message, hint=errors[0].hint)
    return tuple(
        Pipeline(str(entry["name"]), tuple(_step(item, str(entry["name"])) for item in entry["filter"]))
        for entry in entries
    )


def check_filter_list(filter_list: Any) -> tuple[Finding, ...]:
    """What is wrong with a ``filter_list``, found without running a task's code."""
    if filter_list is None:
        return ()
    if isinstance(filter_list, str | Mapping) or not isinstance(filter_list, Sequence) or not filter_list:
        shape = "filter_list is a list of pipelines, each with 'name' and 'filter'"
        return (Finding(f"{shape}, not {filter_list!r}.", hint="Leave it out for the default, take_first."),)
    errors: list[Finding] = []
    names: set[str] = set()
    for entry in filter_list:
        errors += _check_pipeline(entry)
        name = str(entry.get("name")) if isinstance(entry, Mapping) else ""
        if name and name in names:
            errors.append(Finding(f"Two pipelines of filter_list are named {name!r}.", hint="Rename one of them."))
        names.add(name)
    return tuple(errors)


def _check_pipeline(entry: Any) -> list[Finding]:
    if not isinstance(entry, Mapping) or "name" not in entry or "filter" not in entry:
        return [Finding(f"A pipeline of filter_list needs 'name' and 'filter': {entry!r}.")]
    steps = entry["filter"]
    if isinstance(steps, str | Mapping) or not isinstance(steps, Sequence):
        return [Finding(f"'filter' of the pipeline {entry['name']!r} is a list of steps, not {steps!r}.")]
    errors: list[Finding] = []
    for step in steps:
        function = step.get("function") if isinstance(step, Mapping) else None
        if function is None:
            hint = "Write '- function: NAME'."
            errors.append(Finding(f"A step of the pipeline {entry['name']!r} names no function: {step!r}.", hint=hint))
        elif isinstance(function, str) and function not in FILTERS:
            hint = did_you_mean(function, FILTERS) or f"Known: {', '.join(sorted(FILTERS))}."
            errors.append(Finding(f"There is no filter named {function!r}.", hint=hint))
        elif not isinstance(function, str | Ref) and not callable(function):
            errors.append(Finding(f"The filter {function!r} is neither a name nor a class."))
    return errors


def _step(item: Mapping[str, Any], pipeline: str) -> Step:
    function = item["function"]
    kwargs = {key: _resolved(value) for key, value in item.items() if key != "function"}
    make = FILTERS.get(function) if isinstance(function, str) else _resolved(function)
    label = function if isinstance(function, str) else getattr(make, "__name__", str(function))
    step = Step(make, kwargs, label)
    _try(step, pipeline)
    return step


def _resolved(value: Any) -> Any:
    return value.resolve() if isinstance(value, Ref) else value


def _try(step: Step, pipeline: str) -> None:
    """Make the filter once, so that a wrong setting is found before any inference."""
    place = f"The filter {step.label!r} of the pipeline {pipeline!r}"
    parameters = _parameters(step.make)
    if parameters is not None:
        unknown = [key for key in step.kwargs if key not in parameters]
        if unknown:
            hint = did_you_mean(unknown[0], parameters)
            settings = f"Its settings: {', '.join(parameters)}." if parameters else "It has no settings."
            raise UsageError(f"{place} has no setting {unknown[0]!r}.", hint=hint or settings)
    try:
        with no_exit():
            made = step.make(**step.kwargs)
    except ProctorError:
        raise
    except Exception as error:
        raise UsageError(f"{place} cannot be made: {error_line(error)}") from error
    if not callable(getattr(made, "apply", None)):
        raise UsageError(f"{place} has no method 'apply(resps, docs)'.")


def _parameters(make: Callable[..., Any]) -> list[str] | None:
    try:
        parameters = inspect.signature(make).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return [parameter.name for parameter in parameters]
