"""The schema of the task language: all errors of a task or a group, each a sentence with its line."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.refs import Ref
from proctor.tasks.build_spec import build_task
from proctor.tasks.check import check_config, check_group, kind_of


def errors(node) -> list[str]:
    with pytest.raises(TaskError) as caught:
        build_task(node)
    return [str(finding) for finding in caught.value.errors]


def test_all_errors_at_once_each_with_its_line(node):
    found = errors(node(doc_to_txt="x", output_type="multiple_chioce", num_fewshot=-1, repeats=0, metric_list=[{}]))
    assert len(found) == 5
    assert all(".yaml:" in finding for finding in found)
    assert any("'doc_to_txt'" in finding and "Did you mean 'doc_to_text'" in finding for finding in found)
    assert any("'multiple_chioce'" in finding and "'multiple_choice'" in finding for finding in found)
    assert any("num_fewshot must be 0 or more" in finding for finding in found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"doc_to_choice": None}, "doc_to_choice is missing"),
        ({"doc_to_choice": []}, "doc_to_choice is empty"),
        ({"test_split": None}, "nothing to evaluate"),
        ({"dataset_path": None}, "dataset_path is missing"),
        ({"doc_to_text": ["a"]}, "doc_to_text must be"),
        ({"description": 3}, "description must be text"),
        ({"fewshot_config": {"sampler": "frist_n"}}, "'first_n'"),
        ({"fewshot_config": {"splitt": "x"}}, "'split'"),
        ({"filter_list": [{"name": "x"}]}, "needs 'name' and a list 'filter'"),
        ({"filter_list": [{"name": "x", "filter": [{}]}]}, "names no 'function'"),
        ({"generation_kwargs": {"temperature": "hot"}}, "temperature must be a number"),
        ({"use_prompt": "qa-basic:x", "doc_to_choice": None}, "doc_to_choice is missing"),
        ({"class": "task.Mine"}, "class must be a !function"),
    ],
)
def test_bad_keys_are_sentences(node, changes, said):
    assert any(said in finding for finding in errors(node(**changes)))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "true or false"),
        (0, "a whole number"),
        (0.5, "a number"),
        ("x", "text"),
        ([], "a list"),
        ({}, "a mapping"),
        (Ref("", "a.b"), "a !function"),
        (len, "a !function"),
        (None, "NoneType"),
    ],
)
def test_the_words_for_kinds_of_values(value, kind):
    assert kind_of(value) == kind


def test_a_task_without_options_may_be_loaded_and_not_evaluated(node):
    task = node(doc_to_choice=None, repeats=0)
    assert [finding.message.partition(": ")[2] for finding in check_config(task, to_evaluate=False)] == [
        "repeats must be 1 or more, but it is 0."
    ]
    assert len(check_config(task)) == 2


def test_the_keys_of_a_class_are_its_own_business(node):
    assert check_config(node(**{"class": Ref("", "a.B"), "anything": 1, "repeats": -5})) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": []}, "it has no members."),
        ({"aggregate_metric_list": "acc"}, "aggregate_metric_list must be a list."),
        ({"aggregate_metric_list": [{"weight_by_size": True}]}, "names no metric."),
        ({"aggregate_metric_list": [{"metric": "acc", "wieght_by_size": 1}]}, "there is no key 'wieght_by_size' in"),
        ({"aggregate_metric_list": {"metric": "acc", "aggregation": "max"}}, "by 'mean' only, not by 'max'."),
    ],
)
def test_the_errors_of_a_group(node, changes, said):
    [found] = check_group(node("g", **({"task": ["a"]} | changes)))
    assert found.message.startswith("group 'g': ")
    assert said in found.message
    assert found.line is not None


def test_a_sound_group(node):
    aggregates = [{"metric": "acc", "aggregation": "mean", "weight_by_size": False, "higher_is_better": True}]
    assert check_group(node("g", task=["a"], aggregate_metric_list=aggregates)) == []
