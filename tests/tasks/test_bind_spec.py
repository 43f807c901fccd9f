"""Metrics and filters of a task, by their names."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.tasks.bind_spec import bind_filters, bind_metrics
from proctor.tasks.index import build_index
from proctor.tasks.select import select
from proctor.tasks.suite import build_suite

TASK = """\
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: question
doc_to_target: answer
"""


@pytest.fixture
def spec(tmp_path):
    def make(more=""):
        (tmp_path / "sums.yaml").write_text(TASK + more, encoding="utf-8")
        nodes = select(build_index([]), [str(tmp_path / "sums.yaml")]).nodes
        return build_suite(nodes, {}).tasks[0]

    return make


def test_without_a_list_the_metrics_are_those_of_the_output_type(spec):
    assert [use.name for use in bind_metrics(spec())] == ["exact_match"]
    (pipeline,) = bind_filters(spec())
    assert pipeline.name == "none"


def test_all_unknown_metrics_are_named_at_once(spec):
    wrong = spec("metric_list: [{metric: exact_mach}, {metric: accc}]\n")
    with pytest.raises(TaskError) as refused:
        bind_metrics(wrong)
    assert [name for name in ("exact_mach", "accc") if name in str(refused.value)] == ["exact_mach", "accc"]


def test_an_unknown_filter_is_an_error_with_its_line(spec):
    wrong = spec("filter_list: [{name: one, filter: [{function: regexx}]}]\n")
    with pytest.raises(TaskError, match=r"sums\.yaml:8.*regexx"):
        bind_filters(wrong)
