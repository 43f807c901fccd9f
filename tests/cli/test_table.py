"""``proctor table`` in all its forms."""

import csv
import io
import json
from html.parser import HTMLParser

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.cli.main import main
from proctor.cli.text_tables import text_width


@pytest.fixture
def runs(tmp_path):
    found = []
    for name, pattern in (("a_1", "10" * 20), ("모델", "1" * 40)):
        tasks = {"t": right_and_wrong(pattern), "한국사": right_and_wrong("10" * 20)}
        found.append(str(write_run(tmp_path / name, tasks, model_name=f"org/{name}")))
    return found


def printed(capsys, *words):
    assert main(["table", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_markdown_is_aligned_and_marks_the_best(runs, capsys):
    text = printed(capsys, *runs)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({text_width(line) for line in lines}) == 1
    assert lines[0].split("|")[1].strip() == "Model"
    assert "**1.0000 ± 0.0438**" in text
    assert text.count("**") == 2
    assert "± is half the 95 % interval. Bold: better than the second best" in text


def test_tasks_may_have_the_lines(runs, capsys):
    lines = printed(capsys, *runs, "--lines", "tasks").splitlines()
    assert [cell.strip() for cell in lines[0].split("|")[1:-1]] == ["Task", "Metric", "n", "org/a_1", "org/모델"]
    assert lines[2].split("|")[1:4] == ["t" + " " * 22, "acc   ", "40 "]


def test_csv_and_tsv_are_numbers(runs, capsys):
    rows = list(csv.DictReader(io.StringIO(printed(capsys, *runs, "--format", "csv", "--lines", "tasks"))))
    assert rows[0] == {
        "task": "t", "metric": "acc", "n": "40", "org/a_1": "0.5000", "org/a_1 ±": "0.1480", "org/모델": "1.0000",
        "org/모델 ±": "0.0438",
    }  # fmt: skip
    assert printed(capsys, *runs, "--format", "tsv").splitlines()[0].split("\t")[:3] == ["model", "t", "t ±"]


def test_latex_is_escaped(runs, capsys):
    text = printed(capsys, *runs, "--format", "latex")
    assert r"org/a\_1 & 0.5000 $\pm$ 0.1480" in text
    assert r"\textbf{1.0000 $\pm$ 0.0438}" in text
    assert text.count(r"\\") == 3
    assert r"\begin{tabular}{lrrrr}" in text


def test_html_is_well_formed(runs, capsys):
    text = printed(capsys, *runs, "--format", "html")
    parser = HTMLParser()
    parser.feed(text)
    assert '<th scope="row">org/모델</th><td><strong>1.0000 ± 0.0438</strong></td>' in text


def test_json_has_all_digits_and_names_what_was_read(runs, capsys):
    document = json.loads(printed(capsys, *runs, "--format", "json"))
    assert document["models"] == ["org/a_1", "org/모델"]
    row = document["rows"][0]
    assert (row["name"], row["best"], row["metric"]) == ("t", "org/모델", {"name": "acc", "filter": "none"})
    assert row["scores"]["org/a_1"]["score"] == 0.5
    assert len(row["scores"]["org/a_1"]["interval"]) == 2
    assert document["sources"]["org/a_1"] == runs[0]


def test_a_folder_is_all_its_runs_each_once(runs, tmp_path, capsys):
    document = json.loads(printed(capsys, tmp_path, runs[0], "--format", "json", "--tasks", "t"))
    assert sorted(document["models"]) == ["org/a_1", "org/모델"]


def test_mistakes_are_sentences(runs, capsys):
    assert main(["table", "nowhere"]) == 2
    assert "There is nothing at 'nowhere'" in capsys.readouterr().err
    assert main(["table", runs[0], "--tasks", "nothing"]) == 2
    assert "nothing" in capsys.readouterr().err
