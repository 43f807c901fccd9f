"""One score for all documents of a task, and its standard error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from proctor.errors import DataError, Finding, ProctorError, TaskError, error_line
from proctor.foreign import no_exit
from proctor.metrics import replicates
from proctor.metrics.base import Metric, MetricUse
from proctor.metrics.tables import METRICS, aggregation_row, loaded
from proctor.run_result import ErrorMethod, Value
from proctor.stats import bootstrap, standard_errors
from proctor.stats.intervals import normal_interval, percentile_interval, wilson_interval


def median(items: Sequence[Any]) -> Any:
    """Element ``n // 2`` of the sorted values: the upper one of two in the middle.

    Source: lm-eval's ``median``, which does not average the two.

    Args:
        items: Values by document, at least one.
    """
    return sorted(items)[len(items) // 2]


def nanmean(items: Sequence[Any]) -> float:
    """Mean of the values that are numbers; not a number if there is none.

    Source: https://numpy.org/doc/stable/reference/generated/numpy.nanmean.html

    Args:
        items: Values by document.
    """
    import numpy as np

    if len(items) == 0 or np.isnan(items).all():
        return math.nan
    return float(np.nanmean(items))


def perplexity(items: Sequence[float]) -> float:
    """``exp(-mean)`` of log-likelihoods.

    Source: https://en.wikipedia.org/wiki/Perplexity; lm-eval's ``perplexity``.

    Args:
        items: Log-likelihoods by document, in nats.
    """
    return replicates.exp_or_inf(-standard_errors.mean(items))


def weighted_perplexity(items: Sequence[tuple[float, float]]) -> float:
    """``exp(-(sum of log-likelihoods / sum of weights))``.

    Source: https://en.wikipedia.org/wiki/Perplexity; lm-eval's ``weighted_perplexity``.

    Args:
        items: By document its log-likelihood in nats and its weight: words or bytes.

    Raises:
        DataError: The weights add up to 0.
    """
    return replicates.exp_or_inf(-weighted_mean(items))


def bits_per_byte(items: Sequence[tuple[float, float]]) -> float:
    """``-(sum of log-likelihoods / sum of bytes) / ln 2``.

    Source: https://arxiv.org/abs/2101.00027, section 3.1; lm-eval's ``bits_per_byte``.

    Args:
        items: By document its log-likelihood in nats and its bytes.

    Raises:
        DataError: All texts are empty.
    """
    return -weighted_mean(items) / math.log(2)


def weighted_mean(items: Sequence[tuple[float, float]]) -> float:
    """``sum of values / sum of weights``.

    Args:
        items: By document a value and its weight.

    Raises:
        DataError: The weights add up to 0.
    """
    # lm-eval: sums over the corpus, so that long documents weigh more; no mean of the documents' perplexities.
    lls, weights = zip(*items, strict=True)
    total = sum(weights)
    if not total:
        raise DataError("The texts of this task are all empty: a perplexity per word or byte does not exist.")
    return sum(lls) / total


def brier_score(items: Sequence[tuple[Any, Any]]) -> float:
    """Mean over documents of the squared distance of the probabilities from the truth.

    Source: G. W. Brier, "Verification of forecasts expressed in terms of probability", 1950.

    Args:
        items: By document the number of the gold option and a probability per option.

    Raises:
        DataError: Documents differ in their number of options, or a gold is none of them.
    """
    import numpy as np

    golds, rows = zip(*items, strict=True)
    sizes = {len(row) for row in rows}
    if len(sizes) > 1:
        raise DataError(f"brier_score needs the same number of choices everywhere; found {sorted(sizes)}.")
    count = sizes.pop()
    # A negative number counts from the end, as numpy indexes and as lm-eval lets it.
    lost = [gold for gold in golds if isinstance(gold, list | tuple) or not -count <= gold < count]
    if lost:
        raise DataError(
            f"brier_score needs one target among the choices; {len(lost)} of {len(golds)} documents have none "
            f"or several."
        )
    truth = np.eye(count)[[int(gold) for gold in golds]]
    return float(np.mean(np.sum((np.array(rows) - truth) ** 2, axis=1)))


def bypass(items: Sequence[Any]) -> int:
    """A number that is no score, 999: nothing was measured. Source: lm-eval's ``bypass``.

    Args:
        items: Not looked at.
    """
    return 999


def acc_all(items: Sequence[tuple[Any, Mapping[str, Any]]]) -> float:
    """Share of questions, by paragraph and question, all of whose options are judged rightly.

    Source: MultiRC of SuperGLUE, https://arxiv.org/abs/1905.00537; lm-eval's ``acc_all``.

    Args:
        items: By document the prediction and the document, with ``idx`` and ``label``.
    """
    right = _all_right(items, lambda doc: (doc["idx"]["paragraph"], doc["idx"]["question"]))
    return sum(right) / len(right)


def acc_all_stderr(items: Sequence[tuple[Any, Mapping[str, Any]]]) -> float | None:
    """Standard error of :func:`acc_all`.

    lm-eval: questions are told apart by their number alone, whatever the paragraph.

    Args:
        items: As for :func:`acc_all`.
    """
    return standard_errors.mean_stderr(_all_right(items, lambda doc: doc["idx"]["question"]))


def _all_right(items: Sequence[tuple[Any, Mapping[str, Any]]], key: Callable[[Mapping[str, Any]], Any]) -> list[int]:
    questions: dict[Any, list[bool]] = {}
    for prediction, doc in items:
        questions.setdefault(key(doc), []).append((doc["label"] == 1) == prediction)
    return [int(all(answers)) for answers in questions.values()]


def aggregate(
    use: MetricUse, values: Sequence[Any], *, bootstrap_iters: int | None, threads: int | None = None
) -> Value:
    """A metric's score over all documents, its standard error where lm-eval has one, and its interval.

    Source of the standard errors: lm-eval's ``stderr_for_metric``.

    Args:
        use: The metric and its aggregation.
        values: By document what the metric gave.
        bootstrap_iters: Resamples of a bootstrap; 0 or None: no standard errors at all, closed ones neither.
        threads: Threads of a bootstrap; None: :func:`proctor.stats.bootstrap.usable_threads`.

    Raises:
        TaskError: The aggregation failed.
    """
    try:
        with no_exit():
            # One call may run code of the task; whatever it raises is an error of this metric alone.
            score = use.aggregation(values)
            spread = uncertainty_of(
                use.aggregation, use.name, values, score, bootstrap_iters=bootstrap_iters or 0, threads=threads
            )
    except ProctorError:
        raise
    except Exception as error:
        raise TaskError(
            Finding(
                f"The aggregation {use.aggregation_name or getattr(use.aggregation, '__name__', '?')!r} of the metric "
                f"{use.name!r} failed: {error_line(error).rstrip('.')}.",
                hint=f"It was given {len(values)} values; the first is {_short(values)}.",
            )
        ) from error
    return Value(score, spread.stderr, len(values), spread.method, spread.interval)


def has_stderr(aggregation: Callable[..., Any]) -> bool:
    """Whether a standard error can be given for an aggregation.

    Args:
        aggregation: A function over the values of all documents.
    """
    row = aggregation_row(aggregation)
    return row is not None and not (row.stderr is None and row.batch is None)


def stderr_of(
    aggregation: Callable[..., Any],
    metric: str,
    values: Sequence[Any],
    *,
    bootstrap_iters: int,
    threads: int | None = None,
) -> float | None:
    """The standard error of an aggregated metric, or None where there is none.

    Args:
        aggregation: As for :func:`uncertainty_of`, like those that follow.
        metric: The metric's name.
        values: By document what the metric gave.
        bootstrap_iters: Resamples of a bootstrap; 0: no standard error.
        threads: Threads of a bootstrap.
    """
    uncertainty = uncertainty_of(aggregation, metric, values, None, bootstrap_iters=bootstrap_iters, threads=threads)
    return uncertainty.stderr


class Uncertainty(NamedTuple):
    """How sure a score is; without a standard error there is nothing else either."""

    stderr: float | None = None
    method: ErrorMethod | None = None
    interval: tuple[float, float] | None = None


def uncertainty_of(
    aggregation: Callable[..., Any],
    metric: str,
    values: Sequence[Any],
    score: Any,
    *,
    bootstrap_iters: int,
    threads: int | None = None,
) -> Uncertainty:
    """The standard error of an aggregated metric, how it is computed, and the interval.

    Args:
        aggregation: A function over the values of all documents.
        metric: The metric's name; bleu, chrf, chrf++ and ter have at most 100 resamples, as in lm-eval.
        values: By document what the metric gave.
        score: What the aggregation gave; None: no interval of a mean is wanted.
        bootstrap_iters: Resamples of a bootstrap; 0: no standard error.
        threads: Threads of a bootstrap; None: :func:`proctor.stats.bootstrap.usable_threads`.
    """
    row = aggregation_row(aggregation)
    # lm-eval: bootstrap_iters 0 switches off the formulas as well.
    if bootstrap_iters <= 0 or len(values) < 2 or row is None:
        return Uncertainty()
    if row.stderr is not None:
        stderr = loaded(row.stderr)(values)
        if row.plain_mean and stderr is not None:
            return _of_mean(values, score, stderr)
        # The formula of acc_all takes questions of several paragraphs for one (lm-eval): no interval on that.
        return Uncertainty(stderr, None if stderr is None else "formula")
    # By the metric's name, in lm-eval, whichever aggregation it has.
    iters = min(bootstrap_iters, _most_resamples(metric) or bootstrap_iters)
    if row.batch is None or iters < 2:
        return Uncertainty()
    batch = loaded(row.batch)(values)
    replicates = bootstrap.bootstrap_replicates(aggregation, values, iters, batch=batch, threads=threads)
    return Uncertainty(standard_errors.sample_std(replicates), "bootstrap", percentile_interval(replicates))


def _of_mean(values: Sequence[Any], score: Any, stderr: float) -> Uncertainty:
    if _are_hits(values):
        return Uncertainty(stderr, "proportion", wilson_interval(sum(values), len(values)))
    return Uncertainty(stderr, "mean", normal_interval(score, stderr))


def _are_hits(values: Sequence[Any]) -> bool:
    """Whether every value is 0 or 1: then the mean is a share of the documents."""
    try:
        # True and 1.0 are equal to 1, so hits of any type are found.
        return set(values) <= {0, 1}
    except TypeError:  # values that cannot be hashed are no numbers of Python
        return False


def _most_resamples(metric: str) -> int | None:
    row = METRICS.row(metric)
    return row.most_resamples if isinstance(row, Metric) else None


def _short(values: Sequence[Any]) -> str:
    shown = repr(values[0]) if values else "nothing"
    return shown if len(shown) <= 200 else shown[:200] + "..."
