"""Which metrics and aggregations there are, and what an entry of a ``metric_list`` means.

Names are checked here, when a task is loaded: a misspelt metric must not be found after hours
of inference.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from proctor.errors import Finding, UsageError, did_you_mean, value_text
from proctor.lazy import load_attribute
from proctor.metrics.base import MetricUse
from proctor.metrics.choice import NAMES as CHOICE_NAMES
from proctor.metrics.evaluate_loader import EVALUATE_METRICS, load_external
from proctor.metrics.pass_at_k import confine_checker
from proctor.refs import Ref
from proctor.regex_limits.bounded import compiled
from proctor.registry import Table
from proctor.types import OutputType

_log = logging.getLogger("proctor")


_PASS_ON = "proctor.metrics.text:pass_on"


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of :data:`METRICS`: how a metric is aggregated unless the task says otherwise.

    Those that task code registers may leave that to the task (None). ``function``: what measures a
    ``generate_until`` document, as ``"module:function"``.
    """

    name: str
    aggregation: str | None
    higher_is_better: bool | None
    function: str | Callable[..., Any] = _PASS_ON


def _rows() -> dict[str, str | Metric]:
    means = ("acc", "acc_norm", "acc_bytes", "acc_mutual_info", "likelihood", "acc_all")
    metrics = [Metric(name, "mean", True) for name in means]
    metrics += [
        Metric("exact_match", "mean", True, "proctor.metrics.text:exact_match"),
        Metric("perplexity", "perplexity", False),
        Metric("word_perplexity", "weighted_perplexity", False),
        Metric("byte_perplexity", "weighted_perplexity", False),
        Metric("bits_per_byte", "bits_per_byte", False),
        Metric("brier_score", "brier_score", False),
        Metric("mcc", "matthews_corrcoef", True),
        Metric("f1", "f1", True),
        Metric("bleu", "bleu", True),
        Metric("chrf", "chrf", True),
        Metric("chrf++", "chrf++", True),
        Metric("ter", "ter", False),
        Metric("bypass", "bypass", True, "proctor.metrics.text:bypass"),
    ]
    return {metric.name: metric for metric in metrics}


METRICS: Table[Metric] = Table("metric", _rows(), group="proctor.metrics")
"""Name -> :class:`Metric`. Source: lm-eval's metric registry."""

_AGGREGATION_ROWS: dict[str, str | Callable[..., Any]] = {
    "mean": "proctor.stats:mean",
    "median": "proctor.metrics.aggregate:median",
    "nanmean": "proctor.metrics.aggregate:nanmean",
    "perplexity": "proctor.metrics.aggregate:perplexity",
    "weighted_perplexity": "proctor.metrics.aggregate:weighted_perplexity",
    "bits_per_byte": "proctor.metrics.aggregate:bits_per_byte",
    "f1": "proctor.metrics.labels:f1",
    "matthews_corrcoef": "proctor.metrics.labels:matthews_corrcoef",
    "bleu": "proctor.metrics.corpus:bleu",
    "chrf": "proctor.metrics.corpus:chrf",
    "chrf++": "proctor.metrics.corpus:chrf_plus_plus",
    "ter": "proctor.metrics.corpus:ter",
    "brier_score": "proctor.metrics.aggregate:brier_score",
    "bypass": "proctor.metrics.aggregate:bypass",
}
AGGREGATIONS: Table[Callable[..., Any]] = Table("aggregation", _AGGREGATION_ROWS, group="proctor.aggregations")
"""Name -> function of all per-document values. Source: lm-eval's aggregation registry."""

DEFAULTS: Mapping[OutputType, tuple[str, ...]] = {
    "loglikelihood": ("perplexity", "acc"),
    "loglikelihood_rolling": ("word_perplexity", "byte_perplexity", "bits_per_byte"),
    "multiple_choice": ("acc", "acc_norm"),
    "generate_until": ("exact_match",),
}
"""The metrics of a task that lists none. Source: lm-eval's ``DEFAULT_METRIC_REGISTRY``."""

_MEASURED: Mapping[str, tuple[str, ...]] = {
    "loglikelihood": ("perplexity", "acc"),
    "loglikelihood_rolling": ("word_perplexity", "byte_perplexity", "bits_per_byte"),
    "multiple_choice": CHOICE_NAMES,
}
_KEYS = ("metric", "aggregation", "higher_is_better", "hf_evaluate")


def use_metric(entry: Mapping[str, Any] | str, *, output_type: str, with_process_results: bool) -> MetricUse:
    """One item of a ``metric_list`` as a :class:`MetricUse`.

    ``metric`` and ``aggregation`` may be names, references or callables. A name that does not
    exist is a :class:`UsageError` with the closest ones. Source of the rules: lm-eval's
    ``ConfigurableTask``.
    """
    values: Mapping[str, Any] = {"metric": entry} if isinstance(entry, str) else entry
    errors = check_metric_entry(values, output_type=output_type, with_process_results=with_process_results)
    if errors:
        raise UsageError(errors[0].message, hint=errors[0].hint)
    metric = _resolve(values["metric"])
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", type(metric).__name__)
    kwargs = {key: value for key, value in values.items() if key not in _KEYS}
    function = None
    if with_process_results:
        kwargs = {}
    elif output_type == "generate_until":
        function = metric if callable(metric) else _function(name, values.get("hf_evaluate") is True)
        confine_checker(function)
        _check_kwargs(name, function, kwargs)
    elif name != "bypass" and name not in _MEASURED.get(output_type, ()):
        _log.warning("The metric %r gives no figure for tasks of type %s.", name, output_type)
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


def _function(name: str, external: bool) -> Callable[..., Any]:
    if external or name not in METRICS:
        return load_external(name, tuple(METRICS))
    function = METRICS.get(name).function
    loaded: Any = load_attribute(function) if isinstance(function, str) else function
    return loaded


def _aggregation(name: str, values: Mapping[str, Any]) -> tuple[Callable[..., Any], str | None]:
    given = _resolve(values.get("aggregation"))
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


def aggregation_name(aggregation: Callable[..., Any]) -> str | None:
    """The name of a built-in aggregation that a task names as a function, or None."""
    target = f"{getattr(aggregation, '__module__', '')}:{getattr(aggregation, '__name__', '')}"
    return next((name for name, row in _AGGREGATION_ROWS.items() if row == target), None)


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
    entry: Mapping[str, Any] | str, *, output_type: str, with_process_results: bool
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
            finding = check_metric_name(metric, output_type)
            errors += [finding] if finding else []
            if not errors and output_type == "generate_until" and _needs_log_likelihoods(metric, values):
                errors.append(_not_of_text(metric))
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
    if row is None or row.function != _PASS_ON:
        return False
    return values.get("aggregation", row.aggregation) in _OF_NUMBERS


def _not_of_text(metric: str) -> Finding:
    hint = "Options are scored with 'output_type: multiple_choice', generated text with 'metric: exact_match'."
    return Finding(f"The metric {metric!r} is not one of generated text, and output_type is generate_until.", hint=hint)


def check_metric_name(name: str, output_type: str) -> Finding | None:
    """What is wrong with a metric's name, or None. No code of a task runs, no network is asked.

    Names of the ``evaluate`` library pass for generated text, which alone can use them.
    """
    if name in METRICS or (output_type == "generate_until" and (name in EVALUATE_METRICS or "/" in name)):
        return None
    meant = _OTHER_NAMES.get(re.sub(r"[\W_]+", "", name.lower()))
    if meant is not None:
        hint = f"Did you mean {meant!r}?"
        if output_type != "generate_until" and name in EVALUATE_METRICS:
            hint += f" The package 'evaluate' has a metric {name!r}, which is for generated text alone."
        return Finding(f"There is no metric named {name!r} for output_type {output_type}.", hint=hint)
    hint = did_you_mean(name, METRICS) or f"Known: {', '.join(sorted(METRICS))}."
    return Finding(f"There is no metric named {name!r}.", hint=hint)


_SAID: Mapping[str, str] = {
    "acc": "accuracy accuracyscore acccuracy accurracy 정확도",
    "acc_norm": "accuracynorm normacc accnormalized normalizedaccuracy",
    "exact_match": "em exact match exactmatch",
    "f1": "f1score f1macro macrof1 microf1 fscore",
    "mcc": "matthews matthewscorrcoef",
    "perplexity": "ppl",
    "bits_per_byte": "bpb",
}
_OTHER_NAMES: Mapping[str, str] = {other: name for name, others in _SAID.items() for other in others.split()}
"""What other programs call a metric, without marks and capitals -> its name here."""


def _misspelt(values: Mapping[str, Any], key: str) -> str | None:
    close = [given for given in values if isinstance(given, str) and did_you_mean(given, (key,))]
    return f"Did you mean {key!r} by {close[0]!r}?" if close else f"Add '{key}: NAME'."
