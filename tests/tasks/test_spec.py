"""A task as a frozen value: what follows from its keys."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from proctor.refs import Ref


@pytest.mark.parametrize(("shots", "number"), [(None, 0), (0, 0), (3, 3)])
def test_the_number_of_examples_is_0_where_nobody_says_one(spec, shots, number):
    assert spec(num_fewshot=shots).n_shot == number


def test_the_split_that_is_evaluated_is_the_test_split_if_there_is_one(spec):
    assert spec(validation_split="train").data.eval_split == "test"
    assert spec(test_split=None, validation_split="train").data.eval_split == "train"


def test_a_task_shows_images_where_its_file_says_so_and_a_class_decides_for_itself(spec):
    built = spec(doc_to_image="question", doc_to_audio=None)
    assert (built.media, spec().media) == (("doc_to_image",), ())
    assert replace(built, made_by=Ref("", "a.B")).media == ()


def test_metrics_by_name_and_functions_by_theirs(spec):
    built = spec(metric_list=[{"metric": "acc"}, {"metric": Ref("", "own.measure")}])
    assert built.metric_names == ("acc", "own.measure")
    assert spec(metric_list=None).metric_names == ()


def test_an_error_stands_at_the_line_of_its_key(spec):
    built = spec()
    found = built.error("it is odd.", "doc_to_text", hint="Mend it.")
    assert (found.message, found.file, found.hint) == ("task 'sums': it is odd.", built.file, "Mend it.")
    assert found.line == list(built.raw).index("doc_to_text") + 1
    assert built.error("it is odd.", "no_such_key").line is None


def test_nobody_changes_a_spec(spec):
    with pytest.raises(FrozenInstanceError):
        spec().name = "other"
