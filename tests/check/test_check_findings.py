"""What a check finds: each kind once, with its count and the first values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from task_folders import PLAIN, SETTINGS, with_answers

from proctor.check.findings import Findings
from proctor.errors import DataError, TaskError
from proctor.findings import Finding


def test_one_warning_a_task_names_the_count_and_the_first_three(ask):
    rows = with_answers([*"②①③", *(["w"] * 3), *(["④"] * 3000)])
    code, said = ask(*SETTINGS, "--limit", "2000", config=PLAIN, rows=rows)
    assert code == 0
    assert said.count("which is none of the choices") == 1
    assert "(document 0 and 1,996 more documents; also '①', '③')" in said
    assert '"①②③④".index(column)' in said


def spec_of(name: str = "quiz") -> Any:
    """A task of which only its errors matter."""

    def error(message: str, *path: str, hint: str | None = None) -> Finding:
        return Finding(f"task '{name}': {message}", "quiz.yaml", len(path), hint)

    return SimpleNamespace(name=name, error=error)


def shown(findings: list[Finding]) -> list[str]:
    return [finding.message for finding in findings]


def test_the_first_document_of_a_kind_stands_for_all():
    found = Findings(spec_of())
    for number in (4, 5, 9):
        found.on(number, "empty", Finding(f"number {number} is empty."))
    found.on(7, "long", Finding("too long."), note=True)
    errors, notes = found.results()
    assert shown(errors) == ["number 4 is empty (document 4 and 2 more documents)."]
    assert shown(notes) == ["too long (document 7)."]


def test_examples_do_not_add_to_a_count_of_documents():
    found = Findings(spec_of())
    found.on(4, "empty", Finding("it is empty."))
    found.on(0, "empty", Finding("it is empty."), where="example")
    found.on(5, "empty", Finding("it is empty."))
    assert shown(found.results()[0]) == ["it is empty (document 4 and 1 more document)."]


def test_two_other_values_are_named_each_once():
    found = Findings(spec_of())
    for number, value in enumerate("abbcd"):
        found.on(number, "odd", Finding("it is odd."), value=value)
    assert shown(found.results()[0]) == ["it is odd (document 0 and 4 more documents; also b, c)."]


def test_a_note_may_become_an_error_at_the_end():
    found = Findings(spec_of())
    found.on(0, "empty", Finding("it is empty."), note=True)
    found.make_error("never seen")
    assert found.results()[0] == []
    found.make_error("empty")
    errors, notes = found.results()
    assert (shown(errors), notes) == (["it is empty (document 0)."], [])


def test_errors_of_the_task_come_first_and_name_it_once():
    found = Findings(spec_of())
    found.on(0, "empty", Finding("it is empty."))
    found.add(DataError("Task 'quiz': the data is gone.", hint="Fetch it."), "dataset_path")
    found.add(TaskError([Finding("one."), Finding("two.")]), "task", note=True)
    found.say("a third.", "metric_list", note=True)
    errors, notes = found.results()
    assert shown(errors) == ["task 'quiz': the data is gone.", "it is empty (document 0)."]
    assert (errors[0].line, errors[0].hint) == (1, "Fetch it.")
    assert shown(notes) == ["one.", "two.", "task 'quiz': a third."]
