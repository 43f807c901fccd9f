"""Planning ends where a template would take its seconds for every document."""

from __future__ import annotations

import json

import pytest

from proctor import template_limits
from proctor.cli.main import main

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
