"""``proctor compare``: what it prints, which runs a path means, and a sentence for every mistake."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from stored_runs import choice_line, right_and_wrong, write_run

from proctor.cli.main import main

LATER = "2026-02-02T03-04-05.678901"


@pytest.fixture
def runs(tmp_path):
    """Three runs: of two tasks of a group, A is as good as B, and C is worse at one task."""
    more = {"group_subtasks": {"g": ["t", "u"]}}
    found = []
    for name, pattern in (("a", "1" * 30), ("b", "1" * 29 + "0"), ("c", "0" * 15 + "1" * 15)):
        tasks = {"t": right_and_wrong(pattern), "u": right_and_wrong("10" * 15)}
        found.append(str(write_run(tmp_path / name, tasks, model_name=f"org/{name}", **more)))
    return found


def printed(capsys, *words):
    assert main(["compare", *map(str, words)]) == 0
    return capsys.readouterr().out


def failed(capsys, *words):
    assert main(["compare", *map(str, words)]) in (1, 2)
    return capsys.readouterr().err


def test_two_runs(runs, capsys):
    text = printed(capsys, runs[0], runs[2])
    lines = text.splitlines()
    assert lines[0].split()[:2] == ["A", "org/a"]
    assert "B − A" in lines[3]
    row = next(line for line in lines if line.startswith("  t "))
    assert row.split()[:6] == ["t", "acc", "30", "1.0000", "0.5000", "−0.5000"]
    assert row.endswith("▼ worse")
    assert "t: B is worse than A by 50.0 points" in text
    assert "2 tasks: 1 worse (t), 0 better (Holm, 5 %); 1 not resolved (MDE " in text
    assert "Same prompts. No other setting differs." in text
    assert "(mean of 2 tasks)" not in text
    assert f"proctor compare {runs[0]} {runs[2]} --flips 20" in text
    assert all(line == line.rstrip() for line in lines)


def test_three_runs_are_a_matrix(runs, capsys):
    text = printed(capsys, *runs)
    assert "corrected for 6 tests: tasks and pairs together" in text
    row = next(line for line in text.splitlines() if line.startswith("C  ") and "−" in line)
    assert row.split() == ["C", "−0.2500", "▼", "−0.2333", "▼"]
    assert "C against A: 2 tasks: 1 worse" in text


def test_markdown_and_json(runs, capsys):
    text = printed(capsys, runs[0], runs[2], "--markdown")
    # Markdown drops other spaces at the beginning of a cell.
    assert "|\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}t" in text
    assert "\n\nSame prompts." in text
    document = json.loads(printed(capsys, runs[0], runs[2], "--json"))
    assert document["pairs"][0]["tasks"][0]["verdict"] == "worse"
    assert "|row − column" in printed(capsys, *runs, "--markdown")


def test_flips(runs, capsys):
    text = printed(capsys, runs[0], runs[2], "--flips", 2)
    assert "15 documents changed sides; the most confident first:" in text
    assert text.count("right only by A") == 2
    assert "  gold  " in text
    assert "(p 0." in text
    assert "No document changed sides." in printed(capsys, runs[0], runs[0], "--flips", 2)


def test_a_folder_alone_is_all_its_runs_and_beside_others_the_newest(runs, tmp_path, capsys):
    assert "corrected for 6 tests" in printed(capsys, tmp_path)
    write_run(tmp_path / "a", {"t": right_and_wrong("1" * 30)}, stamp=LATER, model_name="org/new")
    assert main(["compare", str(tmp_path / "a"), runs[1]]) == 0
    said = capsys.readouterr()
    assert "A  org/new" in said.out
    assert "holds 2 runs; taken is the newest" in said.err


def test_files_that_cannot_be_read_are_named(runs, tmp_path, capsys):
    (tmp_path / "b" / f"results_{LATER}.json").write_text("{")
    assert main(["compare", str(tmp_path)]) == 0
    assert "1 of 10 files left out:" in capsys.readouterr().err


def test_options_reach_the_comparison(runs, capsys):
    text = printed(
        capsys, runs[0], runs[1], "--margin", "0.2", "--correction", "none", "--tasks", "t", "--metric", "acc"
    )
    assert "The same within the margin" in text
    assert "p (raw)" in text
    assert "= same within the margin" in text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{a}"], "There is one run at"),
        (["{a}", "nothing"], "There is nothing at 'nothing'"),
        (["{a}", "{b}", "--metric", "f2"], "No task has the metric 'f2' in two runs"),
        (["{a}", "{b}", "--tasks", "zz"], "no task or group 'zz' in common"),
        (["{a}", "{b}", "--margin", "0"], "it must be above 0"),
        (["{a}", "{b}", "--margin", "inf"], "it must be above 0"),
        (["{a}", "{b}", "--flips", "-1"], "it is a number of documents"),
        (["{a}", "{b}", "--cluster", "nowhere"], "has no column 'nowhere'"),
        (["{a}", "99999"], "There is no"),
    ],
)
def test_mistakes_are_sentences(runs, tmp_path, capsys, monkeypatch, words, sentence):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = failed(capsys, *[word.format(a=runs[0], b=runs[1]) for word in words])
    assert sentence in text
    assert "Traceback" not in text


def test_runs_without_any_samples_have_scores_and_no_test(tmp_path, capsys):
    files = [write_run(tmp_path / name, {"t": right_and_wrong("10")}, samples=[]) for name in "ab"]
    text = printed(capsys, *files)
    assert "no test" in text
    assert text.count("A and B have no samples, so that there are only scores and no tests") == 1


def test_different_documents_under_one_number(tmp_path, capsys):
    files = [
        write_run(tmp_path / name, {"t": [choice_line(0, [0, -1, -2, -3], 0, question=name)]}) for name in "ab"
    ]  # fmt: skip
    assert "different documents under one number" in failed(capsys, *files)
    assert "paired by number" in printed(capsys, *files, "--by_number")


def test_nothing_heavy_is_loaded(runs):
    code = (
        "import sys\nfrom proctor.cli.main import main\n"
        f"assert main(['compare', *{runs!r}]) == 0\n"
        f"assert main(['compare', {runs[0]!r}, {runs[1]!r}, '--flips', '2']) == 0\n"
        "print(sorted({'torch', 'datasets', 'transformers', 'numpy', 'jinja2', 'pandas'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_tasks_of_one_run_and_differences_by_a_column(tmp_path, capsys):
    tasks = {name: right_and_wrong(pattern * 20) for name, pattern in (("x_letter", "1100"), ("x_text", "1110"))}
    path = str(write_run(tmp_path, tasks))
    assert main(["compare", path]) == 2
    assert "There is one run at" in capsys.readouterr().err
    assert main(["compare", path, "--pair_tasks", "x_letter=x_text", "--by", "answer"]) == 0
    text = capsys.readouterr().out
    assert "Paired across names, document by document: x_letter with x_text." in text
    assert "x_letter by answer   n" in text
    assert "p-values are corrected for 4 values of answer." in text
    assert main(["compare", path, "--pair_tasks", "x_letter=x_text", "--by", "question", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pairs"][0]["paired_names"] == {"x_letter": "x_text"}
    assert len(document["pairs"][0]["by"][0]["cells"]) == 80


def test_a_page_of_the_comparison(runs, capsys, tmp_path):
    page = tmp_path / "compare.html"
    text = printed(capsys, runs[0], runs[2], "--html", page, "--tasks", "t")
    assert text.splitlines()[-1].startswith(f"{page}: 0.")
    assert text.splitlines()[-1].endswith(f"MB; documents that changed sides: {page}#f=disagree")
    written = page.read_text(encoding="utf-8")
    assert "is worse than R1 on t by 50.0" in written.replace("\N{NO-BREAK SPACE}", " ")
    json.loads(printed(capsys, *runs, "--html", page, "--json"))
    assert page.read_text(encoding="utf-8") != written


def test_a_page_takes_the_place_of_no_run(runs, capsys, tmp_path):
    assert "is a file of the run that is read" in failed(capsys, runs[0], runs[1], "--html", runs[1])
    assert "cannot be written" in failed(capsys, runs[0], runs[1], "--html", tmp_path / "no" / "x.html")
    assert "--html is empty" in failed(capsys, runs[0], runs[1], "--html", " ")


def test_what_is_true_of_all_pairs_is_said_once(runs, capsys):
    lines = printed(capsys, *runs).splitlines()
    assert [line for line in lines if "Same prompts." in line] == ["All pairs: Same prompts. No other setting differs."]


def test_the_command_for_flips_makes_the_same_comparison(runs, capsys):
    """Else it compares other documents, or with one run none at all."""
    text = printed(capsys, runs[0], runs[2], "--tasks", "t", "--metric", "acc", "--pair_tasks", "t*=u*")
    command = f"proctor compare {runs[0]} {runs[2]} --metric acc --tasks t --pair_tasks 't*=u*' --flips 20"
    assert f"Documents that changed sides: {command}; as a page" in text
