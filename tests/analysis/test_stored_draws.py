"""How scores spread over runs of one model with other prompts."""

from __future__ import annotations

import json
import math
import random

import pytest
from audited_runs import audited
from stored_runs import right_and_wrong, write_run

import proctor
from proctor.analysis.audit_document import audit_document
from proctor.analysis.stored_draws import draws_lines, stored_draws
from proctor.analysis.variance import variance_components
from proctor.cli.main import main
from proctor.results.open_runs import open_runs

FIRST, SECOND, THIRD = "1110100111" * 4, "1010100011" * 4, "1111110111" * 4


def other(tmp_path, pattern, name, *, tasks=("t",), prompt="P", **more):
    lines = right_and_wrong(pattern)
    for line in lines:
        line["prompt_hash"] = f"{prompt}{name}"
    return open_runs([write_run(tmp_path / name, dict.fromkeys(tasks, lines), **more)]).runs[0]


def test_components_are_those_of_the_matrix_of_documents_and_runs(tmp_path):
    audit = audited(tmp_path / "a", {"t": FIRST})
    (found,) = stored_draws(audit, [other(tmp_path, SECOND, "b"), other(tmp_path, THIRD, "c")])
    rows = [tuple(float(one) for one in row) for row in zip(FIRST, SECOND, THIRD, strict=True)]
    assert found.components == variance_components(rows)
    assert (found.documents, found.left_out) == (40, 0)
    assert found.sentence.startswith("t: acc 0.7000 ± ")
    assert "over 3 runs (0.5000 to 0.9000; 40 documents)" in found.sentence
    assert found.sentence.endswith("% is the choice of prompt and examples.")
    # A run's own error leaves the prompt out.
    assert found.components.stderr_one_draw > math.sqrt(0.7 * 0.3 / 39)


def test_from_ten_runs_on_there_are_quantiles(tmp_path):
    draw = random.Random(3)
    patterns = ["".join("1" if draw.random() < 0.6 else "0" for _ in range(40)) for _ in range(9)]
    others = [other(tmp_path, pattern, f"r{number}") for number, pattern in enumerate(patterns)]
    (found,) = stored_draws(audited(tmp_path / "a", {"t": FIRST}), others)
    low, middle, high = found.components.quantiles
    assert low <= middle <= high
    assert f"5, 50 and 95 % of runs score {low:.4f}, {middle:.4f} and {high:.4f} at most." in found.sentence
    (fewer,) = stored_draws(audited(tmp_path / "a", {"t": FIRST}), others[:8])
    assert fewer.components.quantiles is None


def test_a_group_has_all_documents_of_its_tasks(tmp_path):
    groups = {"groups": {"g": {"acc,none": 0.7}}, "group_subtasks": {"g": ["s", "t"]}}
    audit = audited(tmp_path / "a", {"s": SECOND, "t": FIRST}, **groups)
    second = open_runs([write_run(tmp_path / "b", {"s": right_and_wrong(THIRD), "t": right_and_wrong(SECOND)})]).runs[0]
    group, *tasks = stored_draws(audit, [second])
    assert [one.name for one in (group, *tasks)] == ["g", "s", "t"]
    rows = [tuple(map(float, row)) for row in [*zip(SECOND, THIRD, strict=True), *zip(FIRST, SECOND, strict=True)]]
    assert group.components == variance_components(rows)


def test_documents_that_a_run_lacks_are_left_out_and_counted(tmp_path):
    (found,) = stored_draws(audited(tmp_path / "a", {"t": FIRST}), [other(tmp_path, SECOND[:30], "b")])
    assert (found.documents, found.left_out) == (30, 10)
    assert list(draws_lines([found]))[1] == "t: 10 documents left out, which not every run has."


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"pattern": FIRST, "prompt": None}, "have the same prompts and the same scores"),
        ({"tasks": ("u",)}, "one of the runs has not asked it"),
        ({"config": {"model": "hf", "model_args": {"pretrained": "another"}}, "model_name": "another"}, "models"),
        ({"pattern": "1"}, "share fewer than two documents"),
    ],
)
def test_what_says_nothing_of_prompts_is_refused_with_a_reason(tmp_path, change, reason):
    audit = audited(tmp_path / "a", {"t": FIRST})
    given = {"pattern": SECOND, **change}
    if given.pop("prompt", "P") is None:
        second = open_runs([write_run(tmp_path / "b", {"t": right_and_wrong(given.pop("pattern"))})]).runs[0]
    else:
        second = other(tmp_path, given.pop("pattern"), "b", **given)
    (found,) = stored_draws(audit, [second])
    assert found.components is None
    (line,) = draws_lines([found])
    assert line.startswith("Nothing is said of prompts for t: ")
    assert reason in line


def test_the_command_the_document_and_python_say_it(tmp_path, capsys):
    audited(tmp_path / "a", {"t": FIRST})
    other(tmp_path, SECOND, "b")
    assert main(["audit", str(tmp_path / "a"), "--draws", str(tmp_path / "b")]) == 0
    out = capsys.readouterr().out
    assert "over runs\n  t: acc 0.6000 ± " in out
    audit = proctor.audit(tmp_path / "a", draws=[tmp_path / "b"])
    assert audit.draws[0].sentence in out
    document = json.loads(json.dumps(audit_document(audit)))
    assert document["draws"][0]["components"]["by_draw"] == [0.7, 0.5]
