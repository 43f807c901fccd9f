"""``proctor gate``: exit codes, forms, JUnit, policies, and a sentence for every mistake."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.cli.main import main

SAME, WORSE, FEW = "1" * 500, "0" * 100 + "1" * 400, "10" * 10


@pytest.fixture
def run(tmp_path):
    made = iter(range(100))

    def make(pattern, task="t"):
        return str(write_run(tmp_path / f"run{next(made)}", {task: right_and_wrong(pattern)}))

    return make


def gated(capsys, *words):
    code = main(["gate", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_loss_fails_and_none_passes(run, capsys):
    base = run(SAME)
    code, text, _ = gated(capsys, run(SAME), "--baseline", base)
    assert (code, text.splitlines()[-1]) == (0, "Gate: pass. Of 1 required: 1 pass.")
    code, text, _ = gated(capsys, run(WORSE), "--baseline", base)
    assert code == 1
    assert "t: fail: −20.0 points, a drop of at most 1.0 point (one-sided 95 %: " in text
    assert gated(capsys, run(WORSE), "--baseline", base, "--margin", "0.3")[0] == 0


@pytest.mark.parametrize(("word", "code"), [("pass", 0), ("warn", 0), ("fail", 3)])
def test_what_cannot_be_decided(run, capsys, word, code):
    found, text, error = gated(capsys, run(FEW), "--baseline", run(FEW), "--inconclusive", word)
    assert found == code
    assert "Gate: inconclusive" in text
    assert ("The gate is inconclusive" in error) is (word == "warn")


def test_a_policy(run, tmp_path, capsys):
    policy = tmp_path / "gate.yaml"
    policy.write_text("default: {max_drop: 0.01}\ntasks:\n  t: {min: 0.9}\n  gone: {tier: advisory}\n")
    code, text, _ = gated(capsys, run(SAME), "--baseline", run(SAME), "--policy", policy)
    assert code == 0
    assert "missing (advisory)" in text
    assert "max_drop 0.01, min 0.9" in text
    policy.write_text("tasks: {t: {min: 0.9}}\n")
    assert gated(capsys, run(WORSE), "--policy", policy)[0] == 1


def test_without_a_baseline_what_limits_a_loss_is_said_to_be_unchecked(run, tmp_path, capsys):
    policy = tmp_path / "gate.yaml"
    policy.write_text("default: {max_drop: 0.01}\ntasks: {t: {min: 0.9}, 'u_*': {}}\n")
    code, text, error = gated(capsys, run(SAME), "--policy", policy)
    assert (code, text.splitlines()[-1]) == (0, "Gate: pass. Of 1 required: 1 pass; 1 skipped without a baseline.")
    assert "Without --baseline max_drop cannot be checked; the rules of u_* are skipped." in error
    _, _, error = gated(capsys, run(SAME), "--policy", policy, "--baseline", run(SAME))
    assert "--baseline" not in error


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tasks: [t]", "tasks: it must be a mapping"),
        ("default: {max_drp: 1}", "Did you mean 'max_drop' or 'max_rise'?"),
        ("default: {max_drop: 1\n", "this is not valid YAML"),
        ("- t", "holds 'name: value' lines"),
        ("default: {}\ndefault: {}", "'default' is there twice"),
        ("tasks: {t: {}}", "The rule of t demands nothing"),
        ("tasks: {t: {max_rise: 1}}", "Give --baseline RUN, or a floor in the policy: min, max_unread."),
    ],
)
def test_policies_that_are_wrong(run, tmp_path, capsys, text, sentence):
    policy = tmp_path / "gate.yaml"
    policy.write_text(text)
    code, _, error = gated(capsys, run(SAME), "--policy", policy)
    assert code == 2
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "A gate needs a baseline, or a policy with floors"),
        (["--baseline", "nothing"], "There is nothing at 'nothing'"),
        (["--baseline", "{base}", "--margin", "-1"], "it must be 0 or above"),
        (["--baseline", "{base}", "--margin", "inf"], "it must be 0 or above"),
        (["--baseline", "{empty}"], "it holds no files"),
        (["--policy", "nothing.yaml"], "There is no policy nothing.yaml"),
        (["--baseline", "{base}", "--junit", "/dev/null/x.xml"], "cannot be written"),
    ],
)
def test_mistakes_are_sentences(run, tmp_path, capsys, words, sentence):
    base, empty = run(SAME), tmp_path / "empty"
    empty.mkdir()
    code, _, error = gated(capsys, run(SAME), *[word.format(base=base, empty=empty) for word in words])
    assert code == 2
    assert sentence in error
    assert "Traceback" not in error


def test_other_forms(run, capsys):
    base, worse = run(SAME), run(WORSE)
    code, text, _ = gated(capsys, worse, "--baseline", base, "--format", "json")
    assert (code, json.loads(text)["state"]) == (1, "fail")
    _, text, _ = gated(capsys, worse, "--baseline", base, "--format", "github")
    assert text.startswith("::error title=t::fail: −20.0 points, a drop of at most 1.0 point (one-sided 95 %25: ")
    _, text, _ = gated(capsys, worse, "--baseline", base, "--format", "markdown")
    assert "|✗" in text
    assert "- t: fail" in text
    _, text, _ = gated(capsys, run(FEW), "--baseline", run(FEW), "--format", "github", "--inconclusive", "pass")
    assert text.startswith("::notice title=t::inconclusive")


@pytest.mark.parametrize(
    ("pattern", "inconclusive", "outcome"),
    [(SAME, "warn", "system-out"), (WORSE, "warn", "failure"), (FEW, "warn", "skipped"), (FEW, "fail", "failure"),
     (FEW, "pass", "system-out")],
)  # fmt: skip
def test_junit(run, tmp_path, capsys, pattern, inconclusive, outcome):
    file, name = tmp_path / "out" / "gate.xml", "<t>&\x07"
    base, new = run(FEW if pattern is FEW else SAME, name.replace("\x07", "")), run(pattern, name.replace("\x07", ""))
    gated(capsys, new, "--baseline", base, "--junit", file, "--inconclusive", inconclusive)
    suite = ElementTree.fromstring(file.read_text(encoding="utf-8")).find("testsuite")
    (case,) = suite.findall("testcase")
    assert suite.attrib["tests"] == "1"
    assert suite.attrib["failures"] == str(int(outcome == "failure"))
    assert case.attrib["name"] == "<t>&"
    assert case[0].tag == outcome
    text = "".join(case.itertext())
    assert f"proctor compare {base} {new} --flips 20" in text


def test_tasks_and_metric_that_are_named(run, capsys):
    base = run(SAME)
    assert gated(capsys, base, "--baseline", base, "--tasks", "t", "--metric", "acc")[0] == 0
    code, text, _ = gated(capsys, base, "--baseline", base, "--tasks", "u")
    assert code == 1
    assert "u: missing: The run has no task or group 'u' (candidate)" in text


@pytest.mark.parametrize(
    "text", ["default: {min: 0.1, min: 0.2}", "tasks: {t: {min: 0.5}, t: {min: 0.1}}", "tasks: {}\ntasks: {}"]
)
def test_a_key_of_a_policy_stands_there_once(run, tmp_path, capsys, text):
    policy = tmp_path / "gate.yaml"
    policy.write_text(text)
    code, _, error = gated(capsys, run(SAME), "--policy", policy)
    assert code == 2
    assert "is there twice" in error


def test_a_pattern_that_matches_nothing_is_named_as_it_is_written(run, tmp_path, capsys):
    policy = tmp_path / "gate.yaml"
    policy.write_text("tasks: {'nosuch_*': {min: 0.1}}")
    code, text, _ = gated(capsys, run(SAME), "--policy", policy)
    assert code == 1
    assert "no task or group 'nosuch_*'" in text
