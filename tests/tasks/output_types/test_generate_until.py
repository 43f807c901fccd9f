"""Text that a model writes: its request, and what it is compared with."""

from __future__ import annotations

import pytest

from proctor.errors import DataError
from proctor.tasks.example import AskResult, Example, canonical_variant


def one_document(target, choices):
    return Example(5, {}, (canonical_variant((), choices, target),), "", target, None)


@pytest.mark.parametrize(
    ("target", "choices", "said"),
    [
        (None, None, "document 5: its target is null"),
        (None, ("a", "b"), "its target is null"),
        (2, ("a", "b"), "the number of one of the choices, and gave 2"),
        ("a", ("a", "b"), "the number of one of the choices, and gave 'a'"),
        (1.0, ("a", "b"), "the number of one of the choices, and gave 1.0"),
    ],
)
def test_a_generated_answer_is_compared_with_a_target_or_not_at_all(task, target, choices, said):
    bound = task(output_type="generate_until", metric_list=[{"metric": "exact_match"}])
    with pytest.raises(DataError, match=said):
        bound.measure(one_document(target, choices), 0, [AskResult("prompt", ("None",))])


def test_predictions_alone_need_no_target(task):
    bound = task(output_type="generate_until", doc_to_choice=None, metric_list=[{"metric": "bypass"}])
    assert bound.measure(one_document(None, None), 0, [AskResult("prompt", ("x",))]) == {"bypass": None}
