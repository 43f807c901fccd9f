"""Pipes, devices and sockets wherever a file is named: nothing waits, and a sentence says what stands there."""

from __future__ import annotations

import faulthandler
import json
import os
import shutil

import pytest

from proctor.cli.main import main

TASK = """\
task: odd
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: {text}
doc_to_choice: "{{{{c}}}}"
doc_to_target: a
metadata: {{version: 1}}
{more}
"""


@pytest.fixture(autouse=True)
def no_hang():
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    (tmp_path / "tasks").mkdir()
    os.mkfifo(tmp_path / "tasks" / "pipe")
    (tmp_path / "tasks" / "d.jsonl").write_text(json.dumps({"q": "?", "c": ["a", "b"], "a": 0}) + "\n")
    return tmp_path / "tasks"


def write(folder, *, data="d.jsonl", text='"{{q}}"', more=""):
    (folder / "odd.yaml").write_text(TASK.format(data=folder / data, text=text, more=more))


def every_command(capsys):
    """What ls, validate and run say of the folder."""
    said = []
    for words in (
        ("ls", "tasks", "--include_path", "tasks"),
        ("validate", "--include_path", "tasks", "--tasks", "odd"),
        ("run", "--model", "dummy", "--no_store", "--include_path", "tasks", "--tasks", "odd"),
    ):
        code = main(list(words))
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        said.append((code, shown.out + shown.err))
    return said


@pytest.mark.parametrize("target", ["/dev/urandom", "/dev/zero", "pipe", "linked.yaml"])
def test_an_include_that_is_no_file(folder, capsys, target):
    (folder / "linked.yaml").symlink_to("/dev/zero")
    write(folder, more=f"include: {target}")
    (_, _), (validated, found), (code, said) = every_command(capsys)
    assert (validated, code) == (1, 2)
    for text in (found, said):
        assert "is a pipe" in text or "is a device" in text


def test_a_pipe_named_like_a_task_file_is_said(folder, capsys):
    os.mkfifo(folder / "waits.yaml")
    write(folder)
    (_, listed), _, (code, _) = every_command(capsys)
    assert code == 0
    assert "waits.yaml: it is a pipe, not a file." in listed


@pytest.mark.parametrize("data", ["pipe", "/dev/zero", "socket.jsonl"])
def test_data_that_is_no_file(folder, capsys, data):
    os.mkfifo(folder / "socket.jsonl")
    write(folder, data=data)
    _, (validated, _), (code, said) = every_command(capsys)
    assert validated == 1
    assert code in (1, 2)
    assert "not a file" in said


def test_python_that_is_no_file(folder, capsys):
    os.mkfifo(folder / "odd_code.py")
    write(folder, text="!function odd_code.f")
    _, (validated, _), (code, said) = every_command(capsys)
    assert (validated, code) == (1, 2)
    assert "there is no file" in said


def test_a_prompt_file_and_a_samples_file_that_are_none(folder, capsys):
    write(folder, more="use_prompt: 'pipe:x'")
    assert every_command(capsys)[2][0] in (1, 2)
    write(folder)
    assert main(["run", "--model", "dummy", "--no_store", "--tasks", "./tasks", "--samples", "/dev/zero"]) == 2
    assert "it is a device, not a file" in capsys.readouterr().err
    assert main(["run", "--config", "/dev/urandom"]) == 2
    assert "it is a device, not a file" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors", "extra.json"])
def test_a_checkpoint_with_a_pipe_in_it(folder, capsys, repository, name):
    model = folder.parent / "model"
    shutil.copytree(repository / "src/proctor/benchmarks/demo/model", model)
    (model / name).unlink(missing_ok=True)
    os.mkfifo(model / name)
    write(folder)
    words = ["run", "--model", "hf", "--model_args", f"pretrained={model}", "--tasks", "./tasks", "--no_store"]
    assert main(words) == 1
    assert "is a pipe, not a file" in capsys.readouterr().err


def test_samples_of_a_run_that_became_a_pipe(folder, capsys):
    write(folder)
    words = ["run", "--model", "dummy", "--tasks", "./tasks", "--no_store", "--output_path", "out", "--log_samples"]
    assert main(words) == 0
    (samples,) = (folder.parent / "out").rglob("samples_*.jsonl")
    (results,) = (folder.parent / "out").rglob("results_*.json")
    samples.unlink()
    os.mkfifo(samples)
    assert main(["regrade", str(results), "--no_store"]) in (1, 2)
    results.unlink()
    os.mkfifo(results)
    assert main(["regrade", str(results), "--no_store"]) == 2
    assert main(["regrade", str(results.parent), "--no_store"]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
