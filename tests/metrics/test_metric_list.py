"""Which metrics there are, and what an entry of a metric_list means."""

from __future__ import annotations

import logging
import sys

import pytest

from proctor.errors import MissingExtraError, TaskError, UsageError
from proctor.metrics.metric_list import check_metric_entry, check_metric_name, use_metric
from proctor.metrics.text import exact_match, pass_on
from proctor.refs import Ref
from proctor.tasks.output_types.table import OUTPUT_TYPES


def use(entry, output_type="multiple_choice", with_process_results=False):
    return use_metric(entry, output=OUTPUT_TYPES[output_type].measured, with_process_results=with_process_results)


def test_only_generated_text_has_a_function():
    assert use("acc").function is None
    assert use("exact_match", "generate_until").function is exact_match
    assert use("bleu", "generate_until").function is pass_on
    assert use({"metric": "exact_match", "x": 1, "aggregation": "mean"}, "generate_until", True).function is None


def test_an_entry_says_its_own_aggregation_direction_and_settings():
    entry = {"metric": "exact_match", "aggregation": "median", "higher_is_better": False, "ignore_case": True}
    used = use(entry, "generate_until")
    assert (used.aggregation_name, used.higher_is_better, dict(used.kwargs)) == ("median", False, {"ignore_case": True})


def test_a_function_is_its_own_metric_and_aggregation():
    def my_metric(items):
        return 1

    def my_mean(items):
        return 2

    used = use({"metric": my_metric, "aggregation": my_mean, "higher_is_better": True}, "generate_until")
    assert (used.name, used.function, used.aggregation) == ("my_metric", my_metric, my_mean)
    assert used.aggregation_name is None


def test_a_reference_is_resolved(tmp_path):
    (tmp_path / "utils.py").write_text(
        "def share(references, predictions):\n    return 1.0\n\ndef best(items):\n    return max(items)\n"
    )
    entry = {"metric": Ref(str(tmp_path), "utils.share"), "aggregation": Ref(str(tmp_path), "utils.best")}
    used = use({**entry, "higher_is_better": True}, "generate_until")
    assert used.name == "share"
    assert used.aggregation([1, 3, 2]) == 3
    with pytest.raises(TaskError, match="has no 'shar'"):
        use({"metric": Ref(str(tmp_path), "utils.shar"), "aggregation": "mean"}, "generate_until")


def test_a_built_in_aggregation_given_as_a_function_is_known():
    from proctor.stats.standard_errors import mean

    assert use({"metric": "acc", "aggregation": mean}).aggregation_name == "mean"


@pytest.mark.parametrize(
    ("entry", "output_type", "message", "hint"),
    [
        ("acc_nrom", "multiple_choice", "no metric named 'acc_nrom'", "acc_norm"),
        ("exact_mach", "generate_until", "no metric named 'exact_mach'", "exact_match"),
        ("accuracy", "multiple_choice", "no metric named 'accuracy'", "Did you mean 'acc'"),
        ("F1-Score", "multiple_choice", "no metric named", "Did you mean 'f1'"),
        ("zzzzz", "generate_until", "no metric named 'zzzzz'", "Known: "),
        ({"metric": "acc", "aggregation": "maen"}, "multiple_choice", "no aggregation named 'maen'", "mean"),
        ({"metrc": "acc"}, "multiple_choice", "names no metric", "Did you mean 'metric' by 'metrc'?"),
        ({"aggregation": "mean"}, "multiple_choice", "names no metric", "Add 'metric: NAME'."),
        ({"metric": "acc", "aggregation": 3}, "multiple_choice", "neither a name nor a function", "mean"),
        ({"metric": "exact_match", "ignore_caps": 1}, "generate_until", "no setting 'ignore_caps'", "ignore_case"),
        ({"metric": "exact_match", "regexes_to_ignore": ["("]}, "generate_until", "no regular expression", ""),
    ],
)  # fmt: skip
def test_mistakes_are_sentences_when_the_task_is_loaded(entry, output_type, message, hint):
    with pytest.raises(UsageError) as caught:
        use(entry, output_type)
    assert message in str(caught.value)
    assert hint in str(caught.value)


def test_an_entry_that_is_no_mapping_is_a_error():
    (finding,) = check_metric_entry(
        ["acc"], output=OUTPUT_TYPES["multiple_choice"].measured, with_process_results=False
    )  # type: ignore[arg-type]
    assert "is a mapping with the key 'metric'" in str(finding)


def test_any_name_goes_with_process_results_if_it_is_aggregated():
    used = use({"metric": "my_score", "aggregation": "mean", "higher_is_better": True}, "generate_until", True)
    assert (used.function, used.aggregation_name) == (None, "mean")
    with pytest.raises(UsageError, match="has no aggregation of its own"):
        use({"metric": "my_score"}, "generate_until", True)


def test_an_unknown_direction_is_said(caplog):
    entry = {"metric": "my_score", "aggregation": "mean"}
    with caplog.at_level(logging.WARNING, logger="proctor"):
        assert use(entry, "generate_until", True).higher_is_better is None
    assert "does not say whether higher is better" in caplog.text


def test_multiple_choice_never_loads_an_evaluate_metric(monkeypatch):
    monkeypatch.setitem(sys.modules, "evaluate", None)
    used = use({"metric": "f1", "hf_evaluate": True, "average": "weighted", "aggregation": "mean"})
    assert (used.name, used.function) == ("f1", None)


def test_a_metric_that_gives_nothing_for_the_output_type_is_said(caplog):
    with caplog.at_level(logging.WARNING, logger="proctor"):
        use("bleu")
    assert "'bleu' gives no score for tasks of type multiple_choice" in caplog.text
    caplog.clear()
    use("bypass")
    assert not caplog.text


def test_an_evaluate_metric_without_the_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "evaluate", None)
    with pytest.raises(MissingExtraError, match="'meteor' comes from the package 'evaluate'"):
        use({"metric": "meteor", "aggregation": "mean"}, "generate_until")


class Evaluate:
    """Stands in for the package."""

    @staticmethod
    def load(name):
        if name != "meteor":
            raise FileNotFoundError(name)
        return type("Loaded", (), {"compute": staticmethod(lambda references, predictions: {"meteor": 0.25})})()


def test_an_evaluate_metric_is_loaded_for_generated_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "evaluate", Evaluate)
    used = use({"metric": "meteor", "aggregation": "mean", "higher_is_better": False}, "generate_until")
    assert used.function is not None
    assert used.function(references=["a"], predictions=["b"]) == {"meteor": 0.25}
    with pytest.raises(UsageError, match="cannot load the metric 'bertscore'"):
        use({"metric": "bertscore", "aggregation": "mean", "higher_is_better": False}, "generate_until")


@pytest.mark.parametrize("metric", ["acc", "acc_norm", "perplexity", "likelihood"])
def test_a_metric_of_log_likelihoods_is_none_of_generated_text(metric):
    with pytest.raises(UsageError, match=f"The metric '{metric}' is not one of generated text") as caught:
        use({"metric": metric}, "generate_until")
    assert "output_type: multiple_choice" in (caught.value.hint or "")


def test_what_makes_a_number_of_generated_text_is_left_alone():
    assert use({"metric": "f1"}, "generate_until").function is not None
    assert use({"metric": "acc", "aggregation": lambda pairs: 1.0}, "generate_until").function is not None
    assert (
        use_metric({"metric": "acc"}, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=True).name
        == "acc"
    )


def test_names_can_be_checked_alone():
    assert check_metric_name("acc", OUTPUT_TYPES["multiple_choice"].measured) is None
    assert check_metric_name("meteor", OUTPUT_TYPES["generate_until"].measured) is None
    assert check_metric_name("someone/their_metric", OUTPUT_TYPES["generate_until"].measured) is None
    assert check_metric_name("meteor", OUTPUT_TYPES["multiple_choice"].measured) is not None
    finding = check_metric_name("accc", OUTPUT_TYPES["multiple_choice"].measured)
    assert finding is not None
    assert finding.hint is not None
    assert "'acc'" in finding.hint


def test_checking_runs_no_code_of_the_task(tmp_path):
    entry = {"metric": Ref(str(tmp_path), "not_there.f"), "aggregation": Ref(str(tmp_path), "not_there.g")}
    assert check_metric_entry(entry, output=OUTPUT_TYPES["generate_until"].measured, with_process_results=False) == ()
