"""``lm_eval.api.metrics``: the names are there, and give the figures of lm-eval's formulas."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.alias import import_peer

metrics = import_peer("lm_eval.api.metrics")

NUMBERS = st.lists(st.floats(-100, 100), min_size=2, max_size=20)


def test_every_name_that_is_promised_is_there():
    assert all(callable(getattr(metrics, name)) for name in metrics.__all__)


@given(NUMBERS)
def test_deviations(values):
    assert metrics.pop_stddev(values) == pytest.approx(statistics.pstdev(values), abs=1e-9)
    assert metrics.sample_stddev(values) == pytest.approx(statistics.stdev(values), abs=1e-9)
    assert metrics.mean_stderr(values) == pytest.approx(statistics.stdev(values) / math.sqrt(len(values)), abs=1e-9)


@given(st.floats(0.001, 1), st.floats(0.001, 1), st.integers(2, 50))
def test_of_equal_parts_pooled_and_unweighted_errors_agree(first, second, size):
    pooled = metrics.pooled_sample_stderr([first, second], [size, size])
    assert pooled == pytest.approx(metrics.unweighted_mean_stderr([first, second]))


def test_combined_errors_know_how_far_the_parts_are_apart():
    assert metrics.combined_sample_stderr([0.1], [5], [0.5]) == pytest.approx(0.1)
    near = metrics.combined_sample_stderr([0.1, 0.1], [5, 5], [0.5, 0.5])
    assert near == pytest.approx(math.sqrt((4 * 0.01 + 4 * 0.01) / 9))
    assert metrics.combined_sample_stderr([0.1, 0.1], [5, 5], [0.2, 0.8]) > near
    with pytest.raises(AssertionError, match="a size and a score"):
        metrics.combined_sample_stderr([0.1], [5])


def test_aggregating_tasks():
    assert metrics.aggregate_subtask_metrics([1.0, 0.0], [3, 1]) == 0.75
    assert metrics.aggregate_subtask_metrics([1.0, 0.0], [3, 1], weight_by_size=False) == 0.5


def test_the_best_of_several_answers():
    assert metrics.metric_max_over_ground_truths(lambda a, b: len(set(a) & set(b)), "abc", ["x", "ab", "b"]) == 2
    assert metrics.is_non_str_iterable(["a"])
    assert not metrics.is_non_str_iterable("a")


def test_bootstrap_draws_lm_evals_resamples():
    values = [0.0, 1.0, 1.0, 5.0]
    source = random.Random(0)
    drawn = [metrics.median(source.choices(values, k=4)) for _ in range(50)]
    assert metrics.bootstrap_stderr(metrics.median, values, 50) == metrics.sample_stddev(drawn)
    known = metrics.stderr_for_metric(metrics.median, 50)
    assert known is not None
    assert known(values) == metrics.sample_stddev(drawn)


def test_what_has_a_standard_error():
    mean = metrics.stderr_for_metric(metrics.mean, 10)
    assert mean is not None
    assert mean([1, 2, 3]) == metrics.mean_stderr([1, 2, 3])
    assert metrics.stderr_for_metric(metrics.mean, 0) is None
    assert metrics.stderr_for_metric(len, 10) is None
    assert metrics.stderr_for_metric(metrics.brier_score, 10) is None


def test_the_functions_of_metrics_hand_on_or_measure():
    pair = ("gold", "answer")
    assert all(getattr(metrics, f"{name}_fn")(pair) is pair for name in ("acc", "bleu", "f1", "chrfpp", "perplexity"))
    assert metrics.exact_match_fn(predictions=["A"], references=["a"], ignore_case=True) == {"exact_match": 1.0}
    assert metrics.bypass_agg([1]) == 999
    assert metrics.bypass([1]) is None
    assert metrics.perplexity([0.0, 0.0]) == 1.0
    assert metrics.weighted_mean([(1, 2), (3, 2)]) == 1.0
