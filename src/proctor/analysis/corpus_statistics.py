"""Statistics of all documents that are no means: perplexities. Compared by the paired bootstrap and by sign flips."""

# lm-eval's perplexities are functions of sums: exp(-sum(log-likelihood) / sum(words)). The difference of two runs is no
# mean over documents, so that its interval comes from resampling documents, both runs' together. Of one document the
# number of words (bytes) is the same in both runs, so that the sign of the difference is that of the summed
# log-likelihoods: their sign flips give p. Where the numbers are not the same, there is no p, and none is invented.
#
# Other statistics (F1, Matthews correlation, BLEU) need the metric's own code, which an analysis does not load.

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from proctor.analysis.paired import Estimate, PairedDifference
from proctor.analysis.power import detectable_effect
from proctor.analysis.resampling import bootstrap
from proctor.analysis.sign_flips import sign_flip_test
from proctor.results.stored_run import number_of

Row: TypeAlias = tuple[float, float]
"""A document's log-likelihood, and its weight: words, bytes, or 1."""


def _mean_loss(rows: Sequence[Row]) -> float:
    return -math.fsum([ll for ll, _ in rows]) / math.fsum([weight for _, weight in rows])


def _exponential(rows: Sequence[Row]) -> float:
    loss = _mean_loss(rows)
    return math.exp(loss) if loss < 700 else math.inf


def _bits(rows: Sequence[Row]) -> float:
    return _mean_loss(rows) / math.log(2)


STATISTICS: Mapping[str, Callable[[Sequence[Row]], float]] = {
    "perplexity": _exponential,
    "word_perplexity": _exponential,
    "byte_perplexity": _exponential,
    "bits_per_byte": _bits,
}
"""By lm-eval's names, how a metric follows from the rows of all documents."""


def row_of(metric: str, value: Any) -> Row | None:
    """What a sample has of such a metric; None where it is another metric, or not finite.

    Args:
        metric: Its name.
        value: The document's value: a log-likelihood, or a pair of it and its weight.
    """
    if metric not in STATISTICS:
        return None
    pair = [number_of(one) for one in (value if isinstance(value, list) else [value, 1])]
    if len(pair) != 2 or any(one is None or not math.isfinite(one) for one in pair):
        return None
    ll, weight = pair
    return (ll, weight) if ll is not None and weight is not None and weight > 0 else None


def paired_statistic(metric: str, a: Sequence[Row], b: Sequence[Row], *, source: random.Random) -> PairedDifference:
    """The difference of such a metric, a - b, on n documents.

    Args:
        metric: A name of :data:`STATISTICS`.
        a: Rows of one run, at least one.
        b: Rows of the other one, of the same documents.
        source: Where randomness comes from.
    """
    statistic = STATISTICS[metric]
    values = statistic(a), statistic(b)
    pairs = list(zip(a, b, strict=True))

    def difference(drawn: Sequence[tuple[Row, Row]]) -> float:
        return statistic([one for one, _ in drawn]) - statistic([other for _, other in drawn])

    found = bootstrap(pairs, difference, source=source)
    same = all(one[1] == other[1] for one, other in pairs)
    flips = sign_flip_test([one[0] - other[0] for one, other in pairs], source=source)
    gap, stderr = values[0] - values[1], found.stderr
    reason = found.reason if same else "documents have other numbers of words in the two runs"
    return PairedDifference(
        n=len(pairs),
        mean_a=values[0],
        mean_b=values[1],
        difference=gap,
        stderr=stderr,
        stderr_unpaired=None,
        estimate=Estimate(gap, stderr, None) if stderr else None,
        interval=found.interval,
        p=flips.p if same else 1.0,
        test="sign flips",
        p_method=flips.method,
        mid_p=None,
        counts=None,
        clusters=None,
        variance=stderr * stderr * len(pairs) if stderr else 0.0,
        design_effect=1.0,
        detectable_effect=detectable_effect(stderr * stderr, 1) if stderr else None,
        reason=reason,
    )
