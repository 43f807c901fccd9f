"""Names that a task's own Python registers are there when the task is bound."""

import pytest

from proctor.errors import TaskError
from proctor.filters.table import FILTERS
from proctor.metrics.tables import AGGREGATIONS, METRICS
from proctor.refs import Ref
from proctor.tasks.registered import refs_of

CODE = """
from lm_eval.api.registry import register_aggregation, register_filter, register_metric
from lm_eval.filters.extraction import RegexFilter

@register_filter("my_grammar")
class Grammar(RegexFilter):
    def apply(self, resps, docs):
        return [[one.upper() for one in request] for request in resps]

@register_aggregation("my_last")
def last(items):
    return items[-1]

@register_metric(metric="my_length", higher_is_better=False, aggregation="my_last")
def length(predictions, references):
    return len(predictions[0])

def text(doc):
    return doc["question"]
"""


@pytest.fixture(autouse=True)
def own_rows(monkeypatch):
    for table in (FILTERS, METRICS, AGGREGATIONS):
        list(table)
        monkeypatch.setattr(table, "_rows", dict(table._rows))


@pytest.fixture
def changes(exam):
    (exam / "mine.py").write_text(CODE)
    return {
        "output_type": "generate_until",
        "doc_to_choice": None,
        "doc_to_text": Ref(str(exam), "mine.text"),
        "filter_list": [{"name": "p", "filter": [{"function": "my_grammar"}, {"function": "take_first"}]}],
        "metric_list": [{"metric": "my_length"}],
    }


def test_what_the_tasks_python_registers_is_found(task, changes):
    made = task(**changes)
    assert made.pipelines[0].apply([["a"]], [{}]) == ["A"]
    [use] = made.uses
    assert (use.name, use.function([["abc"]], []), use.aggregation([1, 2]), use.higher_is_better) == (
        "my_length",
        1,
        2,
        False,
    )


def test_a_name_that_nobody_registers_is_a_error(task, changes):
    changes["filter_list"][0]["filter"][0]["function"] = "my_gramar"
    with pytest.raises(TaskError, match=r"no filter named 'my_gramar'\.\n  Did you mean 'my_grammar'"):
        task(**changes)


def test_references_are_found_wherever_they_are():
    one, two = Ref("f", "m.one"), Ref("f", "m.two")
    assert list(refs_of({"a": one, "b": [{"c": (two,)}, "text"], "d": 1})) == [one, two]
