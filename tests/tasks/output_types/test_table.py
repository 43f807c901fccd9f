"""The table of output types: its rows, the default, and what each row declares of itself."""

from __future__ import annotations

import pytest

from proctor.metrics.base import MeasuredOutput
from proctor.metrics.metric_list import use_metric
from proctor.tasks.output_types.base import TargetUse
from proctor.tasks.output_types.table import DEFAULT_OUTPUT_TYPE, OUTPUT_TYPES, output_type_name, output_type_of


def test_the_rows_are_lm_evals_output_types_in_lm_evals_order():
    assert list(OUTPUT_TYPES) == ["loglikelihood", "multiple_choice", "loglikelihood_rolling", "generate_until"]
    assert all(row.name == name for name, row in OUTPUT_TYPES.items())


@pytest.mark.parametrize("output_type", OUTPUT_TYPES)
def test_the_defaults_of_each_output_type_can_be_used(output_type):
    for name in OUTPUT_TYPES[output_type].default_metrics:
        assert use_metric(name, output=OUTPUT_TYPES[output_type].measured, with_process_results=False).name == name


def test_each_output_type_has_lm_evals_default_metrics():
    assert {name: row.default_metrics for name, row in OUTPUT_TYPES.items()} == {
        "loglikelihood": ("perplexity", "acc"),
        "loglikelihood_rolling": ("word_perplexity", "byte_perplexity", "bits_per_byte"),
        "multiple_choice": ("acc", "acc_norm"),
        "generate_until": ("exact_match",),
    }


@pytest.mark.parametrize("config", [{}, {"output_type": None}, {"output_type": ""}])
def test_a_task_file_without_output_type_generates(config):
    assert output_type_name(config) == DEFAULT_OUTPUT_TYPE
    assert OUTPUT_TYPES[DEFAULT_OUTPUT_TYPE].generates


@pytest.mark.parametrize("odd", ["multiple choice", ["multiple_choice"], {"a": 1}, 7])
def test_a_name_that_is_no_row_is_no_output_type(odd):
    assert OUTPUT_TYPES.get(output_type_name({"output_type": odd})) is None


def test_a_spec_names_its_row(spec):
    assert output_type_of(spec()) is OUTPUT_TYPES["multiple_choice"]


@pytest.mark.parametrize(
    ("name", "target_use", "has_prompt", "generates"),
    [
        ("loglikelihood", TargetUse.SCORED, True, False),
        ("multiple_choice", TargetUse.OPTION, True, False),
        ("loglikelihood_rolling", TargetUse.SCORED, False, False),
        ("generate_until", TargetUse.COMPARED, True, True),
    ],
)
def test_what_each_output_type_declares(name, target_use, has_prompt, generates):
    row = OUTPUT_TYPES[name]
    assert (row.target_use, row.has_prompt, row.generates) == (target_use, has_prompt, generates)
    assert row.measured == MeasuredOutput(name, generates)
    assert row.has_options is (target_use is TargetUse.OPTION)
    assert row.missing_key("doc_to_text") == f"doc_to_text is missing; a task of output_type {name} needs it."
