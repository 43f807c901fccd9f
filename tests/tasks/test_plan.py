"""Plans of tasks: errors of many documents, and templates that would take their seconds for each."""

from __future__ import annotations

import json

import pytest

from proctor import template_limits
from proctor.cli.main import main
from proctor.errors import Finding, TaskError
from proctor.tasks.plan import PlanErrors

SLOW = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}{{q}}"


@pytest.mark.parametrize("command", ["run", "preview"])
def test_a_template_beyond_its_bounds_is_rendered_once_and_not_for_every_document(
    tmp_path, monkeypatch, capsys, command
):
    monkeypatch.setattr(template_limits, "STEPS", 1000)
    renewed = []
    renew = template_limits.budget.renew
    monkeypatch.setattr(template_limits.budget, "renew", lambda: (renewed.append(1), renew())[1])
    rows = [{"q": f"q{number}", "a": "x"} for number in range(200)]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "t.yaml").write_text(
        "task: t\ndataset_path: json\ndataset_kwargs: {data_files: {test: d.jsonl}}\ntest_split: test\n"
        f"output_type: generate_until\ndoc_to_text: {json.dumps(SLOW)}\ndoc_to_target: a\n"
    )
    words = [command, "--tasks", str(tmp_path / "t.yaml")]
    assert main([*words, "--model", "dummy", "--no_store"] if command == "run" else words) == 2
    shown = capsys.readouterr().err
    assert "may not take more than" in shown
    assert len(renewed) < 60


def test_different_errors_of_documents_are_told_apart():
    errors = PlanErrors()
    for number in range(9):
        what = "a" if number < 8 else "b"
        errors.note("one", number, TaskError(Finding(f"task 'one': {what} failed.", "one.yaml", 3)))
    for number in range(2):
        errors.note("two", number, TaskError(Finding(f"task 'two': on document {number} it gave {number}.")))
    for number in range(7):
        errors.note("three", number, TaskError(Finding(f"task 'three': {'abcdefg'[number]} failed.")))
    with pytest.raises(TaskError) as caught:
        errors.check()
    said = [finding.message for finding in caught.value.errors]
    assert said[:3] == [
        "task 'one': a failed. (documents 0, 1, 2 and 5 more)",
        "task 'one': b failed. (document 8)",
        "task 'two': on document 0 it gave 0. (also document 1)",
    ]
    assert len(said) == 9
    assert said[-1] == "task 'three': 2 more documents have other errors."
