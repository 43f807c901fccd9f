"""Runs against each other: direction, correction, groups, all pairs, and what cannot be compared."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, document_of, right_and_wrong, text_line, write_run

from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.paired import bonett_price, mcnemar
from proctor.analysis.verdicts import Verdict
from proctor.errors import DataError, UsageError
from proctor.results.open_runs import open_runs

BETTER_B = ("0000000000" + "1" * 20, "1111111111" + "1" * 20)


def runs_of(tmp_path, *tasks, **more):
    """A run for each mapping of task to samples, or to a pattern of right and wrong."""
    found = []
    for place, one in enumerate(tasks):
        lines = {task: right_and_wrong(given) if isinstance(given, str) else given for task, given in one.items()}
        found += open_runs([write_run(tmp_path / str(place), lines, **more)]).runs
    return found


def only(comparison):
    ((task,),) = [pair.tasks for pair in comparison.pairs]
    return task


def test_the_difference_is_the_second_minus_the_first(tmp_path):
    task = only(compare_runs(runs_of(tmp_path, {"t": BETTER_B[0]}, {"t": BETTER_B[1]})))
    assert (task.a, task.b) == (20 / 30, 1.0)
    assert task.result.difference == pytest.approx(1 / 3)
    assert task.result.interval == pytest.approx(bonett_price(10, 0, 30).interval())
    assert task.result.p == mcnemar(0, 10).exact
    assert (task.counts.both, task.counts.only_a, task.counts.only_b, task.counts.neither) == (20, 0, 10, 0)
    assert task.judgement.verdict is Verdict.BETTER


def test_in_exchange_everything_is_mirrored(tmp_path):
    runs = runs_of(tmp_path, {"t": BETTER_B[0]}, {"t": BETTER_B[1]})
    there, back = only(compare_runs(runs)), only(compare_runs(runs[::-1]))
    assert back.result.difference == -there.result.difference
    assert back.result.interval == pytest.approx(tuple(-end for end in there.result.interval[::-1]))
    assert back.result.p == there.result.p
    assert back.judgement.verdict is Verdict.WORSE


def test_less_is_better_where_the_metric_says_so(tmp_path):
    runs = runs_of(tmp_path, {"t": BETTER_B[0]}, {"t": BETTER_B[1]}, higher_is_better={"t": {"acc": False}})
    assert only(compare_runs(runs)).judgement.verdict is Verdict.WORSE


def test_p_is_corrected_over_the_tasks(tmp_path):
    a, b = "1" * 30, ("0" * 6 + "1" * 24)
    names = [f"t{i}" for i in range(5)]
    runs = runs_of(tmp_path, dict.fromkeys(names, a), {**dict.fromkeys(names, a), "t0": b})
    tasks = compare_runs(runs).pairs[0].tasks
    raw = [one.result.p for one in tasks]
    assert raw[0] == mcnemar(6, 0).exact < 0.05
    assert [one.p_adjusted for one in tasks] == adjusted(raw, "holm")
    assert tasks[0].judgement.verdict is Verdict.NOT_RESOLVED
    plain = compare_runs(runs, CompareOptions(correction="none")).pairs[0].tasks
    assert plain[0].judgement.verdict is Verdict.WORSE


def test_all_pairs_of_three_runs_are_corrected_together(tmp_path):
    comparison = compare_runs(runs_of(tmp_path, {"t": "1100"}, {"t": "1010"}, {"t": "1111"}))
    assert [(pair.a, pair.b) for pair in comparison.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert comparison.tests == 3


def test_a_margin_makes_the_same(tmp_path):
    pattern = "10" * 500
    runs = runs_of(tmp_path, {"t": pattern}, {"t": pattern})
    assert only(compare_runs(runs, CompareOptions(margin=0.02))).judgement.verdict is Verdict.SAME
    assert only(compare_runs(runs)).judgement.verdict is Verdict.NOT_RESOLVED


def test_clusters_are_flipped_whole(tmp_path):
    lines = {
        name: [choice_line(i, [-0.1 if right == "1" else -5.0, -1, -2, -3], 0, passage=f"p{i // 4}")
               for i, right in enumerate(pattern)]
        for name, pattern in (("a", "1" * 24), ("b", "0000" * 2 + "1" * 16))
    }  # fmt: skip
    runs = runs_of(tmp_path, {"t": lines["a"]}, {"t": lines["b"]})
    task = only(compare_runs(runs, CompareOptions(cluster="passage")))
    assert (task.result.test, task.result.clusters) == ("sign flips", 6)
    assert task.result.p == 0.5
    with pytest.raises(UsageError, match="has no column 'page'"):
        compare_runs(runs, CompareOptions(cluster="page"))


def test_a_group_by_documents_and_by_tasks(tmp_path):
    groups = {"g": ["t", "u", "v"]}
    first = {"t": "1" * 10, "u": "10" * 20, "v": [text_line(0, "4", "4", 1.0, name="none")]}
    second = {"t": "1" * 8 + "00", "u": "11" + "10" * 19, "v": [text_line(0, "4", "4", 1.0, name="none")]}
    (group,) = compare_runs(runs_of(tmp_path, first, second, group_subtasks=groups)).pairs[0].groups
    assert (group.tasks, group.left_out, group.n) == (("t", "u"), 1, 50)
    assert group.result.micro == pytest.approx(-1 / 50)
    assert group.result.macro == pytest.approx((-0.2 + 1 / 40) / 2)
    assert (group.a, group.b) == (pytest.approx(30 / 50), pytest.approx(29 / 50))
    assert group.a_macro == pytest.approx(0.75)
    assert group.judgement.verdict is Verdict.NOT_RESOLVED
    assert group.detectable_effect > 0


def test_the_metric_that_was_named(tmp_path):
    lines = [right_and_wrong("1100", scores={"acc_norm": value}) for value in (0.25, 0.75)]
    runs = runs_of(tmp_path, {"t": lines[0]}, {"t": lines[1]})
    assert only(compare_runs(runs, CompareOptions(metric="acc_norm"))).result.difference == 0.5
    assert only(compare_runs(runs)).metric == ("acc", "none")
    with pytest.raises(UsageError, match="No task has the metric 'acc_nrm'") as error:
        compare_runs(runs, CompareOptions(metric="acc_nrm"))
    assert "acc_norm" in str(error.value.hint)


def test_a_metric_that_one_run_alone_has_is_no_misspelling(tmp_path):
    lines = {"t": right_and_wrong("1100", scores={"acc_text": 1.0})}
    document = document_of(lines)
    document["results"]["t"]["acc_text,none"] = 1.0
    runs = [*open_runs([write_run(tmp_path / "a", lines, document=document)]).runs, *runs_of(tmp_path, {"t": "1100"})]
    with pytest.raises(UsageError, match="No task has the metric 'acc_text' in two runs") as error:
        compare_runs(runs, CompareOptions(metric="acc_text"))
    assert error.value.hint == f"Only {runs[0].source} has it."


def test_a_metric_that_the_results_alone_have_is_not_said_to_be_absent(tmp_path):
    lines = {"t": right_and_wrong("1100")}
    document = document_of(lines)
    document["results"]["t"]["choice_mass,none"] = 0.9
    runs = [open_runs([write_run(tmp_path / name, lines, document=document)]).runs[0] for name in "ab"]
    one = only(compare_runs(runs, CompareOptions(metric="choice_mass")))
    assert one.reason == "the samples of t have no values of 'choice_mass' by document"


def test_a_task_without_samples_has_its_scores_and_a_reason(tmp_path):
    lines = {"t": right_and_wrong("11"), "u": right_and_wrong("10")}
    first = open_runs([write_run(tmp_path / "a", lines)]).runs
    second = open_runs([write_run(tmp_path / "b", lines, samples=["t"])]).runs
    _, task = compare_runs([*first, *second]).pairs[0].tasks
    assert (task.result, task.a, task.b) == (None, 0.5, 0.5)
    assert (task.reason, task.no_samples) == (
        "the second run has no samples of u (--log_samples writes them)",
        (False, True),
    )


def test_a_broken_samples_file_is_a_reason_and_the_others_are_compared(tmp_path):
    runs = runs_of(tmp_path, {"t": "11", "u": "10"}, {"t": "11", "u": "10"})
    runs[1].samples_files["u"].write_text("{")
    tested, broken = compare_runs(runs).pairs[0].tasks
    assert tested.result is not None
    assert "Line 1" in broken.reason


def test_documents_left_out_and_scores_that_are_no_numbers(tmp_path):
    lines = right_and_wrong("1011")
    lines[1]["acc"] = float("nan")
    runs = runs_of(tmp_path, {"t": lines}, {"t": "110"})
    found = only(compare_runs(runs)).pairs
    assert (found.only_a, found.only_b, found.not_finite) == (1, 1, 1)
    assert list(found.a) == [1.0, 1.0]


def test_no_document_in_common(tmp_path):
    lines = [[choice_line(i, [0, -1, -2, -3], 0, question=f"{name}{i}") for i in places]
             for name, places in (("x", [0, 1]), ("y", [2, 3]))]  # fmt: skip
    task = only(compare_runs(runs_of(tmp_path, {"t": lines[0]}, {"t": lines[1]})))
    assert task.result is None
    assert "no document of t in common (2 and 2 alone)" in task.reason


def test_different_documents_under_one_number_are_refused(tmp_path):
    lines = [[choice_line(0, [0, -1, -2, -3], 0, question=name)] for name in "xy"]
    runs = runs_of(tmp_path, {"t": lines[0]}, {"t": lines[1]})
    with pytest.raises(DataError, match="document 0: the two runs were asked different documents"):
        compare_runs(runs)
    assert only(compare_runs(runs, CompareOptions(by_number=True))).result.n == 1


def test_statistics_of_all_documents_are_not_tested(tmp_path):
    lines = right_and_wrong("10", scores={"f1": [1, 0]})
    for line in lines:
        line["metrics"] = ["f1"]
    document = document_of({"t": lines})
    document["results"]["t"] = {"f1,none": 0.25}
    task = only(compare_runs(runs_of(tmp_path, {"t": lines}, {"t": lines}, document=document)))
    assert (task.result, task.a) == (None, 0.25)
    assert "statistics of all its documents" in task.reason


def test_perplexities_by_resampled_documents(tmp_path):
    def rolling(shift):
        lines = right_and_wrong("1" * 40, scores={"word_perplexity": [0.0, 1]})
        for i, line in enumerate(lines):
            line |= {"metrics": ["word_perplexity"], "word_perplexity": [-(i % 7) - shift * (1 + i % 3), 2]}
        return lines

    more = {"higher_is_better": {"t": {"word_perplexity": False}}}
    runs = runs_of(tmp_path, {"t": rolling(0)}, {"t": rolling(0.5)}, **more)
    task = only(compare_runs(runs))
    assert task.b > task.a
    assert task.result.interval[0] < task.result.difference < task.result.interval[1]
    assert (task.result.test, task.judgement.verdict) == ("sign flips", Verdict.WORSE)
    assert only(compare_runs(runs[:1] * 2)).result.interval is None


def test_the_interval_of_resamples(tmp_path):
    runs = runs_of(tmp_path, {"t": BETTER_B[0]}, {"t": BETTER_B[1]})
    formula, resampled = (only(compare_runs(runs, CompareOptions(interval=name))) for name in ("formula", "bootstrap"))
    assert resampled.result.p == formula.result.p
    assert resampled.result.interval == pytest.approx((1 / 6, 0.5), abs=0.05)
    clustered = only(compare_runs(runs, CompareOptions(interval="bootstrap", cluster="answer")))
    assert clustered.result.clusters == 4


def test_tasks_that_were_named(tmp_path):
    runs = runs_of(tmp_path, *[dict.fromkeys("tuv", "10")] * 2, group_subtasks={"g": ["u", "v"]})
    names = lambda *tasks: [one.task for one in compare_runs(runs, CompareOptions(tasks=tasks)).pairs[0].tasks]  # noqa: E731
    assert names("g") == ["u", "v"]
    assert names("t", "?") == ["t", "u", "v"]
    with pytest.raises(UsageError, match="no task or group 'w' in common"):
        names("w")


def test_runs_that_have_nothing_in_common(tmp_path):
    with pytest.raises(DataError, match="no task in common: the first has t, the second u"):
        compare_runs(runs_of(tmp_path, {"t": "1"}, {"u": "1"}))
    with pytest.raises(UsageError, match="takes two runs"):
        compare_runs(runs_of(tmp_path, {"t": "1"}))


def test_tasks_of_one_run_alone_are_named(tmp_path):
    (pair,) = compare_runs(runs_of(tmp_path, {"t": "1", "u": "1"}, {"t": "1", "v": "1"})).pairs
    assert (pair.only_a, pair.only_b) == (("u",), ("v",))
