"""The verb ``preview``: it takes the flags of ``run`` and prints prompts."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.cli.main import main


@pytest.fixture
def exam(tmp_path: Path, write_exam, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one task of three documents, as working directory."""
    monkeypatch.chdir(tmp_path)
    return write_exam(tmp_path, "sums")


@pytest.mark.parametrize(
    ("flags", "documents"),
    [([], 1), (["-n", "2"], 2), (["--limit", "3"], 3), (["--samples", '{"sums": [0, 2]}'], 2)],
)
def test_how_many_documents(exam, capsys, flags, documents):
    assert main(["preview", "--tasks", "sums.yaml", *flags]) == 0
    assert capsys.readouterr().out.count("┌─ prompt\n") == documents


def test_a_command_line_of_run_is_one_of_preview(exam, capsys):
    words = ["--model", "hf", "--tasks", "sums.yaml", "--batch_size", "auto:4", "--device", "cuda:0"]
    words += ["--output_path", "nowhere", "--log_samples", "--num_fewshot", "1", "--seed", "1", "-x", "-w"]
    assert main(["preview", *words]) == 0
    assert "1 few-shot example" in capsys.readouterr().out
    assert not (exam / "nowhere").exists()


def test_what_is_not_a_terminal_gets_plain_text(exam, capsys):
    main(["preview", "--tasks", "sums.yaml"])
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "No task is given"),
        (["--tasks", "sums"], "Tasks not found: 'sums'."),
        (["--tasks", "sums.yaml", "--model", "hff"], "There is no model named 'hff'."),
        (["--tasks", "sums.yaml", "--apply_chat_template"], "--apply_chat_template needs a tokenizer"),
        (["--tasks", "sums.yaml", "--limit", "0"], "--limit"),
    ],
)
def test_mistakes_are_sentences(exam, capsys, words, sentence):
    assert main(["preview", *words]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.slow
def test_real_prompts_with_a_real_tokenizer(capsys, shared_hub, shared_models, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.chdir(shared_hub)
    words = ["--tasks", "mmlu_anatomy,kobest_copa,lambada_openai", "--num_fewshot", "1", "--apply_chat_template"]
    assert main(["preview", *words, "--model_args", f"pretrained={shared_models / 'llama-bos'}"]) == 0
    shown = capsys.readouterr().out
    assert "multiple choice questions (with answers) about anatomy" in shown
    assert shown.count("← gold") == 2
    assert "| ' sig" in shown or "| ' s" in shown
