"""A gate fails for a real loss and not for noise, and says what would decide."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, document_of, right_and_wrong, text_line, write_run

from proctor.analysis.gate import check_gate
from proctor.analysis.gate_policy import Rule
from proctor.analysis.gate_report import State
from proctor.analysis.gate_text import gate_document, gate_sentence, rule_sentences
from proctor.analysis.paired import bonett_price
from proctor.analysis.power import documents_needed
from proctor.analysis.verdicts import gate_decision
from proctor.errors import DataError, UsageError
from proctor.results.open_runs import open_runs


def run_of(folder, tasks, **more):
    lines = {task: right_and_wrong(given) if isinstance(given, str) else given for task, given in tasks.items()}
    return open_runs([write_run(folder, lines, **more)]).runs[0]


def gate(tmp_path, base, new, rules, **more):
    baseline = None if base is None else run_of(tmp_path / "a", base, **more)
    return check_gate(run_of(tmp_path / "b", new, **more), baseline, rules)


def only(report):
    (rule,) = report.rules
    return rule


DROP = {"t": Rule(max_drop=0.01)}


@pytest.mark.parametrize(
    ("base", "new", "margin", "state"),
    [
        ("1" * 500, "1" * 500, 0.01, State.PASS),
        ("1" * 100, "0" * 30 + "1" * 70, 0.01, State.FAIL),
        ("10" * 20, "10" * 20, 0.01, State.INCONCLUSIVE),
        ("10" * 20, "01" * 2 + "10" * 18, 0.3, State.PASS),
    ],
)
def test_three_states(tmp_path, base, new, margin, state):
    report = gate(tmp_path, {"t": base}, {"t": new}, {"t": Rule(max_drop=margin)})
    assert (only(report).state, report.state) == (state, state)


def test_bounds_and_what_would_decide_are_those_of_the_decision(tmp_path):
    rule = only(gate(tmp_path, {"t": "1" * 40}, {"t": "0" * 3 + "1" * 37}, DROP))
    (check,) = rule.checks
    estimate = bonett_price(0, 3, 40)
    decision = gate_decision(estimate, 0.01)
    assert (check.lower, check.upper, check.p_fail) == (decision.lower, decision.upper, decision.p_fail)
    assert check.state is State.INCONCLUSIVE
    assert check.needed == documents_needed(3 / 40 - (3 / 40) ** 2, estimate.center + 0.01, alpha=0.1)
    assert "documents would decide" in rule_sentences(rule)[0]


def test_a_rise_of_what_should_fall(tmp_path):
    more = {"higher_is_better": {"t": {"acc": False}}}
    rules = {"t": Rule(max_rise=0.01)}
    assert gate(tmp_path, {"t": "0" * 100}, {"t": "1" * 30 + "0" * 70}, rules, **more).state is State.FAIL
    assert gate(tmp_path / "x", {"t": "1" * 500}, {"t": "1" * 500}, rules, **more).state is State.PASS
    with pytest.raises(UsageError, match="limits a drop of acc, of which less is better: max_rise is meant"):
        gate(tmp_path / "y", {"t": "1"}, {"t": "1"}, DROP, **more)


@pytest.mark.parametrize(
    ("pattern", "least", "state"),
    [("1" * 90 + "0" * 10, 0.8, State.PASS), ("10" * 50, 0.7, State.FAIL), ("10" * 50, 0.5, State.INCONCLUSIVE)],
)
def test_floors_without_a_baseline(tmp_path, pattern, least, state):
    rule = only(gate(tmp_path, None, {"t": pattern}, {"t": Rule(min=least)}))
    assert rule.state is state
    assert rule.checks[0].lower < rule.candidate < rule.checks[0].upper


def test_rules_of_which_nothing_can_be_checked_without_a_baseline_are_skipped(tmp_path):
    rules = {"t": Rule(min=0.5, max_drop=0.01), "u": Rule(max_drop=0.01), "v": Rule(max_rise=1.0, tier="advisory")}
    report = gate(tmp_path, None, {"t": "1" * 90, "u": "0" * 90, "v": "1"}, rules)
    assert (report.state, [one.name for one in report.rules], report.skipped) == (State.PASS, ["t"], ("u", "v"))
    assert [check.kind for check in report.rules[0].checks] == ["min"]
    assert gate_sentence(report) == "Gate: pass. Of 1 required: 1 pass; 2 skipped without a baseline."
    assert gate_document(report)["skipped"] == ["u", "v"]
    with pytest.raises(UsageError, match="no rule can be checked"):  # what is advisory decides nothing
        gate(tmp_path / "x", None, {"t": "1", "u": "1"}, {"u": rules["u"], "t": Rule(min=0.5, tier="advisory")})


def test_unread_texts(tmp_path):
    lines = [text_line(i, "x", "[invalid]" if i < 3 else "4", float(i >= 3), name="strict") for i in range(10)]
    more = {"configs": {"t": {"output_type": "generate_until"}}}
    fail = only(gate(tmp_path, None, {"t": lines}, {"t": Rule(max_unread=0.2)}, **more))
    assert (fail.state, fail.checks[0].value) == (State.FAIL, 0.3)
    assert only(gate(tmp_path / "x", None, {"t": lines}, {"t": Rule(max_unread=0.3)}, **more)).state is State.PASS


def test_failing_is_corrected_for_the_number_of_checks(tmp_path):
    names = [f"t{i:02}" for i in range(20)]
    base = dict.fromkeys(names, "1" * 100)
    new = {**base, "t00": "0" * 7 + "1" * 93}
    alone = gate(tmp_path, {"t": base["t00"]}, {"t": new["t00"]}, DROP)
    assert alone.state is State.FAIL
    report = gate(tmp_path / "x", base, new, dict.fromkeys(names, Rule(max_drop=0.01)))
    first = report.rules[0]
    assert (first.state, report.state) == (State.INCONCLUSIVE, State.INCONCLUSIVE)
    assert "it fails alone, and not after correction" in first.checks[0].note


def test_advisory_rules_decide_nothing(tmp_path):
    report = gate(tmp_path, {"t": "1" * 100}, {"t": "0" * 100}, {"t": Rule(max_drop=0.01, tier="advisory")})
    assert (only(report).state, report.state) == (State.FAIL, State.PASS)
    assert gate_sentence(report) == "Gate: pass. Of 0 required: none; 1 advisory."


def test_a_group_by_its_documents(tmp_path):
    more = {"group_subtasks": {"g": ["t", "u"]}}
    same = {"t": "1" * 300, "u": "1" * 300}
    report = gate(tmp_path, same, same, {"g": Rule(max_drop=0.01)}, **more)
    rule = only(report)
    assert (rule.state, rule.n, rule.candidate) == (State.PASS, 600, 1.0)
    worse = {"t": "0" * 60 + "1" * 240, "u": "1" * 300}
    assert gate(tmp_path / "x", same, worse, {"g": Rule(max_drop=0.01)}, **more).state is State.FAIL
    floor = only(gate(tmp_path / "y", None, worse, {"g": Rule(min=0.95)}, **more))
    assert floor.state is State.FAIL


def test_what_is_missing_fails(tmp_path):
    report = gate(tmp_path, {"t": "1"}, {"t": "1"}, {"gone": Rule(max_drop=0.01)})
    assert (only(report).state, report.state) == (State.MISSING, State.FAIL)
    assert rule_sentences(only(report)) == ["missing: The run has no task or group 'gone' (candidate)"]
    report = gate(tmp_path / "x", {"u": "1"}, {"t": "1", "u": "1"}, DROP)
    assert only(report).state is State.MISSING
    assert gate(tmp_path / "y", {"t": "1"}, {"t": "1"}, {"t": Rule("f1", 0.01)}).rules[0].state is State.MISSING


def test_statistics_of_all_documents_are_decided_by_the_files(tmp_path):
    lines = right_and_wrong("10")
    for line in lines:
        line |= {"f1": [1, 0], "metrics": ["f1"]}

    def runs(folder, values, stderr):
        for name, value in zip("ab", values, strict=True):
            document = document_of({"t": lines}, higher_is_better={"t": {"f1": False}})
            document["results"]["t"] = {"f1,none": value, "f1_stderr,none": stderr}
            yield run_of(folder / name, {"t": lines}, document=document)

    rules = {"t": Rule("f1", max_rise=0.05)}
    baseline, candidate = runs(tmp_path, (20.0, 20.2), "N/A")
    rule = only(check_gate(candidate, baseline, rules))
    assert rule.state is State.FAIL
    assert "by the values alone" in rule_sentences(rule)[0]
    baseline, candidate = runs(tmp_path / "x", (20.0, 20.2), 0.5)
    rule = only(check_gate(candidate, baseline, rules))
    assert rule.state is State.INCONCLUSIVE
    assert "unpaired" in rule.checks[0].note


def test_a_score_at_chance_is_a_warning(tmp_path):
    rule = only(gate(tmp_path, None, {"t": "1000" * 50}, {"t": Rule(min=0.1)}))
    assert rule.state is State.PASS
    assert "at or below chance (0.250). Is it the prompt or the harness" in rule.warnings[0]


def test_a_rule_that_demands_nothing(tmp_path):
    with pytest.raises(UsageError, match=r"no rule can be checked: they limit a loss \(max_drop\)") as caught:
        gate(tmp_path, None, {"t": "1"}, DROP)
    assert caught.value.hint == "Give --baseline RUN, or a floor in the policy: min, max_unread."
    with pytest.raises(UsageError, match="The rule of t demands nothing"):
        gate(tmp_path / "x", {"t": "1"}, {"t": "1"}, {"t": Rule()})
    with pytest.raises(UsageError, match="The gate has no rule"):
        gate(tmp_path / "y", None, {"t": "1"}, {})


def test_changed_documents_are_refused(tmp_path):
    lines = [[choice_line(0, [0, -1, -2, -3], 0, question=name)] for name in "xy"]
    with pytest.raises(DataError, match="different documents under one number"):
        gate(tmp_path, {"t": lines[0]}, {"t": lines[1]}, DROP)


def test_json(tmp_path):
    document = gate_document(gate(tmp_path, {"t": "1" * 500}, {"t": "1" * 500}, DROP))
    assert document["state"] == "pass"
    (rule,) = document["rules"]
    assert (rule["name"], rule["metric"], rule["checks"][0]["kind"]) == ("t", "acc", "max_drop")


def test_a_group_without_samples_is_held_against_its_scores(tmp_path):
    def grouped(folder, score):
        lines = {task: right_and_wrong("1100" * 100) for task in "tu"}
        document = document_of(lines, group_subtasks={"g": ["t", "u"]})
        document["results"]["g"] = {"alias": "g", "acc,none": score, "acc_stderr,none": 0.01}
        return open_runs([write_run(folder, lines, document=document, samples=[])]).runs[0]

    rules = {"g": Rule(max_drop=0.01)}
    base, same, worse = grouped(tmp_path / "a", 0.6), grouped(tmp_path / "b", 0.63), grouped(tmp_path / "c", 0.5)
    rule = only(check_gate(same, base, rules))
    assert (rule.state, rule.baseline, rule.candidate) == (State.PASS, 0.6, 0.63)
    assert "by the standard errors of the results files, unpaired" in rule_sentences(rule)[0]
    assert check_gate(worse, base, rules).state is State.FAIL
    assert only(check_gate(worse, None, {"g": Rule(min=0.4)})).state is State.PASS


def test_another_metric_does_not_stand_in_for_the_first(tmp_path):
    base = [{**line, "acc_norm": line["acc"], "metrics": ["acc", "acc_norm"]} for line in right_and_wrong("1" * 300)]
    new = [{**line, "acc": float("nan")} for line in base]
    report = gate(tmp_path, {"t": base}, {"t": new}, DROP)
    assert only(report).state is State.MISSING
    assert "only one of the runs has acc of every document of t" in str(only(report).reason)
    named = gate(tmp_path, {"t": base}, {"t": new}, {"t": Rule(max_drop=0.01, metric="acc_norm")})
    assert only(named).state is State.PASS


def test_a_group_of_which_samples_are_damaged_is_not_judged_by_the_rest(tmp_path):
    """The rest of the group is equal in both runs, and would pass."""
    runs = []
    for name, given in (("a", "1" * 40), ("b", "0" * 40)):
        lines = {"t": right_and_wrong(given), "u": right_and_wrong("1" * 400), "v": right_and_wrong("1" * 400)}
        document = document_of(lines, group_subtasks={"g": list(lines)})
        score = (800 + 40 * (name == "a")) / 840
        document["results"]["g"] = {"alias": "g", "acc,none": score, "acc_stderr,none": 0.007}
        runs += open_runs([write_run(tmp_path / name, lines, document=document)]).runs
    runs[1].samples_files["t"].write_text("{")
    rule = only(check_gate(runs[1], runs[0], {"g": Rule(max_drop=0.01)}))
    assert (rule.state, rule.baseline, rule.candidate) == (State.FAIL, 1.0, 800 / 840)
    assert "by the standard errors of the results files, unpaired" in rule_sentences(rule)[0]
