"""Generated text, one document. The cases are what lm-eval 0.4.13 gives, unless they say otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import TaskError
from proctor.metrics.base import MetricUse
from proctor.metrics.metric_list import use_metric
from proctor.metrics.text import exact_match, measure_text
from proctor.tasks.output_types.table import OUTPUT_TYPES


def use(metric, **settings):
    entry = {"metric": metric, "aggregation": "mean", "higher_is_better": True, **settings}
    return use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)


def measure(gold, result, *uses: MetricUse, multi_target=False, **more):
    return measure_text(uses or (use("exact_match"),), gold=gold, result=result, multi_target=multi_target, **more)


@pytest.mark.parametrize(
    ("gold", "result", "settings", "value"),
    [
        ("Foo", "foo", {}, 0.0),
        ("Foo", "foo", {"ignore_case": True}, 1.0),
        ("Foo", "foo", {"ignore_case": 'true - "." - ","'}, 1.0),
        ("F.oo!", "Foo", {"ignore_punctuation": True}, 1.0),
        ("a。", "a", {"ignore_punctuation": True}, 0.0),
        ("1a2", "a", {"ignore_numbers": True}, 1.0),
        ("$1,000.", "1000", {"regexes_to_ignore": [",", r"\$", r"\.$"]}, 1.0),
        ("a ", "a", {"ignore_case": True, "ignore_punctuation": True}, 0.0),
        ("a\0", "a", {}, 1.0),
        ("a\0.", "a", {"ignore_punctuation": True}, 1.0),
        ("İx", "i\u0307", {"ignore_case": True}, 1.0),
        (7, "7", {}, 1.0),
        (7, "7.0", {}, 0.0),
        ("3", 3, {}, 1.0),
        ("a", ["a", "b"], {}, 0.5),
        ("a", ["A", "b"], {"ignore_case": True}, 0.5),
    ],
)
def test_exact_match(gold, result, settings, value):
    assert measure(gold, result, use("exact_match", **settings)) == {"exact_match": value}


@pytest.mark.parametrize(
    ("golds", "result", "value"), [(["a", "b"], "b", 1.0), (["a", "b"], "c", 0.0), ("b", "b", 1.0), (["a"], "a\0", 1.0)]
)
def test_one_hit_among_several_golds_is_enough(golds, result, value):
    assert measure(golds, result, multi_target=True) == {"exact_match": value}


def test_a_gold_out_of_the_choices_keeps_its_type():
    assert measure(7, "7", cast=False) == {"exact_match": 0.0}


def test_a_result_that_is_none_is_wrong_and_stops_nothing():
    # lm-eval: NoneType('a') stops the run.
    assert measure("a", None) == {"exact_match": 0.0}


@pytest.mark.parametrize("name", ["bleu", "chrf", "chrf++", "ter", "f1", "acc", "mcc"])
def test_metrics_of_the_whole_corpus_hand_on_their_pair(name):
    assert measure("gold", "answer", use(name, average="macro", aggregation="bypass")) == {name: ["gold", "answer"]}


def test_metrics_of_the_whole_corpus_get_all_golds():
    # lm-eval gives 1.0 here whatever the answer, and then fails to aggregate it.
    assert measure(["g", "h"], "answer", use("bleu", aggregation="bypass"), multi_target=True) == {
        "bleu": [["g", "h"], "answer"]
    }


def test_the_order_of_metrics_does_not_matter_with_several_golds():
    def seen(references, predictions):
        return float(references[0] == predictions[0])

    for uses in ((use("exact_match"), use(seen)), (use(seen), use("exact_match"))):
        assert measure(["a", "b"], "b", *uses, multi_target=True) == {"exact_match": 1.0, "seen": 1.0}


def test_several_golds_take_the_best_score():
    def share(references, predictions):
        return len(set(references[0]) & set(predictions[0])) / 4

    assert measure(["ab", "abc"], "abcd", use(share), multi_target=True) == {"share": 0.75}


def test_a_metric_may_take_keywords_or_a_pair():
    def by_keyword(references, predictions, bonus=0):
        return bonus + float(references == predictions)

    def by_pair(items):
        return items[0] + "/" + items[1]

    measured = measure("a", "a", use(by_keyword, bonus=2), use(by_pair))
    assert measured == {"by_keyword": 3.0, "by_pair": "a/a"}


def test_a_mapping_gives_one_figure_per_key_and_says_how_each_is_aggregated():
    def pass_at_k(references, predictions, k):
        return {f"pass@{one}": 1.0 for one in k}

    source, derived = use(pass_at_k, k=[1, 8]), {}
    assert measure("a", "b", source, derived=derived) == {"pass@1": 1.0, "pass@8": 1.0}
    assert derived["pass@8"].aggregation is source.aggregation
    assert derived["pass@8"].name == "pass@8"


def test_predicting_only_measures_nothing():
    assert measure(3, "3", use("bypass")) == {"bypass": None}


def test_a_failing_metric_is_a_sentence_with_both_attempts():
    def broken(references, predictions):
        raise TypeError("first")

    with pytest.raises(TaskError, match=r"The metric 'broken' failed: TypeError: first; then, called with \[gold"):
        measure("a", "b", use(broken))

    def divides(references, predictions):
        return 1 / 0

    with pytest.raises(TaskError, match="The metric 'divides' failed: ZeroDivisionError"):
        measure("a", "b", use(divides))


def test_what_cannot_be_compared_is_a_sentence():
    with pytest.raises(TaskError, match="exact_match can ignore parts of texts only"):
        measure(3, 3, use("exact_match", ignore_case=True))
    with pytest.raises(TaskError, match="cannot compare"):
        measure(["a", "b"], ["a", "b", "c"], multi_target=True)


@given(st.text(), st.text())
def test_ignoring_more_never_loses_a_match_of_ascii(left, right):
    left, right = (text.encode("ascii", "ignore").decode() for text in (left, right))
    plain = exact_match([left], [right])["exact_match"]
    assert exact_match([left], [right], ignore_case=True, ignore_punctuation=True)["exact_match"] >= plain
    assert exact_match([left], [left])["exact_match"] == 1.0
    assert exact_match([left], [right]) == exact_match([right], [left])


@given(st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), min_size=1))
def test_a_share_of_matches_lies_between_0_and_1(pairs):
    share = exact_match([left for left, _ in pairs], [right for _, right in pairs])["exact_match"]
    assert 0.0 <= share <= 1.0


def test_a_metric_of_several_figures_cannot_compare_several_golds():
    entry = {"metric": "sacrebleu", "hf_evaluate": True, "aggregation": "mean"}
    metric = use_metric(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False)
    with pytest.raises(TaskError, match="cannot compare several right answers: it gives score"):
        measure(["a", "b"], "a", metric, multi_target=True)
