"""How probable a whole text is: the request, and the log-likelihood with the weight of each metric."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.tasks.example import Ask, AskResult, Example, canonical_variant
from proctor.tasks.output_types.table import OUTPUT_TYPES
from proctor.types import Rolling

OUTPUT = OUTPUT_TYPES["loglikelihood_rolling"]


def document(target):
    return Example(3, {}, (canonical_variant((), None, target),), "", target, None)


@pytest.fixture
def context(task):
    return task(output_type="loglikelihood_rolling", doc_to_choice=None, metric_list=None).context


@pytest.mark.parametrize(("target", "text"), [("A whole text.", "A whole text."), (5, "5"), ("", "")])
def test_the_text_is_requested_without_a_prompt(context, target, text):
    assert OUTPUT.asks(context, document(target), 0, [], chat=False) == (Ask(0, "text", Rolling(text)),)


def test_a_text_that_is_null_is_an_error_of_the_task(context):
    with pytest.raises(TaskError, match=r"doc_to_target gave nothing \(null\) on document 3"):
        OUTPUT.asks(context, document(None), 0, [], chat=False)


def test_each_metric_has_its_weight(context):
    results = OUTPUT.results_of(document("zwei Wörter"), [-7.25])
    assert results == (AskResult("text", (-7.25,)),)
    # Two words; eleven letters, of which one has two bytes.
    assert OUTPUT.measure(context, document("zwei Wörter"), 0, results) == {
        "word_perplexity": (-7.25, 2),
        "byte_perplexity": (-7.25, 12),
        "bits_per_byte": (-7.25, 12),
    }


def test_a_number_is_weighed_as_its_text(context):
    measured = OUTPUT.measure(context, document(12345), 0, [AskResult("text", (-1.0,))])
    assert measured["byte_perplexity"] == (-1.0, 5)
