"""Aliases that stand for billions of values, and numbers that nobody can write out: refused, with the line."""

from __future__ import annotations

import faulthandler
from itertools import pairwise

import pytest

from proctor.cli.main import main
from proctor.errors import TaskError
from proctor.tasks.yaml import load_task_yaml
from proctor.tasks.yaml_head import read_head
from proctor.tasks.yaml_limits import MOST_BY_ALIAS

LETTERS = "abcdefghijkl"
TASK = "task: odd\ndataset_path: json\noutput_type: multiple_choice\ndoc_to_text: x\ndoc_to_target: a\n"


def lists(indent=""):
    lines = [f"{indent}a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in pairwise(LETTERS):
        lines.append(f"{indent}{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    return "\n".join(lines) + "\n"


def merges(indent=""):
    lines = [f"{indent}a: &a {{k: 1}}"]
    for before, name in pairwise(LETTERS):
        lines.append(f"{indent}{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 10)}]}}")
    return "\n".join(lines) + "\n"


BOMBS = {
    "at the top": lists(),
    "below metadata": f"metadata:\n{lists('  ')}",
    "merges": merges(),
    "merges below metadata": f"metadata:\n{merges('  ')}",
    "a merge at the top": f"{merges()}<<: [*l, *l]\n",
    "in the tag": f"{lists()}tag: *l\n",
    "itself": "metadata: &m [*m]\n",
    "itself at the top": "tag: &m {a: *m}\n",
    "a long number": f"num_fewshot: 0x{'f' * 5000}\n",
    "a long number below": f"metadata: {{version: {'9' * 5000}}}\n",
}


@pytest.fixture(autouse=True)
def no_hang():
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_by_every_command(tmp_path, monkeypatch, capsys, bomb):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "cache"))
    (tmp_path / "odd.yaml").write_text(TASK + BOMBS[bomb])
    with pytest.raises(TaskError) as caught:
        load_task_yaml(tmp_path / "odd.yaml")
    assert caught.value.errors[0].file is not None
    assert main(["ls", "tasks", "--include_path", "."]) in (0, 2)
    assert main(["validate", "--no_data", "--tasks", "odd.yaml"]) in (1, 2)
    assert main(["run", "--model", "dummy", "--no_store", "--tasks", "odd.yaml"]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("bomb", ["at the top", "below metadata", "merges", "itself"])
def test_a_bomb_in_a_configuration_file(tmp_path, capsys, bomb):
    file = tmp_path / "config.yaml"
    file.write_text(f"model: dummy\n{BOMBS[bomb]}")
    assert main(["run", "--config", str(file)]) == 2
    said = capsys.readouterr().err
    assert "aliases" in said or "contains itself" in said


def test_what_aliases_are_for_works(tmp_path):
    file = tmp_path / "t.yaml"
    shared = "metadata:\n  base: &base {a: [1, 2], b: {c: d}}\n  one: {<<: *base, e: 1}\n  two: [*base, *base]\n"
    file.write_text(TASK + shared)
    metadata = load_task_yaml(file).values["metadata"]
    assert metadata["one"] == {"a": [1, 2], "b": {"c": "d"}, "e": 1}
    assert metadata["two"] == [metadata["base"]] * 2
    long = f"x: [{', '.join('1' for _ in range(MOST_BY_ALIAS + 10))}]\n"
    file.write_text(TASK + long)
    assert len(load_task_yaml(file).values["x"]) == MOST_BY_ALIAS + 10
    assert read_head((TASK + shared).encode())["task"] == "odd"
