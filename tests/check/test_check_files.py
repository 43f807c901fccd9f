"""Task files without their data: groups, options, names that the tasks' Python registers."""

from __future__ import annotations

import pytest
from task_folders import check, lines


@pytest.mark.parametrize(
    ("metric", "leaf", "finding"),
    [
        ("acc", "", None),
        ("acc_nrm", "", "no task of the group lists the metric 'acc_nrm'."),
        ("f1", "metric_list: [{metric: f1}]", None),
        ("mine", "metric_list: [{metric: !function code.mine, aggregation: mean}]", None),
        ("extra", "process_results: !function code.mine", None),
        ("pass@1", "metric_list: [{metric: !function code.mine, aggregation: mean}]", None),
    ],
)
def test_a_group_aggregates_what_its_tasks_list(write_tasks, metric, leaf, finding):
    folder = write_tasks(
        a=f"task: a\ninclude: _template\n{leaf}\n",
        g=f"group: g\ntask: [a]\naggregate_metric_list:\n  - metric: {metric}\n",
        code_py="def mine(*args):\n    return {}\n",
    )
    verdict = check(folder, with_data=False)
    assert lines(verdict.errors) == ([] if finding is None else [f"g.yaml:4: group 'g': {finding}"])


def test_a_group_whose_tasks_differ_has_a_note(write_tasks):
    folder = write_tasks(
        a="task: a\ninclude: _template\n",
        b="task: b\ninclude: _template\nmetric_list: [{metric: f1}]\n",
        g="group: g\ntask: [a, b]\naggregate_metric_list: [{metric: acc, filter_list: nope}]\n",
    )
    verdict = check(folder, with_data=False)
    assert "has a filter pipeline 'nope'" in lines(verdict.errors)[0]
    assert "1 of 2 tasks do not list the metric 'acc'" in lines(verdict.notes)[0]


def test_yes_and_no_in_choices_are_no_texts(write_tasks):
    folder = write_tasks(a="task: a\ninclude: _template\ndoc_to_choice: [no, 'yes', 3]\n")
    shown = check(folder, with_data=False).errors
    assert [finding.message.partition(": ")[2] for finding in shown] == [
        "a choice must be text, but this one is true or false: False.",
        "a choice must be text, but this one is a whole number: 3.",
    ]


def test_a_class_that_is_not_there_is_found_without_running_code(write_tasks):
    folder = write_tasks(a="task: a\nclass: !function code.Mein\n", code_py="class Mine: ...\n")
    [finding] = check(folder, with_data=False).errors
    assert "has no 'Mein'" in finding.message
    assert "Mine" in (finding.hint or "")


def test_names_that_the_tasks_python_registers_are_known(write_tasks):
    verdict = check(
        write_tasks(
            mine_py="""
                from lm_eval.api.registry import register_filter, register_metric
                @register_filter("grammar_of_mine")
                class Grammar: ...
                @register_metric(metric="measure_of_mine")
                def measure(items): ...
                def text(doc): return "x"
                """,
            mine="""
                task: mine
                include: _template
                output_type: generate_until
                doc_to_choice: null
                doc_to_text: !function mine.text
                filter_list: [{name: p, filter: [{function: grammar_of_mine}, {function: grammar_of_yours}]}]
                metric_list:
                  - {metric: measure_of_mine, aggregation: mean}
                  - {metric: measure_of_yours, aggregation: mean}
                """,
        ),
        with_data=False,
    )
    assert {finding.message.partition("'mine': ")[2] for finding in verdict.errors} == {
        "there is no metric named 'measure_of_yours'.",
        "there is no filter named 'grammar_of_yours'.",
    }


@pytest.mark.parametrize(
    ("choices", "finding"),
    [
        ("{options: choices, answer: answer}", []),
        ("[A, B]", ["a.yaml:3: task 'a': metadata.choices must be a mapping with options, answer, answer_form, not"]),
        ("{options: choices}", ["a.yaml:3: task 'a': metadata.choices must have 'answer', a column, not None."]),
        ("{options: x, answer: y, answer_form: digit}", ["a.yaml:3: task 'a': metadata.choices has the answer_form"]),
    ],
)
def test_columns_of_choices_are_declared_in_full(write_tasks, choices, finding):
    folder = write_tasks(a=f"task: a\ninclude: _template\nmetadata: {{choices: {choices}}}\n")
    shown = lines(check(folder, with_data=False).errors)
    assert [line.startswith(start) for line, start in zip(shown, finding, strict=True)] == [True] * len(finding)
