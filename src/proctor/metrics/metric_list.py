"""What an entry of a task's ``metric_list`` means: a metric of the tables, with the task's own settings.

Names are checked here, when a task is loaded: a misspelt metric must not be found after hours
of inference.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from proctor.errors import Finding, UsageError, did_you_mean, value_text
from proctor.metrics.base import PASS_ON, MeasuredOutput, MetricUse
from proctor.metrics.evaluate_loader import EVALUATE_METRICS, load_external
from proctor.metrics.pass_at_k import confine_checker
from proctor.metrics.tables import AGGREGATIONS, METRICS, OTHER_NAMES, aggregation_name, loaded
from proctor.refs import Ref
from proctor.regex_limits.bounded import compiled

_log = logging.getLogger("proctor")


_KEYS = ("metric", "aggregation", "higher_is_better", "hf_evaluate")


def use_metric(entry: Mapping[str, Any] | str, *, output: MeasuredOutput, with_process_results: bool) -> MetricUse:
    """One item of a ``metric_list`` as a :class:`MetricUse`.

    ``metric`` and ``aggregation`` may be names, references or callables. A name that does not
    exist is a :class:`UsageError` with the closest ones. Source of the rules: lm-eval's
    ``ConfigurableTask``.
    """
    values: Mapping[str, Any] = {"metric": entry} if isinstance(entry, str) else entry
    errors = check_metric_entry(values, output=output, with_process_results=with_process_results)
    if errors:
        raise UsageError(errors[0].message, hint=errors[0].hint)
    metric = _resolve(values["metric"])
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", type(metric).__name__)
    kwargs = {key: value for key, value in values.items() if key not in _KEYS}
    function = None
    # lm-eval: process_results gives the value, and the entry names only how it is aggregated; other keys have no
    # effect.
    if with_process_results:
        kwargs = {}
    elif output.generates:
        function = metric if callable(metric) else _function(name, values.get("hf_evaluate") is True)
        confine_checker(function)
        _check_kwargs(name, function, kwargs)
    # A warning and no error: lm-eval runs such a task, and its other metrics are good.
    elif name != "bypass" and not _scores(name, output.measured_as):
        _log.warning("The metric %r gives no score for tasks of type %s.", name, output.measured_as)
    aggregation, named = _aggregation(name, values)
    return MetricUse(
        name=name,
        function=function,
        aggregation=aggregation,
        aggregation_name=named,
        higher_is_better=_direction(name, values),
        kwargs=kwargs,
    )


def _resolve(value: Any) -> Any:
    return value.resolve() if isinstance(value, Ref) else value


def _scores(name: str, output_type: str) -> bool:
    return name in METRICS and output_type in METRICS.get(name).measures


def _function(name: str, external: bool) -> Callable[..., Any]:
    if external or name not in METRICS:
        return load_external(name, tuple(METRICS))
    return loaded(METRICS.get(name).function)


def _aggregation(name: str, values: Mapping[str, Any]) -> tuple[Callable[..., Any], str | None]:
    given = _resolve(values.get("aggregation"))
    # lm-eval: an entry without an aggregation has the metric's own.
    if given is None and name in METRICS:
        given = METRICS.get(name).aggregation
        _log.debug("The metric %r names no aggregation: %s is used.", name, given)
    if isinstance(given, str):
        return AGGREGATIONS.get(given), given
    if callable(given):
        return given, aggregation_name(given)
    raise UsageError(
        f"The aggregation of the metric {name!r} is {value_text(given)}: neither a name nor a function.",
        hint="Add one to the entry, such as 'aggregation: mean'.",
    )


def _direction(name: str, values: Mapping[str, Any]) -> bool | None:
    if values.get("higher_is_better") is not None:
        return bool(values["higher_is_better"])
    if name in METRICS:
        return METRICS.get(name).higher_is_better
    if "higher_is_better" not in values:
        _log.warning("The metric %r does not say whether higher is better.", name)
    return None


def _check_kwargs(name: str, function: Callable[..., Any], kwargs: Mapping[str, Any]) -> None:
    from proctor.metrics.text import exact_match

    if function is not exact_match:
        return
    known = [key for key in inspect.signature(exact_match).parameters if key not in ("predictions", "references")]
    for key in kwargs:
        if key not in known:
            raise UsageError(
                f"The metric {name!r} has no setting {key!r}.",
                hint=did_you_mean(key, (*known, *_KEYS)) or f"Known: {', '.join(known)}.",
            )
    for regex in kwargs.get("regexes_to_ignore") or ():
        try:
            compiled(regex)
        except ValueError as error:
            raise UsageError(f"regexes_to_ignore: {error}") from error


def check_metric_entry(
    entry: Mapping[str, Any] | str, *, output: MeasuredOutput, with_process_results: bool
) -> tuple[Finding, ...]:
    """What is wrong with an item of a ``metric_list``, found without running a task's code."""
    values: Mapping[str, Any] = {"metric": entry} if isinstance(entry, str) else entry
    if not isinstance(values, Mapping):
        return (Finding(f"An item of metric_list is a mapping with the key 'metric', not {entry!r}."),)
    metric = values.get("metric")
    if metric is None:
        return (Finding("An item of metric_list names no metric.", hint=_misspelt(values, "metric")),)
    errors: list[Finding] = []
    if isinstance(metric, str):
        external = values.get("hf_evaluate") is True
        if not with_process_results and not external:
            finding = check_metric_name(metric, output)
            errors += [finding] if finding else []
            if not errors and output.generates and _needs_log_likelihoods(metric, values):
                errors.append(_not_of_text(metric, output))
        if values.get("aggregation") is None and not errors and not _has_aggregation(metric):
            errors.append(
                Finding(
                    f"The metric {metric!r} has no aggregation of its own.",
                    hint="Add one to the entry, such as 'aggregation: mean'.",
                )
            )
    aggregation = values.get("aggregation")
    if isinstance(aggregation, str) and aggregation not in AGGREGATIONS:
        hint = did_you_mean(aggregation, AGGREGATIONS) or f"Known: {', '.join(sorted(AGGREGATIONS))}."
        errors.append(Finding(f"There is no aggregation named {aggregation!r}.", hint=hint))
    return tuple(errors)


def _has_aggregation(metric: str) -> bool:
    return metric in METRICS and METRICS.get(metric).aggregation is not None


_OF_NUMBERS = ("mean", "median", "nanmean", "perplexity", "weighted_perplexity", "bits_per_byte")


def _needs_log_likelihoods(metric: str, values: Mapping[str, Any]) -> bool:
    """Whether a metric gives the pair of target and generated text, which its aggregation cannot take for a number."""
    row = METRICS.get(metric) if metric in METRICS else None
    if row is None or row.function != PASS_ON:
        return False
    return values.get("aggregation", row.aggregation) in _OF_NUMBERS


def _not_of_text(metric: str, output: MeasuredOutput) -> Finding:
    hint = "Options are scored with 'output_type: multiple_choice', generated text with 'metric: exact_match'."
    message = f"The metric {metric!r} is not one of generated text, and output_type is {output.measured_as}."
    return Finding(message, hint=hint)


def check_metric_name(name: str, output: MeasuredOutput) -> Finding | None:
    """What is wrong with a metric's name, or None. No code of a task runs, no network is asked.

    Names of the ``evaluate`` library pass for generated text, which alone can use them.
    """
    if name in METRICS or (output.generates and (name in EVALUATE_METRICS or "/" in name)):
        return None
    meant = OTHER_NAMES.get(re.sub(r"[\W_]+", "", name.lower()))
    if meant is not None:
        hint = f"Did you mean {meant!r}?"
        if not output.generates and name in EVALUATE_METRICS:
            hint += f" The package 'evaluate' has a metric {name!r}, which is for generated text alone."
        return Finding(f"There is no metric named {name!r} for output_type {output.measured_as}.", hint=hint)
    hint = did_you_mean(name, METRICS) or f"Known: {', '.join(sorted(METRICS))}."
    return Finding(f"There is no metric named {name!r}.", hint=hint)


def _misspelt(values: Mapping[str, Any], key: str) -> str | None:
    close = [given for given in values if isinstance(given, str) and did_you_mean(given, (key,))]
    return f"Did you mean {key!r} by {close[0]!r}?" if close else f"Add '{key}: NAME'."
