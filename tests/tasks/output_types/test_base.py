"""What output types have in common: the context of a task, and a target as the text that is scored."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.tasks.example import Example, canonical_variant
from proctor.tasks.output_types.base import TaskContext, text_to_score
from proctor.tasks.output_types.table import OUTPUT_TYPES

MUTUAL = [{"metric": "acc"}, {"metric": "acc_mutual_info"}]


def test_a_context_knows_the_names_of_its_metrics(task):
    bound = task(metric_list=MUTUAL)
    assert TaskContext.of(bound.spec, bound.shape, bound.uses, {}).wanted == {"acc", "acc_mutual_info"}


@pytest.mark.parametrize(("target", "text"), [("a", "a"), (" a", " a"), ("", ""), (5, "5"), (["a"], "['a']")])
def test_a_target_is_scored_as_its_text(task, target, text):
    example = Example(3, {}, (canonical_variant((), None, target),), "", target, None)
    assert text_to_score(task().context, example) == text


def test_a_target_that_is_null_names_task_document_and_key(task):
    example = Example(3, {}, (canonical_variant((), None, None),), "", None, None)
    with pytest.raises(TaskError, match=r"doc_to_target gave nothing \(null\) on document 3") as caught:
        text_to_score(task().context, example)
    assert caught.value.errors[0].line is not None


def test_only_options_have_golds():
    variant = canonical_variant((), ("a", "b"), 1)
    golds = {name: row.golds(variant) for name, row in OUTPUT_TYPES.items()}
    assert golds == {"loglikelihood": (), "multiple_choice": (1,), "loglikelihood_rolling": (), "generate_until": ()}
