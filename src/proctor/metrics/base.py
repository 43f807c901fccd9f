"""What a metric is, and what an aggregation is: the rows of the tables, and a metric as one task uses it.

They stand apart so that measuring and aggregating need not know the tables.
"""

# Two stages of a score
# ---------------------
#   per document   a Metric's ``function`` (text) or ``measures`` (log-likelihoods)   -> any value
#   per task       an Aggregation's ``function`` over the values of all documents     -> a number
#                  its ``stderr`` (a formula) or ``batch`` (a bootstrap)              -> how sure it is
#
#   acc          0.0 or 1.0                          mean
#   f1           (gold, predicted)                   f1, of all pairs
#   bleu         [golds, text]                       bleu, of the whole corpus
#   perplexity   (log-likelihood, words or bytes)    exp(-(sum / sum))
#
# So the value of a document is not always its score: F1, BLEU and perplexities exist for a corpus only, and their
# documents pass on what the aggregation needs.

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Target: TypeAlias = "str | Callable[..., Any]"
"""A function, or ``"module:function"``, which is imported when it is used for the first time."""

PASS_ON = "proctor.metrics.text:pass_on"
"""The function of metrics whose aggregation looks at all pairs of gold and generated text."""


@dataclass(frozen=True, slots=True)
class MeasuredOutput:
    """What metrics must know of an output type.

    Attributes:
        measured_as: Under which name the rows of metrics say how they score its documents.
        generates: Whether responses are generated texts, which the ``function`` of a metric scores.
    """

    measured_as: str
    generates: bool


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: all that is known of it.

    Its standard error is that of its aggregation, since a task may choose another aggregation (lm-eval).

    Attributes:
        name: How ``metric_list`` names it.
        aggregation: The aggregation unless the task names one; None: the task must.
        higher_is_better: None: not known.
        function: Scores generated text: ``function(references=[gold], predictions=[text], **settings)``.
        measures: Scores a document from log-likelihoods, by output type: ``multiple_choice`` calls
            ``measure(options)`` (:class:`~proctor.metrics.choice.ScoredOptions`), ``loglikelihood``
            ``measure(logprob, greedy)``, ``loglikelihood_rolling`` ``measure(logprob, text)``.
        by_choice: Of multiple choice it needs to know only which option was chosen.
        unconditional: It also needs the log-likelihood of each option without context.
        most_resamples: The most resamples of its bootstrap; None: as many as the run's setting says.
        other_names: What other programs call it, in lower case and without marks, separated by spaces.
    """

    name: str
    aggregation: str | None
    higher_is_better: bool | None
    function: Target = PASS_ON
    measures: Mapping[str, Target] = field(default_factory=dict)
    by_choice: bool = False
    unconditional: bool = False
    most_resamples: int | None = None
    other_names: str = ""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One way to make the values of all documents a score, and its standard error.

    Attributes:
        name: How ``metric_list`` names it.
        function: ``function(values)`` gives the score.
        stderr: ``stderr(values)``, where a formula gives the standard error.
        batch: ``batch(values)`` gives the statistic of many resamples at once (:data:`proctor.stats.bootstrap.Batch`):
            the standard error is that of a bootstrap. With neither there is no standard error.
        plain_mean: The score is the mean of the values, so that an interval follows from them.
    """

    name: str
    function: str
    stderr: str | None = None
    batch: str | None = None
    plain_mean: bool = False


@dataclass(frozen=True, slots=True)
class MetricUse:
    """One metric of one task, ready to be computed.

    ``function`` is None where a document is measured otherwise: by the output type, or by the
    task's ``process_results``. ``aggregation_name`` is None for a function of the task's own.
    """

    name: str
    function: Callable[..., Any] | None
    aggregation: Callable[..., Any]
    aggregation_name: str | None
    higher_is_better: bool | None
    kwargs: Mapping[str, Any] = field(default_factory=dict)
