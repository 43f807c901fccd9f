"""Everything that is wrong with a task that could not be bound, in one round."""

from __future__ import annotations

from proctor.tasks.all_errors import all_errors, field_errors, split_errors
from proctor.tasks.data import Splits


def test_a_sound_task_has_none(spec):
    assert all_errors(spec()) == ()


def test_metrics_filters_splits_and_fields_are_told_together(spec):
    built = spec(
        test_split="tset",
        doc_to_text="{{quest}}",
        metric_list=[{"metric": "accc"}],
        filter_list=[{"name": "x", "filter": [{"function": "take_frist"}]}],
    )
    said = [finding.message for finding in all_errors(built)]
    for word in ("accc", "take_frist", "no split 'tset'", "quest"):
        assert any(word in one for one in said), word
    assert len(said) == len(set(said))


def test_each_key_that_names_a_split_that_is_not_there(spec):
    built = spec(validation_split="valid", fewshot_split="trian")
    found = split_errors(built, Splits(built))
    assert {finding.message for finding in found} == {
        "task 'sums': its data set has no split 'valid'.",
        "task 'sums': its data set has no split 'trian'.",
    }
    assert all(finding.line is not None for finding in found)
    assert any("train" in (finding.hint or "") for finding in found)


def test_fields_are_tried_on_another_split_where_theirs_is_not_there(spec):
    built = spec(test_split="tset", doc_to_text="{{quest}}")
    [found] = field_errors(built, Splits(built))
    assert "quest" in found.message


def test_data_that_are_not_there_hide_the_fields_and_nothing_else(spec):
    built = spec(dataset_kwargs={"data_files": {"test": "none.jsonl"}}, metric_list=[{"metric": "accc"}])
    [found] = all_errors(built)
    assert "accc" in found.message
