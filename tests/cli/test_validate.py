"""The verb ``validate``: what it prints, and its exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from proctor.cli.main import main


@pytest.fixture
def exam(tmp_path: Path, write_exam, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good task of one document, as working directory."""
    monkeypatch.chdir(tmp_path)
    return write_exam(tmp_path, "sums", documents=1)


def test_a_good_exam(exam, capsys):
    assert main(["validate", "--tasks", "sums.yaml"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "Validating tasks: ['sums.yaml']"
    assert "All tasks found and valid" in shown
    assert shown[-1].startswith("0 errors, 0 notes in 1 task, 0 groups, 1 document (")


@pytest.mark.parametrize(
    "words", [["--tasks", "."], ["--include_path", "."], ["--include_path", ".", "--tasks", "sum*"]]
)
def test_folders_include_paths_and_globs(exam, capsys, words):
    assert main(["validate", *words]) == 0
    assert "1 task, 0 groups" in capsys.readouterr().out


def test_errors_stand_under_their_file_with_line_and_remedy(exam, write_exam, capsys):
    write_exam(exam, "sums", more="doc_to_txt: x\n")
    assert main(["validate", "--tasks", str(exam), "--no_data"]) == 1
    shown = capsys.readouterr().out
    sentence = "sums.yaml:9: task 'sums': there is no key 'doc_to_txt'.\n    Did you mean 'doc_to_text'"
    assert f"\nErrors:\n\n{sentence}" in shown
    assert "All tasks found and valid" not in shown
    assert "1 error, 0 notes in 1 task, 0 groups, no data read" in shown


def test_unknown_names_are_usage_errors_with_the_closest(exam, capsys):
    assert main(["validate", "--tasks", "mmlu_anatomi"]) == 2
    assert "Did you mean 'mmlu_anatomy'" in capsys.readouterr().err


def test_nothing_to_check(capsys):
    assert main(["validate"]) == 2
    assert "There is nothing to check." in capsys.readouterr().err


def test_no_data_imports_neither_data_nor_model_libraries(exam):
    code = (
        "import sys; from proctor.cli.main import main; code = main(['validate', '--no_data', '--tasks', 'sums.yaml']);"
        "sys.exit(code or any(name in sys.modules for name in ('datasets', 'torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def test_the_bundled_benchmarks_have_no_error(capsys, repository):
    assert main(["validate", "--no_data", "--include_path", str(repository / "src/proctor/benchmarks")]) == 0
    assert "All tasks found and valid" in capsys.readouterr().out


@pytest.mark.slow
def test_bundled_benchmarks_on_real_data(capsys, shared_hub, monkeypatch):
    monkeypatch.chdir(shared_hub)
    assert main(["validate", "--tasks", "mmlu_anatomy,hellaswag,winogrande,lambada_openai,wikitext,gsm8k"]) == 0
    assert "All tasks found and valid" in capsys.readouterr().out


def test_valid_is_not_said_of_what_was_not_run(exam, capsys):
    """'Valid' beside 'was not run' contradicts itself."""
    (exam / "utils.py").write_text("def process_docs(data):\n    return data\n")
    (exam / "sums.yaml").write_text((exam / "sums.yaml").read_text() + "process_docs: !function utils.process_docs\n")
    assert main(["validate", "--tasks", "sums.yaml"]) == 0
    shown = capsys.readouterr().out
    assert "All tasks found; no errors in what was checked\n1 task has Python functions, which were not run" in shown
    assert "valid" not in shown.replace("Validating", "")
    assert main(["validate", "--tasks", "sums.yaml", "--run_task_code"]) == 0
    assert "All tasks found and valid" in capsys.readouterr().out
