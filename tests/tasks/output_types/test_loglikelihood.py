"""How probable a target is after the prompt: the request, and the values of its response."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.messages import Message
from proctor.tasks.example import Ask, AskResult, Example, canonical_variant
from proctor.tasks.output_types.table import OUTPUT_TYPES
from proctor.types import Loglikelihood

OUTPUT = OUTPUT_TYPES["loglikelihood"]


def document(target):
    return Example(3, {}, (canonical_variant(((),), None, target),), "", target, None)


@pytest.fixture
def context(task):
    return task(output_type="loglikelihood", doc_to_choice=None, metric_list=None).context


@pytest.mark.parametrize(("target", "text"), [("blue", "blue"), (" blue", " blue"), (5, "5"), ("", "")])
def test_the_target_follows_the_prompt_as_it_is_without_a_delimiter(context, target, text):
    asks = OUTPUT.asks(context, document(target), 0, ["The sky is"], chat=False)
    assert asks == (Ask(0, "text", Loglikelihood("The sky is", (text,))),)


def test_a_prompt_of_messages_cannot_be_scored(context):
    with pytest.raises(TypeError, match="A text is needed here"):
        OUTPUT.asks(context, document("x"), 0, [(Message("user", "a"),)], chat=False)


def test_a_target_that_is_null_is_an_error_of_the_task(context):
    with pytest.raises(TaskError, match=r"doc_to_target gave nothing \(null\) on document 3"):
        OUTPUT.asks(context, document(None), 0, ["The sky is"], chat=False)


@pytest.mark.parametrize(("greedy", "acc"), [(True, 1), (False, 0)])
def test_the_values_are_those_of_the_metrics_that_are_wanted(context, greedy, acc):
    results = OUTPUT.results_of(document("blue"), [(-2.5, greedy)])
    assert results == (AskResult("text", ((-2.5, greedy),)),)
    assert OUTPUT.measure(context, document("blue"), 0, results) == {"perplexity": -2.5, "acc": acc}


def test_predictions_alone_have_no_values(task):
    context = task(output_type="loglikelihood", doc_to_choice=None, metric_list=[{"metric": "bypass"}]).context
    assert "acc" not in OUTPUT.measure(context, document("blue"), 0, [AskResult("text", ((-2.5, True),))])
