"""Scores over the orders of options: added to the task's own, stored, resumed, regraded."""

from __future__ import annotations

import json
import math

import pytest

from proctor.analysis.intervals import clustered_stderr
from proctor.models.dummy import DummyModel
from proctor.preview.preview import preview
from proctor.results.hashes import doc_hash
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Scores

TASK = """\
task: letters
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\nAnswer:"
doc_to_choice: [A, B, C]
doc_to_target: answer
metric_list: [{metric: acc}]
"""
GOLDS = [0, 2, 2, 1, 0]


class First(DummyModel):
    """Chooses what stands first, whatever it is."""

    def score(self, context, place):
        return -1.0 - place

    def respond(self, requests):
        for index, request in enumerate(requests):
            count = len(request.continuations)
            yield index, Scores(tuple((self.score(request.context, place), False) for place in range(count)))


class Knows(First):
    """Chooses the green one, wherever it stands."""

    def score(self, context, place):
        return 0.0 if context.rpartition("\nA. ")[2].split("\n")[place].endswith("green") else -5.0


class Torn(First):
    """Gives NaN where the green one stands first, and cannot decide elsewhere."""

    def score(self, context, place):
        return math.nan if "A. green" in context else -1.0


@pytest.fixture
def folder(tmp_path):
    rows = [
        {"question": f"Which one is number {n}?", "choices": ["red", "blue", "green"], "answer": gold}
        for n, gold in enumerate(GOLDS)
    ]
    rows.append({"question": "And the last?", "choices": ["red", "None of these", "Both A and B"], "answer": 0})
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(TASK, encoding="utf-8")
    (tmp_path / "both.yaml").write_text(
        "group: both\ntask: [letters]\naggregate_metric_list: [{metric: acc, weight_by_size: true}]\n",
        encoding="utf-8",
    )
    return tmp_path


def run(folder, model, orders="cyclic", tasks="letters", bootstrap_iters=0, **settings):
    given = {"model": "dummy", "include_path": [str(folder)], "tasks": tasks, "choice_orders": orders, **settings}
    config = build_config(given)
    exam = load_exam(config, Quiet)
    more = {"bootstrap_iters": bootstrap_iters, "opened": model, "exam": exam, "keep_records": True}
    return evaluate(config, progress=Quiet, **more)


def test_a_model_that_chooses_a_position_is_right_in_one_order_of_three(folder):
    result = run(folder, First())
    scores = result["letters"]
    own = GOLDS.count(0) + 1
    assert scores["acc"] == own / 6
    # Five documents in three orders, each right in one of them; the sixth has an order of its own alone and is right.
    assert scores["acc_orders_mean"] == pytest.approx((5 / 3 + 1) / 6)
    assert (scores["acc_orders_worst"], scores["acc_orders_any"], scores["order_consistency"]) == (0, 1, 0)
    assert scores["order_effect"] == pytest.approx(sum((gold == 0) - (gold != 0) / 2 for gold in GOLDS) / 5)
    (details,) = result.extra["proctor"]["choice_orders"]["tasks"]
    assert details["kinds"] == {"fixed": 1, "free": 5}
    assert (details["documents"], details["documents_in_several_orders"], details["orders"]) == (6, 5, 16)
    assert details["positions"]["chosen"] == [1, 0, 0]


def test_a_model_that_goes_by_content_has_one_score_in_all_orders(folder):
    scores = run(folder, Knows())["letters"]
    assert scores["acc_orders_worst"] == scores["acc_orders_any"] == GOLDS.count(2) / 5
    assert (scores["order_consistent"], scores["sensitivity_gap"], scores["order_effect"]) == (1, 0, 0)


@pytest.mark.parametrize("orders", ["cyclic", "all", "sampled:6"])
def test_the_scores_of_the_own_order_stay_to_the_digit(folder, orders):
    plain, ordered = run(folder, First(), "canonical"), run(folder, First(), orders)
    (before,), (after,) = plain.tasks, ordered.tasks
    assert "choice_orders" not in plain.extra["proctor"]
    assert {key: after.values[key] for key in before.values} == before.values
    assert after.n_effective == before.n_effective
    canonical = [record for record in ordered.records["letters"] if record.variant == 0]
    assert [record.metrics for record in canonical] == [record.metrics for record in plain.records["letters"]]


def test_a_group_has_the_means_of_its_tasks(folder):
    result = run(folder, First(), tasks="both")
    (group,) = result.groups
    (task,) = result.tasks
    assert group.values["acc_orders_mean", "none"].value == task.values["acc_orders_mean", "none"].value
    assert ("order_rstd", "none") not in group.values
    (plain,) = run(folder, First(), "canonical", tasks="both").groups
    assert set(plain.values) == {("acc", "none")}


def test_a_task_weighs_what_its_mean_is_over_in_a_group(folder, caplog):
    rows = [{"question": f"{n}?", "choices": ["red", "blue", "green"], "answer": 2} for n in range(3)]
    rows += [{"question": f"{n}?", "choices": ["red", "None of these", "Both A and B"], "answer": 0} for n in range(7)]
    (folder / "other.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    other = TASK.replace("test.jsonl", "other.jsonl").replace("task: letters", "task: other")
    (folder / "other.yaml").write_text(other, encoding="utf-8")
    unlisted = TASK.replace("task: letters", "task: unlisted").replace("[A, B, C]", "choices")
    unlisted = unlisted.replace("A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n", "")
    (folder / "unlisted.yaml").write_text(unlisted, encoding="utf-8")
    both = (folder / "both.yaml").read_text(encoding="utf-8")
    (folder / "both.yaml").write_text(both.replace("[letters]", "[letters, other, unlisted]"), encoding="utf-8")

    class Reads(Knows):
        def score(self, context, place):
            return super().score(context, place) if "A. " in str(context) else -1.0 - place

    (group,) = run(folder, Reads(), tasks="both").groups
    assert group.values["acc_orders_worst", "none"].value == pytest.approx((GOLDS.count(2) + 3) / (5 + 3))
    assert group.values["acc_orders_worst", "none"].n == 8
    assert caplog.text.count("is missing in 1 of 3 tasks, which is left out of it (unlisted)") == 1


def test_nan_is_never_right_and_ties_are_told(folder, caplog):
    result = run(folder, Torn())
    (details,) = result.extra["proctor"]["choice_orders"]["tasks"]
    assert details["nan_orders"] == 5
    assert details["ties"] == 11
    assert "equally likely and the first won" in caplog.text


def test_equal_options_that_are_equally_likely_are_no_tie(folder):
    row = {"question": "Which?", "choices": ["green", "green", "red"], "answer": 0}
    (folder / "test.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    (details,) = run(folder, Knows()).extra["proctor"]["choice_orders"]["tasks"]
    assert (details["orders"], details["ties"]) == (3, 0)


def test_a_label_without_an_option_is_never_right(folder):
    class Last(First):
        def score(self, context, place):
            return place - 9.0

    (folder / "letters.yaml").write_text(TASK.replace("[A, B, C]", "[A, B, C, D]"), encoding="utf-8")
    result = run(folder, Last())
    (details,) = result.extra["proctor"]["choice_orders"]["tasks"]
    assert result["letters"]["acc"] == details["acc_canonical"] == result["letters"]["acc_orders_mean"] == 0
    assert details["nan_orders"] == details["orders"] == 16


def test_options_without_the_question_are_no_other_labels(folder):
    class Unprompted(First):
        def score(self, context, place):
            return -1.0 - place if str(context) else -0.1

    (folder / "letters.yaml").write_text(TASK.replace("acc}", "acc}, {metric: acc_mutual_info}"), encoding="utf-8")
    (details,) = run(folder, Unprompted()).extra["proctor"]["choice_orders"]["tasks"]
    assert (details["nan_orders"], details["positions"]["chosen"]) == (0, [1, 0, 0])


def test_a_task_without_acc_is_named(folder, caplog):
    (folder / "letters.yaml").write_text(TASK.replace("metric: acc", "metric: brier_score"), encoding="utf-8")
    assert set(run(folder, First())["letters"]) == set(run(folder, First(), "canonical")["letters"])
    assert "Task 'letters' has no acc: there are no scores over the orders of its options." in caplog.text


def test_a_task_that_lists_no_options_is_named_once(folder, caplog):
    text = TASK.replace("A. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\n", "").replace(
        "[A, B, C]", "choices"
    )
    (folder / "letters.yaml").write_text(text, encoding="utf-8")
    result = run(folder, First())
    assert caplog.text.count("--choice_orders has no effect on 1 of 1 task") == 1
    assert "acc_orders_mean" not in result["letters"]


def test_preview_shows_two_orders_and_names_the_others(folder):
    given = {"model": "dummy", "include_path": [str(folder)], "tasks": ["letters"], "choice_orders": "all"}
    shown = "\n".join(preview(build_config(given), progress=Quiet))
    assert shown.count("A. ") == 2
    assert "the same document, its options in the order 0 2 1" in shown
    assert "and in 4 more orders: 1 0 2 · 1 2 0 · 2 0 1 · 2 1 0" in shown


def test_a_class_is_named_as_what_makes_its_prompts(folder, caplog):
    (folder / "mine.py").write_text(
        "from lm_eval.api.task import ConfigurableTask\n\n\nclass Mine(ConfigurableTask):\n"
        "    def __init__(self, config=None):\n"
        "        super().__init__(config={'task': 'mine', 'dataset_path': 'json', 'test_split': 'test',\n"
        f"            'dataset_kwargs': {{'data_files': {{'test': {str(folder / 'test.jsonl')!r}}}}},\n"
        "            'output_type': 'multiple_choice', 'doc_to_text': 'A. {{choices[0]}}\\nAnswer:',\n"
        "            'doc_to_choice': ['A', 'B', 'C'], 'doc_to_target': 'answer'})\n",
        encoding="utf-8",
    )
    (folder / "mine.yaml").write_text("task: mine\nclass: !function mine.Mine\n", encoding="utf-8")
    result = run(folder, First(), tasks="mine")
    assert "acc_orders_mean" not in result["mine"]
    assert "no effect on 1 of 1 task: a class makes their prompts by itself (mine)." in caplog.text
    assert "list no options" not in caplog.text


def test_a_document_without_a_right_option_is_left_out_and_counted(folder, caplog):
    file = folder / "test.jsonl"
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    rows = [*rows * 2, {**rows[0], "question": "Without a gold?", "answer": -1}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    result = run(folder, Knows())
    [details] = result.extra["proctor"]["choice_orders"]["tasks"]
    assert details["left_out"] == 1
    assert details["documents"] == len(rows) - 1
    assert result.tasks[0].n_effective == len(rows)
    assert "1 document without a score over orders" in caplog.text


def test_errors_over_orders_are_by_clusters_too(folder):
    more = {"tasks": "both", "bootstrap_iters": 100}
    plain, result = run(folder, Knows(), **more), run(folder, Knows(), cluster="{{answer}}", **more)
    one, other = (found.tasks[0].values["acc_orders_mean", "none"] for found in (plain, result))
    assert plain.tasks[0].values["acc_orders_mean", "none"].clustered is None
    assert (other.value, other.stderr, other.interval) == (one.value, one.stderr, one.interval)
    right, documents = [float(gold == 2) for gold in GOLDS], [*GOLDS, 0]
    expected, _ = clustered_stderr([*right, 1.0], documents)
    assert other.clustered.stderr == pytest.approx(expected)
    assert (other.clustered.clusters, other.clustered.interval[0] < other.value) == (3, True)
    effect = result.tasks[0].values["order_effect", "none"].clustered
    assert (effect.clusters, effect.stderr) == (3, 0.0)
    assert result.groups[0].values["acc_orders_mean", "none"].clustered.stderr == pytest.approx(expected)
    (facts,) = result.extra["proctor"]["choice_orders"]["tasks"]
    assert f"± {1.96 * expected:.3f}" in facts["sentence"]


def excluding(folder, *places):
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = [json.dumps({"task": "letters", "doc_hash": doc_hash(rows[place])}) + "\n" for place in places]
    (folder / "bad.jsonl").write_text("".join(lines), encoding="utf-8")
    return str(folder / "bad.jsonl")


def test_scores_over_orders_stand_without_excluded_documents_too(folder):
    more = {"tasks": "both", "bootstrap_iters": 100}
    plain, result = run(folder, First(), **more), run(folder, First(), exclude=excluding(folder, 0, 5), **more)
    (before,), (after,) = plain.tasks, result.tasks
    assert {key: after.values[key] for key in before.values} == before.values
    # Of four documents in three orders each, one order is right.
    clean = after.values["acc_orders_mean_clean", "none"]
    assert (clean.value, clean.n) == (pytest.approx(1 / 3), 4)
    assert after.values["acc_orders_any_clean", "none"].value == 1
    assert after.values["order_consistency_clean", "none"].value == 0
    assert after.higher_is_better["sensitivity_gap_clean"] is False
    (group,) = result.groups
    assert group.values["acc_orders_mean_clean", "none"].value == clean.value
    assert group.sample_count["acc_orders_mean_clean", "none"] == 4


def test_of_all_excluded_documents_there_are_no_scores_over_orders(folder):
    (task,) = run(folder, First(), exclude=excluding(folder, *range(6))).tasks
    assert not [metric for metric, _ in task.values if metric.endswith("_clean")]
    assert ("acc_orders_mean", "none") in task.values


def test_without_a_bootstrap_no_added_score_has_an_error(folder):
    result = run(folder, Knows(), tasks="both", cluster="{{answer}}", exclude=excluding(folder, 0))
    values = [value for one in (*result.tasks, *result.groups) for value in one.values.values()]
    assert len(values) > 20
    assert {(value.stderr, value.method, value.interval, value.clustered) for value in values} == {(None,) * 4}
    assert not any(value.errors for value in values)
