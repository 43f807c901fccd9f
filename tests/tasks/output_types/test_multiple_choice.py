"""Options: which requests they make, what is right among them, and values found by their role."""

from __future__ import annotations

import pytest

from proctor.errors import DataError, TaskError
from proctor.tasks.example import AskResult, Example, canonical_variant
from proctor.tasks.output_types.table import OUTPUT_TYPES
from proctor.tasks.prompt import PLAIN
from proctor.types import Loglikelihood

OUTPUT = OUTPUT_TYPES["multiple_choice"]
MUTUAL = [{"metric": "acc"}, {"metric": "acc_mutual_info"}]


def document(options, gold, contexts=((),)):
    return Example(3, {}, (canonical_variant(contexts, options, gold),), "", gold, None)


def test_options_without_the_prompt_are_requested_where_a_metric_needs_them(task):
    for metrics, roles in (([{"metric": "acc"}], ["option"]), (MUTUAL, ["option", "unconditional"])):
        asks = OUTPUT.asks(task(metric_list=metrics).context, document(("a", "b"), 0), 0, ["C"], chat=False)
        assert [ask.role for ask in asks] == roles
    assert [ask.request for ask in asks] == [Loglikelihood("C", (" a", " b")), Loglikelihood("", (" a", " b"))]


def test_options_that_are_contexts_have_a_request_each(task):
    bound = task(doc_to_text="answer", doc_to_choice="{{[question, 'b', 'c']}}", doc_to_target="topic")
    example = next(bound.examples([0], PLAIN, 1))
    asks = OUTPUT.asks(bound.context, example, 0, ["x", "y", "z"], chat=False)
    assert [(ask.role, ask.request) for ask in asks] == [
        ("option", Loglikelihood(context, (" sums",))) for context in ("x", "y", "z")
    ]
    assert OUTPUT.golds(example.canonical) == (1,)


@pytest.mark.parametrize("options", [(), None])
def test_a_document_without_options_is_an_error_that_names_the_key(task, options):
    with pytest.raises(TaskError, match="doc_to_choice is missing; a task of output_type multiple_choice needs it"):
        OUTPUT.asks(task().context, document(options, 0), 0, ["C"], chat=False)


@pytest.mark.parametrize("turned", [False, True])
def test_values_are_found_by_their_role_not_by_where_they_stand(task, turned):
    context = task(metric_list=MUTUAL).context
    results = [
        AskResult("option", ((-3.0, False), (-2.0, False), (-4.0, False))),
        AskResult("unconditional", ((-9.0, False), (-1.0, False), (-5.0, False))),
    ]
    measured = OUTPUT.measure(context, document(("a", "b", "c"), 0), 0, results[::-1] if turned else results)
    assert measured == {"acc": 0.0, "acc_mutual_info": 1.0}


def test_a_variant_is_measured_against_its_own_gold(task):
    shown, context = document(("a", "b"), 0), task().context
    both = Example(3, {}, (shown.canonical, canonical_variant(((),), ("b", "a"), 1)), "", 0, None)
    results = [AskResult("option", ((-1.0, False), (-2.0, False)))]
    assert OUTPUT.measure(context, both, 0, results) == {"acc": 1.0}
    assert OUTPUT.measure(context, both, 1, results) == {"acc": 0.0}


@pytest.mark.parametrize(
    ("gold", "golds"), [(0, (0,)), (-1, (1,)), ("b", (1,)), ("c", ()), (7, ()), ([0, "b", 9], (0, 1)), ([], ())]
)
def test_the_positions_of_what_is_right(gold, golds):
    assert OUTPUT.golds(canonical_variant((), ("a", "b"), gold)) == golds


def test_a_gold_of_no_usable_type_is_an_error_of_the_document():
    with pytest.raises(DataError, match="neither the position of a choice"):
        OUTPUT.golds(canonical_variant((), ("a", "b"), 1.5))


def test_a_flat_list_of_python_code_is_divided_by_the_number_of_options():
    example = document(("a", "b"), 0)
    assert OUTPUT.results_of(example, [1, 2]) == (AskResult("option", (1, 2)),)
    assert OUTPUT.results_of(example, [1, 2, 3, 4]) == (AskResult("option", (1, 2)), AskResult("unconditional", (3, 4)))
    assert OUTPUT.results_of(example, [1, 2, 3]) == (AskResult("option", (1, 2)),)
