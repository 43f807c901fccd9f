"""``proctor audit``: what it prints in each form, and a sentence for every mistake."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from stored_runs import document_of, right_and_wrong, sha, write_run

import proctor
from proctor.cli.main import main
from proctor.cli.text_tables import text_width


@pytest.fixture
def run(tmp_path):
    tasks = {"t": right_and_wrong("1110" * 10), "u": right_and_wrong("10" * 20)}
    document = {"group_subtasks": {"시험": ["t", "u"]}, "model_name": "org/a"}
    return str(write_run(tmp_path / "a", tasks, **document))


def printed(capsys, *words):
    assert main(["audit", *map(str, words)]) == 0
    return capsys.readouterr().out


def test_the_table_and_the_sentences(run, capsys):
    text = printed(capsys, run)
    lines = text.splitlines()
    assert lines[0].startswith("org/a  ")
    table = lines[2:6]
    assert table[0].split()[:3] == ["metric", "n", "score"]
    assert len({text_width(line.split("acc")[0]) for line in table[1:]}) == 1
    row = next(line for line in lines if line.startswith("  t "))
    assert row.split()[:7] == ["t", "acc", "40", "0.7500", "[0.598,", "0.858]", "0.250"]
    assert "시험\n  acc 0.625 on 80 documents (95 %: " in text
    assert "Confidence 0." in text
    assert "±" not in text


def test_other_forms(run, capsys):
    assert printed(capsys, run, "--brief").startswith("시험: acc 0.625 (95 %: ")
    assert "**시험**" in printed(capsys, run, "--markdown")
    document = json.loads(printed(capsys, run, "--json"))
    assert document["results"]["t"]["acc,none"] == 0.75
    assert document["proctor"]["audit"]["t"]["choices"]["confidence"]["scaled"]


def test_options_reach_the_audit(run, capsys):
    text = printed(capsys, run, "--tasks", "t", "--interval", "exact", "--metric", "acc,none", "--cluster", "question")
    assert "40 clusters" in text
    assert "u  " not in text


def test_documents_are_excluded_by_a_file(run, capsys, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text(json.dumps({"task": "t", "doc_hash": sha("Question 3?")}) + "\n", encoding="utf-8")
    assert "Without 1 excluded document: acc_clean 0.633 on 79 documents" in printed(capsys, run, "--exclude", file)
    assert proctor.audit(run, exclude=file).groups[0].clean.n == 79


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{run}", "--exclude", "gone.jsonl"], "There is no file 'gone.jsonl' of documents to exclude"),
        (["nothing"], "There is nothing at 'nothing'"),
        (["{run}", "--metric", "accuracy"], "No task of this run has the metric 'accuracy'"),
        (["{run}", "--tasks", "w"], "The run has no task or group 'w'"),
        (["{run}", "--cluster", "nowhere"], "has no column 'nowhere'"),
        (["{run}", "--json", "--markdown"], "not allowed with"),
        (["{run}", "--interval", "wald"], "invalid choice: 'wald'"),
        (["{empty}"], "There is no results_*.json and no samples_*.jsonl"),
    ],
)
def test_mistakes_are_sentences(run, tmp_path, capsys, words, sentence):
    (tmp_path / "empty").mkdir()
    assert main(["audit", *[word.format(run=run, empty=tmp_path / "empty") for word in words]]) in (1, 2)
    text = capsys.readouterr().err
    assert sentence in text
    assert "Traceback" not in text


def test_a_second_run_is_one_for_compare(run, capsys):
    assert main(["audit", run, "other"]) == 2
    error = capsys.readouterr().err
    assert (
        "'other' belongs to no flag.\n  An audit is of one run; 'proctor compare A B' compares two. Tasks are" in error
    )


def test_without_samples(tmp_path, capsys):
    file = write_run(tmp_path, {"t": right_and_wrong("10")}, samples=[])
    text = printed(capsys, file)
    assert "no interval" in text or "95 %" in text


def test_from_python(run):
    audit = proctor.audit(run, tasks="t")
    assert audit.tasks[0].main.score == 0.75
    assert repr(audit).startswith("<RunAudit of org/a>\n  t: acc 0.750 (95 %: ")
    assert audit.to_dict()["results"]["t"]["acc,none"] == 0.75
    comparison = proctor.compare(run, run, tasks=["t"], margin=0.5)
    assert comparison.pairs[0].tasks[0].result.difference == 0
    assert repr(comparison).startswith("<Comparison of A org/a, B org/a>\n  B against A: 1 task: ")
    assert comparison.to_dict()["pairs"][0]["tasks"][0]["verdict"] == "same within the margin"
    with pytest.raises(proctor.api.UsageError, match="There is nothing at"):
        proctor.audit("nothing")


def test_nothing_heavy_is_loaded(run):
    code = (
        "import sys\nfrom proctor.cli.main import main\n"
        f"assert main(['audit', {run!r}]) == 0\nassert main(['audit', {run!r}, '--json']) == 0\n"
        "print(sorted({'torch', 'datasets', 'transformers', 'numpy', 'jinja2', 'pandas'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_scores_by_a_column(tmp_path, capsys):
    lines = right_and_wrong("1" * 31 + "0" * 30 + "1", passage="지문 " * 30)
    for place, line in enumerate(lines):
        line["doc"]["level"] = place // 31 if place < 61 else None
    path = str(write_run(tmp_path, {"t": lines}))
    text = printed(capsys, path, "--by", "level")
    assert "t by level   n   score" in text
    assert "0           31  1.0000" in text
    assert "None         1  1.0000  [0.207, 1.000]  few documents" in text
    assert "|t by level|" in printed(capsys, path, "--by", "level", "--markdown")
    assert "every document has a value of its own" in printed(capsys, path, "--by", "question")
    assert "지문 지문" in printed(capsys, path, "--by", "passage")
    document = json.loads(printed(capsys, path, "--by", "level", "--json"))
    assert [cell["n"] for cell in document["proctor"]["audit"]["t"]["by"]["cells"]] == [31, 30, 1]


def test_tasks_of_one_alias_have_their_groups_beside_it_where_these_are_not_shown(tmp_path, capsys):
    tasks = {
        "text_isles": right_and_wrong("1010"),
        "letter_isles": right_and_wrong("1100"),
        "more": right_and_wrong("1"),
    }
    groups = {"g": ["text", "letter"], "text": ["text_isles", "more"], "letter": ["letter_isles"]}
    document = document_of(tasks, group_subtasks=groups)
    for name in ("text_isles", "letter_isles"):
        document["results"][name]["alias"] = "isles"
    file = write_run(tmp_path, tasks, document=document)
    assert main(["audit", str(file), "--tasks", "*_isles"]) == 0
    lines = capsys.readouterr().out.splitlines()
    shown = [line for line in lines if line.startswith("isles")]
    assert [line[:14].strip() for line in shown] == ["isles (text)", "isles (letter)"] * 2
