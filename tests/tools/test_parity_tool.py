"""The parity tool sees every kind of difference between two runs, and says what it could not compare."""

from __future__ import annotations

import copy
import importlib
import json
import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
compare_tool = importlib.import_module("parity_compare")
parity = importlib.import_module("parity")
served = importlib.import_module("parity_served")

PROGRAMS = parity.Programs("python")

SAMPLE = {
    "doc_id": 0,
    "doc": {"question": "Q"},
    "target": "1",
    "arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": " a"}, "gen_args_1": {"arg_0": "Q", "arg_1": " b"}},
    "resps": [[["-3.25", "False"]], [["-1.5", "True"]]],
    "filtered_resps": [["-3.25", "False"], ["-1.5", "True"]],
    "filter": "none",
    "metrics": ["acc"],
    "doc_hash": "d",
    "prompt_hash": "p",
    "target_hash": "t",
    "acc": 1.0,
}
RESULTS = {
    "results": {"one": {"alias": "one", "acc,none": 1.0, "acc_stderr,none": "N/A"}},
    "groups": {},
    "group_subtasks": {},
    "versions": {"one": 1.0},
    "n-shot": {"one": 0},
    "higher_is_better": {"one": {"acc": True}},
    "n-samples": {"one": {"original": 4, "effective": 1}},
    "task_hashes": {"one": "h"},
}


def write(folder: Path, results=RESULTS, rows=(SAMPLE,), stamp="2026-11-23T18-11-17.771023") -> Path:
    inner = folder / "..__models__m"
    inner.mkdir(parents=True, exist_ok=True)
    (inner / f"results_{stamp}.json").write_text(json.dumps(results), encoding="utf-8")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (inner / f"samples_one_{stamp}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def compared(tmp_path: Path, results=RESULTS, rows=(SAMPLE,), peer_rows=(SAMPLE,)):
    peer = compare_tool.read_run(write(tmp_path / "peer", rows=peer_rows))
    return compare_tool.compare(peer, compare_tool.read_run(write(tmp_path / "ours", results, rows)))


def changed(path, value, base=SAMPLE):
    row = copy.deepcopy(base)
    inner = row
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return row


def test_equal_runs_are_equal(tmp_path):
    report = compared(tmp_path)
    assert (report.samples, report.figures, report.mismatches, report.worst) == (1, 2, [], 0.0)


def test_log_likelihoods_may_differ_in_their_last_digits(tmp_path):
    row = changed(("resps", 0, 0, 0), "-3.2504")
    report = compared(tmp_path, rows=[row])
    assert report.mismatches == []
    assert report.worst == pytest.approx(4e-4)


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("arguments", "gen_args_0", "arg_1"), "a", "arguments"),
        (("target",), "0", "target"),
        (("resps", 0, 0, 0), "-3.26", "resps"),
        (("resps", 1, 0, 1), "False", "resps"),
        (("filtered_resps", 1, 1), "False", "filtered_resps"),
        (("acc",), 0.0, "metric acc"),
        (("prompt_hash",), "other", "prompt_hash"),
        (("doc_hash",), "other", "doc_hash"),
    ],
)
def test_a_sample_that_differs_is_named(tmp_path, path, value, what):
    report = compared(tmp_path, rows=[changed(path, value)])
    assert len(report.mismatches) == 1
    assert report.mismatches[0].startswith(f"{what} of one, document 0, filter none")


@pytest.mark.parametrize("change", [{"acc": None}, {"acc_norm": 1.0}])
def test_a_metric_that_one_side_lacks_is_a_mismatch(tmp_path, change):
    row = {**SAMPLE, **change}
    row = {key: value for key, value in row.items() if value is not None}
    assert any("metric acc" in text for text in compared(tmp_path, rows=[row]).mismatches)


def test_generated_text_must_be_equal_to_the_character(tmp_path):
    peer = {**SAMPLE, "resps": [["7 apples"]], "filtered_resps": ["7"]}
    ours = {**SAMPLE, "resps": [["7 apples "]], "filtered_resps": ["7"]}
    report = compared(tmp_path, rows=[ours], peer_rows=[peer])
    assert [text.split(" of ")[0] for text in report.mismatches] == ["resps"]


def test_whole_numbers_in_generated_text_are_text():
    assert math.isinf(compare_tool.difference(["7"], ["8"]))
    assert math.isinf(compare_tool.difference(["07"], ["7"]))


@pytest.mark.parametrize(
    ("section", "entry", "what"),
    [
        ("results", {"one": {"acc,none": 0.5, "acc_stderr,none": "N/A"}}, "figure acc,none"),
        ("results", {"one": {"acc,none": 1.0, "acc_stderr,none": 0.1}}, "figure acc_stderr,none"),
        ("results", {"one": {"acc,none": 1.0}}, "set of figures"),
        ("results", {}, "set of entries"),
        ("groups", {"all": {"acc,none": 1.0}}, "set of entries"),
        ("versions", {"one": 2.0}, "versions"),
        ("n-shot", {"one": 5}, "n-shot"),
        ("n-samples", {"one": {"original": 4, "effective": 4}}, "n-samples"),
        ("task_hashes", {}, "task_hashes"),
    ],
)
def test_a_figure_or_fact_that_differs_is_named(tmp_path, section, entry, what):
    report = compared(tmp_path, results={**RESULTS, section: entry})
    assert len(report.mismatches) == 1
    assert report.mismatches[0].startswith(f"{what} of ")


def test_a_missing_sample_is_a_mismatch(tmp_path):
    report = compared(tmp_path, rows=[], peer_rows=[SAMPLE])
    assert any(text.startswith("set of samples") for text in report.mismatches)


def test_choices_closer_than_rounding_are_a_near_tie_and_excuse_the_figures(tmp_path):
    tie = changed(("filtered_resps", 0, 0), "-1.5001")
    results = {**RESULTS, "results": {"one": {"acc,none": 0.0, "acc_stderr,none": "N/A"}}}
    report = compared(tmp_path, results, rows=[{**tie, "acc": 0.0}], peer_rows=[tie])
    assert (report.near_ties, report.mismatches) == (1, [])


def test_both_nan_are_equal_and_one_nan_is_not():
    assert compare_tool.difference(["nan"], ["nan"]) == 0.0
    assert math.isinf(compare_tool.difference(["nan"], ["-1.0"]))


@given(st.recursive(st.floats(allow_nan=False) | st.text() | st.booleans() | st.none(), st.lists))
def test_a_value_does_not_differ_from_itself(value):
    assert compare_tool.difference(value, copy.deepcopy(value)) == 0.0


@given(st.floats(-1000, 0), st.floats(-1000, 0))
def test_difference_is_symmetric(one, other):
    assert compare_tool.difference([one], [other]) == compare_tool.difference([other], [one])


def test_the_likelihood_of_a_page_is_compared_relative_to_its_size():
    assert compare_tool.difference(["-20000.01"], ["-20000.02"]) < 1e-3
    assert compare_tool.difference(["-20000.01"], ["-20000.12"]) > 1e-3


def test_a_folder_without_results_is_no_run(tmp_path):
    with pytest.raises(compare_tool.NoResults, match="no results_"):
        compare_tool.read_run(tmp_path)


def test_long_values_are_shown_around_their_difference(tmp_path):
    peer = changed(("arguments", "gen_args_0", "arg_0"), "x" * 5000 + "PEER")
    ours = changed(("arguments", "gen_args_0", "arg_0"), "x" * 5000 + "OURS")
    text = compared(tmp_path, rows=[ours], peer_rows=[peer]).mismatches[0]
    assert "PEER" in text
    assert "OURS" in text
    assert len(text) < 1000


def test_every_case_has_a_name_of_its_own_and_names_tasks():
    cases = (*parity.CASES, *parity.FAMILIES, *parity.SERVED)
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    assert all("--tasks" in case.arguments for case in cases)


def test_an_unknown_case_is_a_sentence(capsys):
    assert parity.main(["--cases", "nosuch"]) == 2
    assert "there is no case nosuch" in capsys.readouterr().err


def test_cases_that_need_absent_data_are_left_out_and_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PROCTOR_SHARED", str(tmp_path))
    assert {case.name.split("-")[0] for case in parity.choose(None)} == {"demo"}
    assert "Left out" in capsys.readouterr().out
    with pytest.raises(parity.Failed, match="real need the shared test data"):
        parity.choose(["real"])


def test_list_shows_the_cases(capsys):
    assert parity.main(["--cases", "demo", "demo-chat", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["demo", "demo-chat"]


def test_a_python_without_the_peer_is_a_sentence(tmp_path, capsys):
    assert parity.main(["--cases", "demo", "--peer-python", str(tmp_path / "python")]) == 2
    assert "cannot be started" in capsys.readouterr().err


@pytest.fixture
def fake_programs(monkeypatch):
    """Programs that write files instead of evaluating; ``rows['ours']`` is what proctor writes."""
    rows = {"lm-eval": [SAMPLE], "proctor": [SAMPLE]}

    def run_program(command, case, out):
        write(out, rows=rows[out.name])
        return 10.0 if out.name == "lm-eval" else 4.0

    monkeypatch.setattr(parity, "run_program", run_program)
    return rows


@pytest.mark.parametrize(("change", "status"), [({}, 0), ({"acc": 0.0}, 1)])
def test_the_exit_status_says_how_it_came_out(fake_programs, tmp_path, capsys, change, status):
    fake_programs["proctor"] = [{**SAMPLE, **change}]
    assert parity.run_cases(parity.CASES[:1], PROGRAMS, tmp_path, compare_tool.Tolerance(), 5) == status
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line[:3] == ["demo", "1", "2"]
    assert line[-3:] == ["10.0", "4.0", "2.50"]


def test_runs_without_samples_agree_on_nothing(fake_programs, tmp_path):
    fake_programs.update({"lm-eval": [], "proctor": []})
    assert parity.run_cases(parity.CASES[:1], PROGRAMS, tmp_path, compare_tool.Tolerance(), 5) == 1


def test_a_program_that_fails_is_told_with_its_last_words(tmp_path, capsys):
    case = parity.Case("x", ("-c", "import sys; sys.exit('gone wrong')"))
    with pytest.raises(parity.Failed, match="gone wrong"):
        parity.run_program([sys.executable], case, tmp_path / "work" / "out")


RESPONDING = """#!{python}
import http.server, sys

class Models(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{{}}")

    def log_message(self, *words):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Models).serve_forever()
"""


def engine_folder(folder: Path, program: str) -> Path:
    python = folder / "vllm" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(program, encoding="utf-8")
    python.chmod(0o755)
    return folder


def served_case(arguments=("--model_args", "base_url={url}", "--tasks", "t")):
    return parity.Case("served", arguments, engine="vllm-server")


def test_a_case_gets_the_address_of_its_server(monkeypatch, tmp_path, capsys):
    seen = []

    def run_program(command, case, out):
        seen.append((command[0], case.arguments))
        write(out, rows=[SAMPLE])
        return 1.0

    monkeypatch.setattr(parity, "run_program", run_program)
    programs = parity.Programs("peer", engine_folder(tmp_path / "engines", RESPONDING.format(python=sys.executable)))
    assert parity.run_cases([served_case()], programs, tmp_path / "work", compare_tool.Tolerance(), 5) == 0
    assert [python for python, _ in seen] == ["peer", sys.executable]
    [address] = {words[1] for _, words in seen}
    assert address.startswith("base_url=http://127.0.0.1:")
    assert address.endswith("/v1")


@pytest.mark.parametrize(("folder", "said"), [(None, "not in the folder of --engines"), ("exit", "no engine here")])
def test_an_engine_that_is_not_there_or_ends_is_a_sentence(tmp_path, capsys, folder, said):
    engines = None
    if folder:
        engines = engine_folder(tmp_path, f"#!{sys.executable}\nimport sys\nsys.exit('no engine here')\n")
    programs = parity.Programs("peer", engines)
    assert parity.run_cases([served_case()], programs, tmp_path / "work", compare_tool.Tolerance(), 5) == 2
    assert said in capsys.readouterr().out


def test_an_engine_within_both_programs_brings_their_python(tmp_path):
    folder = engine_folder(tmp_path, "")
    python = str(folder / "vllm" / "bin" / "python")
    peer, own = served.commands("vllm", folder)
    assert (peer[0], own) == (python, [python, "-m", "proctor"])
    assert served.commands("vllm-server", folder) is None
    assert served.commands(None, None) is None
