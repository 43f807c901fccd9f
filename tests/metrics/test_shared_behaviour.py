"""What lm-evaluation-harness's own tests of metrics pin down and no other test here says by itself."""

import math

import pytest

from proctor.metrics.aggregate import acc_all, aggregate, bypass
from proctor.metrics.base import Metric, MetricUse
from proctor.metrics.choice import measure_choice
from proctor.metrics.metric_list import use_metric
from proctor.metrics.tables import AGGREGATIONS, METRICS
from proctor.metrics.text import measure_text
from proctor.tasks.output_types.table import OUTPUT_TYPES

MAT, FLOOR = "the cat sat on the mat", "the dog ran across the floor"


def agg(name, items):
    return AGGREGATIONS.get(name)(items)


def test_mutual_information_may_pick_another_choice_than_the_likelihood():
    """B is gold: alone A wins; against what each has without context B does, the first of two equals."""
    lls, bare = [-1.0, -2.0, -3.0], [-0.5, -2.0, -3.0]
    wanted = ("acc", "acc_mutual_info")
    figures = measure_choice(
        lls=lls, greedy=[True, False, False], choices=list("ABC"), gold=1, unconditional=bare, wanted=wanted
    )
    assert figures == {"acc": 0.0, "acc_mutual_info": 1.0}
    only = measure_choice(lls=lls, greedy=[True, False, False], choices=list("ABC"), gold=1, wanted=("acc",))
    assert only == {"acc": 0.0}


def test_the_parts_of_a_mapping_are_aggregated_as_their_metric_says():
    """Not by the mean: with a sum of the task's own, three documents of 1.0 give 3.0."""

    def both(references, predictions):
        return {"pass@1": 1.0, "pass@3": 0.5}

    entry = {"metric": both, "aggregation": sum, "higher_is_better": True}
    derived: dict[str, MetricUse] = {}
    use = use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    rows = [measure_text([use], gold="x", result="x", multi_target=False, derived=derived) for _ in range(3)]
    figures = {name: aggregate(derived[name], [row[name] for row in rows], bootstrap_iters=0) for name in rows[0]}
    assert {name: figure.value for name, figure in figures.items()} == {"pass@1": 3.0, "pass@3": 1.5}


def test_chrf_counts_no_words_and_chrf_plus_plus_two():
    sacrebleu = pytest.importorskip("sacrebleu")
    assert agg("chrf", [(MAT, FLOOR)]) == sacrebleu.corpus_chrf([FLOOR], [[MAT]], word_order=0).score
    assert agg("chrf++", [(MAT, FLOOR)]) == sacrebleu.corpus_chrf([FLOOR], [[MAT]], word_order=2).score
    assert agg("chrf", [(MAT, FLOOR)]) != agg("chrf++", [(MAT, FLOOR)])


@pytest.mark.parametrize(("name", "best"), [("bleu", 100.0), ("chrf", 100.0), ("chrf++", 100.0), ("ter", 0.0)])
def test_the_same_text_has_the_best_score(name, best):
    assert agg(name, [(MAT, MAT)]) == pytest.approx(best)


@pytest.mark.parametrize(
    ("name", "items", "value"),
    [
        ("mean", [0, 0, 1, 1], 0.5),
        ("nanmean", [1.0, math.nan, 3.0], 2.0),
        ("nanmean", [math.nan, math.nan], math.nan),
        ("nanmean", [], math.nan),
        ("median", [5, 1, 4, 2, 3], 3),
        ("median", [1, 2, 3, 4], 3),  # 0.4.13: the upper of two
        ("perplexity", [-1.0, -2.0], math.exp(1.5)),
        ("weighted_perplexity", [(-2.0, 1.0), (-4.0, 3.0)], math.exp(6 / 4)),
        ("bits_per_byte", [(-math.log(2), 1.0)], 1.0),
        ("f1", [(1, 1), (0, 0), (1, 1)], 1.0),
        ("f1", [(1, 1), (0, 1), (0, 0), (0, 0)], 2 / 3),
        ("matthews_corrcoef", [(1, 1), (0, 0), (1, 1), (0, 0)], 1.0),
        ("matthews_corrcoef", [(1, 0), (0, 1), (1, 0), (0, 1)], -1.0),
        ("brier_score", [(1, [0.0, 1.0]), (0, [1.0, 0.0])], 0.0),
        ("brier_score", [(0, [0.0, 1.0])], 2.0),
        ("bypass", [0.0, 1.0], 999),
    ],
)
def test_aggregations_by_name(name, items, value):
    assert agg(name, items) == pytest.approx(value, nan_ok=True)


def test_questions_of_several_paragraphs_are_told_apart():
    def item(paragraph, question, answer, right):
        doc = {"idx": {"paragraph": paragraph, "question": question, "answer": answer}, "label": 1 - answer}
        return (answer == 0) is right, doc

    items = [item(p, q, a, (p, q, a) != (0, 0, 1)) for p in range(4) for q in range(2) for a in range(2)]
    assert acc_all(items) == 7 / 8


def test_a_metric_may_be_a_function_with_settings():
    def close(references, predictions, within):
        return abs(float(references[0]) - float(predictions[0])) <= within

    entry = {"metric": close, "aggregation": "mean", "higher_is_better": True, "within": 0.5}
    use = use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    assert use.name == "close"
    assert measure_text([use], gold="1", result="1.4", multi_target=False) == {"close": True}
    assert measure_text([use], gold="1", result="2", multi_target=False) == {"close": False}


def test_metrics_and_aggregations_can_be_added_by_name(monkeypatch):
    def longest(items):
        return max(items)

    def length(references, predictions):
        return len(predictions[0])

    monkeypatch.setattr(METRICS, "_rows", dict(METRICS._rows))
    monkeypatch.setattr(AGGREGATIONS, "_rows", dict(AGGREGATIONS._rows))
    AGGREGATIONS.add("longest", longest)
    METRICS.add("length", Metric("length", "longest", False, length))
    use = use_metric("length", output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    assert (use.aggregation, use.higher_is_better) == (longest, False)
    values = [measure_text([use], gold="", result=text, multi_target=False)["length"] for text in ("a", "abc", "ab")]
    assert aggregate(use, values, bootstrap_iters=100).value == 3


def test_predicting_only_has_no_standard_error():
    use = use_metric("bypass", output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    figure = aggregate(use, [None, None], bootstrap_iters=100)
    assert (figure.value, figure.stderr) == (bypass([]), None)


def test_likelihood_and_brier_are_handed_on_whole():
    figures = measure_choice(
        lls=[-1.0, -1.0], greedy=[False, False], choices=["a", "b"], gold=1, wanted=("likelihood", "brier_score")
    )
    assert figures["likelihood"] == (1, (-1.0, -1.0))
    assert agg("brier_score", [figures["brier_score"]]) == pytest.approx(0.5)
