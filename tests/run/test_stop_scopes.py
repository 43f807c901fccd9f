"""What a run that may stop early watches, and what it cannot."""

from __future__ import annotations

import pytest
from quiz_files import write_quiz
from stopped_runs import GROUP, write_group

from proctor.errors import UsageError
from proctor.run.exam import load_exam
from proctor.run.progress import Quiet
from proctor.run.stop_scopes import asking_order, mean_metrics, stop_scopes
from proctor.settings.config import build_config


def planned(tasks, rule="width=0.05", **options):
    config = build_config({"model": "dummy", "tasks": tasks, "early_stop": rule, **options})
    exam = load_exam(config, Quiet)
    return stop_scopes(exam, config), config


def names(tasks, rule="width=0.05", **options):
    return [(scope.name, scope.metric, scope.is_macro) for scope in planned(tasks, rule, **options)[0]]


def refused(tasks, rule="width=0.05", **options):
    with pytest.raises(UsageError) as caught:
        planned(tasks, rule, **options)
    return str(caught.value)


def generating(folder, name="texts", metrics="exact_match", more=""):
    write_quiz(folder, name, 5)
    text = (
        f"task: {name}\ndataset_path: json\ndataset_kwargs: {{data_files: {{test: {name}.jsonl}}}}\ntest_split: test\n"
        f'output_type: generate_until\ndoc_to_text: "{{{{question}}}}"\ndoc_to_target: "{{{{answer}}}}"\n'
        f"metric_list: [{{metric: {metrics}}}]\n{more}"
    )
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return str(folder / f"{name}.yaml")


def test_a_task_is_watched_by_its_accuracy_or_by_what_is_named(tmp_path):
    task = write_quiz(tmp_path)
    assert names([task]) == [("quiz", ("acc", "none"), False)]
    assert names([task], "width=0.05,metric=acc_norm") == [("quiz", ("acc_norm", "none"), False)]
    assert names([generating(tmp_path)]) == [("texts", ("exact_match", "none"), False)]


@pytest.mark.parametrize("weight", ["true", "false"])
def test_a_group_is_one_scope_and_tasks_beside_it_are_others(tmp_path, weight):
    write_group(tmp_path, weight=weight)
    alone = write_quiz(tmp_path, "alone")
    found = names(["both", alone], include_path=str(tmp_path))
    assert found == [("both", ("acc", "none"), weight == "false"), ("alone", ("acc", "none"), False)]


def test_a_group_without_a_score_falls_into_its_members(tmp_path):
    write_group(tmp_path)
    (tmp_path / "all.yaml").write_text("group: all\ntask: [both, alone]\n", encoding="utf-8")
    write_quiz(tmp_path, "alone")
    assert [name for name, _, _ in names(["all"], include_path=str(tmp_path))] == ["both", "alone"]


def test_all_documents_of_a_group_have_one_order_which_the_seed_decides(tmp_path):
    write_group(tmp_path, (40, 20))
    (scope,), config = planned(["both"], include_path=str(tmp_path))
    order = asking_order(scope, config)
    assert sorted((one.task, one.doc_id) for one in order) == [
        *(("one", number) for number in range(40)), *(("two", number) for number in range(20)),
    ]  # fmt: skip
    assert {one.task for one in order[:12]} == {"one", "two"}
    other = build_config({"model": "dummy", "tasks": ["both"], "early_stop": "width=0.05", "seed": "0,0,0,9"})
    assert asking_order(scope, other) != order


def test_equal_documents_are_told_apart(tmp_path):
    (scope,), config = planned([write_quiz(tmp_path, documents=6, questions="the same")])
    identities = [one.identity for one in asking_order(scope, config)]
    assert len(set(identities)) == 6
    assert {count for _, count in identities} == {0, 1, 2}


@pytest.mark.parametrize("metric", ["bleu", "ter", "chrf"])
def test_scores_that_are_no_means_of_documents_are_refused(tmp_path, metric):
    said = refused([generating(tmp_path, metrics=metric)])
    assert f"Task 'texts' has no score that is a mean of documents (it has {metric})" in said


def test_a_task_of_perplexities_is_refused(tmp_path):
    task = write_quiz(tmp_path)
    text = (tmp_path / "quiz.yaml").read_text(encoding="utf-8")
    rolling = text.replace("multiple_choice", "loglikelihood_rolling").replace('"{{question}}"', '""')
    rolling = rolling.replace("doc_to_choice: [A, B]\n", "").replace("answer", '"{{question}}"')
    (tmp_path / "quiz.yaml").write_text(rolling, encoding="utf-8")
    assert "has no score that is a mean of documents (it has word_perplexity" in refused([task])


def test_an_unknown_metric_or_filter_is_refused_with_what_there_is(tmp_path):
    task = write_quiz(tmp_path)
    assert "Task 'quiz': f1 is no mean of documents that --early_stop could watch (acc, acc_norm are)." in refused(
        [task], "width=0.05,metric=f1"
    )
    assert "Task 'quiz' has no filter strict (it has none)." in refused([task], "width=0.05,filter=strict")
    write_group(tmp_path)
    said = refused(["both"], "width=0.05,metric=f1", include_path=str(tmp_path))
    assert "Group 'both' has no score f1 (it has acc): --early_stop watches its own score." in said
    said = refused(["both"], "width=0.05,filter=strict", include_path=str(tmp_path))
    assert "its tasks have no filter strict in common" in said


def test_a_group_whose_tasks_differ_is_refused(tmp_path):
    write_quiz(tmp_path, "one")
    generating(tmp_path, "two")
    (tmp_path / "both.yaml").write_text(GROUP.replace("WEIGHT", "true"), encoding="utf-8")
    said = refused(["both"], include_path=str(tmp_path))
    assert "Group 'both': acc is no mean of documents in two" in said
    assert "Run these tasks apart." in said


def test_a_task_in_two_groups_is_refused(tmp_path):
    write_group(tmp_path)
    (tmp_path / "more.yaml").write_text(
        "group: more\ntask: [one]\naggregate_metric_list: [{metric: acc}]\n", encoding="utf-8"
    )
    said = refused(["both", "more"], include_path=str(tmp_path))
    assert "--early_stop counts each document once, and one is in several groups" in said


def test_a_filter_that_sees_all_documents_is_refused(tmp_path):
    more = "filter_list: [{name: all, filter: [{function: custom, filter_fn: !function own.pick}]}]\n"
    task = generating(tmp_path, more=more)
    (tmp_path / "own.py").write_text("def pick(resps, docs):\n    return resps\n", encoding="utf-8")
    assert "Task 'texts': a filter of it looks at all documents together" in refused([task])


def test_what_is_wrong_is_said_of_all_tasks_at_once(tmp_path):
    tasks = [generating(tmp_path, name, "bleu") for name in ("a", "b")]
    said = refused(tasks)
    assert "Task 'a'" in said
    assert "Task 'b'" in said


def test_means_are_those_that_aggregate_so(tmp_path):
    (scope,), _ = planned([write_quiz(tmp_path)])
    assert mean_metrics(scope.tasks[0]) == ["acc", "acc_norm"]
