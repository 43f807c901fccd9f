"""``proctor export``."""

import csv
import subprocess
import sys

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        write_run(tmp_path / "runs" / name, {"한국사": right_and_wrong("10")}, model_name=f"org/{name}")
    return tmp_path


def test_all_runs_of_a_folder_are_one_table(folder, capsys):
    assert main(["export", "runs", "--to", "t.csv", "--columns", "model,doc_id,score.acc"]) == 0
    assert capsys.readouterr().out == "t.csv: 4 rows, 3 columns\n"
    with open("t.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["model", "doc_id", "score.acc"]
    assert sorted(map(tuple, rows[1:])) == [
        ("org/a", "0", "1.0"),
        ("org/a", "1", "0.0"),
        ("org/b", "0", "1.0"),
        ("org/b", "1", "0.0"),
    ]


@pytest.mark.parametrize("name", ["t.jsonl", "t.xlsx", "t.parquet", "T.CSV"])
def test_every_format(folder, name, capsys):
    pytest.importorskip("openpyxl")
    assert main(["export", "runs", "--to", name]) == 0
    assert (folder / name).stat().st_size > 0


def test_mistakes_are_sentences(folder, capsys):
    assert main(["export", "runs"]) == 2
    assert "--to" in capsys.readouterr().err
    assert main(["export", "runs", "--to", "t.ods"]) == 2
    assert "A name ends in .csv, .jsonl, .xlsx, .parquet." in capsys.readouterr().err
    assert main(["export", "runs", "--to", "t.csv", "--columns", "modle"]) == 2
    assert "Did you mean 'model'" in capsys.readouterr().err


def test_nothing_heavy_is_imported(folder):
    code = (
        "import sys; from proctor.cli.main import main; code = main(['export', 'runs', '--to', 't.csv']);"
        "sys.exit(code or any(name in sys.modules for name in ('datasets', 'torch', 'transformers', 'numpy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
