"""One figure for all documents. The literals are what lm-eval 0.4.13 gives on Python 3.11."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from proctor.errors import DataError, TaskError
from proctor.metrics import aggregate
from proctor.metrics.base import MetricUse
from proctor.metrics.metric_list import use_metric
from proctor.stats import bootstrap, standard_errors
from proctor.tasks.output_types.table import OUTPUT_TYPES

LLS = [-0.5, -1.25, -2.1, -0.125, -3.75, -1.3]
PAIRS = [(0, 1), (1, 1), (1, 0), (1, 1), (0, 0), (0, 1), (1, 1)]
CLASSES = [(0, 0), (1, 2), (2, 2), (1, 1), (0, 1), (2, 2), (1, 1), (-100, 0)]
TEXTS = [
    ["the cat sat on the mat .", "the cat sat on mat ."],
    ["a dog barked loudly at us", "the dog barked at us loudly"],
    ["hello , world !", "hello world"],
]
WEIGHTED = [(-12.5, 10), (-3.25, 4), (-40.125, 31)]
BRIER = [(0, (0.5, 0.25, 0.25)), (2, (0.1, 0.2, 0.7)), (1, (0.9, 0.05, 0.05))]

NAN = math.nan
MATTHEWS_ERRORS = (0.23959613169673144, 0.23942084718586784, 0.24234291602170335)

VECTORS = [
    ("mean", [1.0, 0.0, 0.0, 1.0, 1.0], 0.6, (0.24494897427831783,) * 3),
    ("median", [3, 1, 4, 1, 5, 9, 2, 6], 4, (1.445683229480096, 1.3650565480519044, 1.3700716397871602)),
    ("nanmean", [0.5, NAN, 2.25, 0.1, NAN, 0.7], 0.8875, (0.4188165231010432, NAN, NAN)),
    ("perplexity", LLS, 4.500401732437805, (2.9274346207693647, 2.906188687386283, 2.852528892970965)),
    ("f1", PAIRS, 2 / 3, (0.19757341723208377, 0.20632663025290623, 0.20070115147070128)),
    (
        "matthews_corrcoef",
        CLASSES,
        0.47776654295295456,
        (0.23959613169673144, 0.23942084718586784, 0.24234291602170335),
    ),
    ("bleu", TEXTS, 30.762920048415218, (11.73102993822547, 12.083195341074155, 12.188453852156817)),
    ("chrf", TEXTS, 61.60449973227391, (3.497410292621343, 3.6106200844323326, 3.6292421369756167)),
    ("chrf++", TEXTS, 61.74411376732398, (5.174422682793759, 5.353504540608423, 5.3893422052846525)),
    ("ter", TEXTS, 29.411764705882355, (7.859222935250815, 8.198209178179091, 8.266006064705977)),
    ("weighted_perplexity", WEIGHTED, 3.4613776226679054, (None,) * 3),
    ("bits_per_byte", WEIGHTED, 1.7913463424371296, (None,) * 3),
    ("brier_score", BRIER, 0.7433333333333333, (None,) * 3),
    ("bypass", [None, None], 999, (None,) * 3),
]


def use(aggregation, name="measured") -> MetricUse:
    entry = {"metric": name, "aggregation": aggregation, "higher_is_better": True}
    return use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=True)


def close(figure):
    return None if figure is None else pytest.approx(figure, rel=1e-12, nan_ok=True)


@pytest.mark.parametrize(("name", "values", "value", "stderrs"), VECTORS, ids=[vector[0] for vector in VECTORS])
@pytest.mark.parametrize(("iters", "which"), [(100, 0), (1000, 1), (2500, 2)])
def test_values_and_errors_are_lm_evals(name, values, value, stderrs, iters, which):
    given_value = aggregate.aggregate(use(name), values, bootstrap_iters=iters)
    assert given_value.value == close(value)
    assert given_value.stderr == close(stderrs[which])


@pytest.mark.parametrize("name", ["bleu", "chrf", "chrf++", "ter"])
def test_a_metric_named_like_these_is_bootstrapped_a_hundred_times(name):
    many = aggregate.aggregate(use(name, name), TEXTS, bootstrap_iters=100_000)
    assert many == aggregate.aggregate(use(name, name), TEXTS, bootstrap_iters=100)


@pytest.mark.parametrize("iters", [0, None])
def test_no_iterations_no_errors(iters):
    assert aggregate.aggregate(use("mean"), [1.0, 0.0], bootstrap_iters=iters).stderr is None
    assert aggregate.aggregate(use("perplexity"), LLS, bootstrap_iters=iters).stderr is None


def test_one_document_has_no_error():
    assert aggregate.aggregate(use("mean"), [1.0], bootstrap_iters=1000).stderr is None


def test_an_aggregation_of_the_task_has_no_error():
    class Odd:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, items):
            return len(items)

    for own in (lambda items: sum(items), Odd()):
        assert aggregate.aggregate(use(own), [1.0, 2.0], bootstrap_iters=1000).stderr is None


def test_a_built_in_function_has_its_error_under_any_name():
    assert aggregate.aggregate(use(standard_errors.mean), [1.0, 0.0], bootstrap_iters=1000).stderr == 0.5


def test_perplexity_beyond_a_double_is_infinite():
    # lm-eval stops with "math range error".
    assert aggregate.perplexity([-800.0, -900.0]) == math.inf
    assert aggregate.weighted_perplexity([(-8000.0, 2)]) == math.inf


def test_means_of_numbers_skip_what_is_none():
    assert math.isnan(aggregate.nanmean([]))
    assert math.isnan(aggregate.nanmean([NAN, NAN]))


def test_acc_all_asks_for_every_answer_of_a_question():
    docs = [
        {"idx": {"paragraph": paragraph, "question": question}, "label": label}
        for paragraph, question, label in [(0, 0, 1), (0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    ]
    items = list(zip([True, False, True, False, False], docs, strict=True))
    assert aggregate.acc_all(items) == 0.75
    assert aggregate.acc_all_stderr(items) == 0.5
    assert aggregate.aggregate(use(aggregate.acc_all), items, bootstrap_iters=10).stderr == 0.5


@pytest.mark.parametrize(
    ("name", "values", "error", "message"),
    [
        ("f1", [(0, 1), (2, 1)], DataError, "two classes 0 and 1; the labels here are 0, 1, 2"),
        ("f1", [("no", "yes")], DataError, "'no', 'yes'"),
        ("f1", [([0, 1], 1)], DataError, "several targets"),
        ("matthews_corrcoef", [("1", 1)], DataError, "cannot compare texts with numbers"),
        ("matthews_corrcoef", [(0.5, 1)], DataError, "whole numbers or as texts; 0.5 is neither"),
        ("f1", [1.0, 0.0], DataError, "needs a pair"),
        ("brier_score", [(0, (0.5, 0.5)), (0, (0.2, 0.3, 0.5))], DataError, "same number of choices"),
        ("brier_score", [(-100, (0.5, 0.5))], DataError, "1 of 1 documents have none"),
        ("weighted_perplexity", [(-1.0, 0)], DataError, "all empty"),
        ("bleu", [1.0], DataError, "needs a pair"),
        ("bleu", [["a", ["b", "c"]]], DataError, "take_first"),
        ("bleu", [[3, "a"]], DataError, "compares one text"),
        ("mean", [["gold", "answer"]], TaskError, "aggregation 'mean' of the metric 'measured' failed: TypeError"),
    ],
)  # fmt: skip
def test_what_cannot_be_aggregated_is_a_sentence(name, values, error, message):
    with pytest.raises(error) as caught:
        aggregate.aggregate(use(name), values, bootstrap_iters=0)
    assert message in str(caught.value)


def test_a_failing_aggregation_of_the_task_is_a_sentence():
    def best(items):
        raise KeyError("score")

    with pytest.raises(TaskError, match=r"aggregation 'best' of the metric 'measured' failed: KeyError: 'score'\.\n"):
        aggregate.aggregate(use(best), ["x" * 500], bootstrap_iters=0)


numbers = st.lists(st.floats(-50, 0), min_size=1, max_size=30)


@given(numbers, st.randoms())
def test_the_order_of_documents_does_not_matter(values, source):
    shuffled = source.sample(values, len(values))
    assert aggregate.perplexity(shuffled) == pytest.approx(aggregate.perplexity(values))
    assert aggregate.median(shuffled) == aggregate.median(values)
    assert aggregate.nanmean(shuffled) == pytest.approx(aggregate.nanmean(values))


@given(st.lists(st.tuples(st.floats(-500, -1), st.integers(1, 200)), min_size=1, max_size=20))
def test_bits_per_byte_is_the_logarithm_of_the_perplexity_per_byte(pairs):
    perplexity = aggregate.weighted_perplexity(pairs)
    assume(perplexity < math.inf)
    assert aggregate.bits_per_byte(pairs) == pytest.approx(math.log2(perplexity))


def test_the_share_of_hits_has_wilsons_interval_and_never_no_width():
    use = use_metric("acc", output=OUTPUT_TYPES["multiple_choice"].measured, with_process_results=False)
    value = aggregate.aggregate(use, [1.0] * 10, bootstrap_iters=1)
    assert (value.value, value.stderr, value.n, value.method) == (1.0, 0.0, 10, "proportion")
    assert value.interval == pytest.approx((0.7224672001371106, 1.0))
    value = aggregate.aggregate(use, [True, 0, 1, False], bootstrap_iters=1)
    assert value.method == "proportion"


def test_the_mean_of_other_values_has_the_normal_interval():
    use = use_metric("acc", output=OUTPUT_TYPES["multiple_choice"].measured, with_process_results=False)
    value = aggregate.aggregate(use, [0.5, 1.0, 0.0, 0.25], bootstrap_iters=1)
    assert value.stderr == standard_errors.mean_stderr([0.5, 1.0, 0.0, 0.25])
    assert (value.n, value.method) == (4, "mean")
    assert value.interval == pytest.approx((0.4375 - 1.959964 * value.stderr, 0.4375 + 1.959964 * value.stderr))
    assert aggregate.aggregate(use, [0.5, 0.5], bootstrap_iters=1).interval is None


def test_a_bootstrap_has_the_percentiles_of_a_thousand_resamples_and_no_fewer():
    use = use_metric("perplexity", output=OUTPUT_TYPES["loglikelihood"].measured, with_process_results=False)
    values = [-0.5, -1.0, -2.0, -0.25, -3.0, -1.5]
    value = aggregate.aggregate(use, values, bootstrap_iters=1000)
    assert value.method == "bootstrap"
    assert value.interval is not None
    low, high = value.interval
    assert low < value.value < high
    assert value.stderr == bootstrap.bootstrap_stderr(use.aggregation, values, 1000)
    assert aggregate.aggregate(use, values, bootstrap_iters=999).interval is None


@pytest.mark.parametrize(
    ("metric", "values", "iters"),
    [("acc", [1.0], 100), ("acc", [1.0, 0.0], 0), ("brier_score", [(0, [1.0, 0.0])] * 3, 100), ("bypass", [0, 0], 100)],
)
def test_without_a_standard_error_there_is_no_method_and_no_interval(metric, values, iters):
    use = use_metric(metric, output=OUTPUT_TYPES["multiple_choice"].measured, with_process_results=False)
    value = aggregate.aggregate(use, values, bootstrap_iters=iters)
    assert (value.stderr, value.method, value.interval, value.n) == (None, None, None, len(values))


def test_a_formula_of_its_own_has_no_interval():
    items = [(True, {"idx": {"paragraph": 0, "question": q}, "label": q % 2}) for q in range(6)]
    found = aggregate.uncertainty_of(aggregate.acc_all, "acc", items, 0.5, bootstrap_iters=1)
    assert (found.stderr, found.method, found.interval) == (aggregate.acc_all_stderr(items), "formula", None)
