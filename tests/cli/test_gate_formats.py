"""A gate as text, Markdown, annotations and JUnit: marks, escapes, and XML that any reader takes."""

from __future__ import annotations

from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.analysis.gate_report import Check, GateReport, RuleResult, State
from proctor.cli.gate_formats import github_lines, junit_document, text_lines

FAILED = Check("max_drop", 0.01, -0.2, State.FAIL, lower=-0.25, upper=-0.15, p_fail=1e-9)


def report(*rules, state=State.FAIL):
    run = SimpleNamespace(name="model")
    return GateReport(run, run, rules, state)


def rule(name="t", state=State.FAIL, tier="required", **more):
    values = {"metric": ("acc", "none"), "n": 1234, "baseline": 0.9, "candidate": 0.7, "checks": (FAILED,)}
    return RuleResult(name, tier, state, **{**values, **more})


def test_a_row_has_its_mark_its_metric_and_its_limit():
    passed = rule("a", State.PASS, checks=(Check("min", 0.5, 0.7, State.PASS),))
    lines = text_lines(report(passed, rule("b", tier="advisory"))).copy()
    assert lines[0].splitlines()[1].split()[:4] == ["✓", "a", "acc", "1,234"]
    [row] = [line for line in lines[0].splitlines() if " b " in line]
    assert "max_drop 0.01" in row
    assert row.rstrip().endswith("fail (advisory)")
    assert not any(line.startswith("a:") for line in lines)
    assert any(line.startswith("b: ") for line in lines)


def test_what_is_missing_has_no_numbers():
    lines = text_lines(report(RuleResult("gone", "required", State.MISSING, reason="No such task."), state=State.FAIL))
    assert lines[0].splitlines()[1].split() == ["!", "gone", "missing"]
    assert "gone: " in lines[2]


def test_markdown_is_a_table_and_a_list():
    lines = text_lines(report(rule()), markdown=True)
    assert lines[0].startswith("|")
    assert lines[2].startswith("- t: ")


@pytest.mark.parametrize(
    ("state", "tier", "inconclusive", "level"),
    [
        (State.FAIL, "required", "warn", "error"),
        (State.FAIL, "advisory", "fail", "warning"),
        (State.MISSING, "required", "pass", "error"),
        (State.INCONCLUSIVE, "required", "pass", "notice"),
        (State.INCONCLUSIVE, "required", "warn", "warning"),
        (State.INCONCLUSIVE, "required", "fail", "error"),
    ],
)
def test_levels_of_annotations(state, tier, inconclusive, level):
    assert github_lines(report(rule(state=state, tier=tier)), inconclusive)[0].startswith(f"::{level} title=t::")


def test_a_rule_that_passes_is_annotated_only_for_its_warnings():
    passed = rule(state=State.PASS)
    assert len(github_lines(report(passed), "warn")) == 1
    warned = rule(state=State.PASS, warnings=("below chance",))
    assert github_lines(report(warned), "warn")[0].startswith("::warning title=t::")


def test_a_name_cannot_end_an_annotation():
    [line, _] = github_lines(report(rule("a,b::c\n::error::d 5 %")), "warn")
    assert line.startswith("::error title=a%2Cb%3A%3Ac%0A%3A%3Aerror%3A%3Ad 5 %25::")


@given(st.text(alphabet=st.characters(), max_size=30), st.sampled_from(["pass", "warn", "fail"]))
def test_junit_is_xml_whatever_a_task_is_called(name, inconclusive):
    rules = [rule(name, state) for state in State]
    text = junit_document(report(*rules), inconclusive, "proctor compare A B")
    suite = ElementTree.fromstring(text).find("testsuite")
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.attrib["tests"]) == 4
    assert sum(case.find("failure") is not None for case in cases) == int(suite.attrib["failures"])
    assert sum(case.find("skipped") is not None for case in cases) == int(suite.attrib["skipped"])
    assert all("proctor compare A B" in "".join(case.itertext()) for case in cases)


def test_what_made_a_rule_fail_is_said_first():
    checks = (Check("max_drop", 0.01, 0.0, State.INCONCLUSIVE), Check("max_unread", 0.02, 1.0, State.FAIL))
    made = report(rule(checks=checks))
    assert 'message="fail: 100.0 % not read' in junit_document(made, "warn", "proctor compare a b")
    assert github_lines(made, "warn")[0].startswith("::error title=t::fail: 100.0 %25 not read")
