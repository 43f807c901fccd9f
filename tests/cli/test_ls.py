"""The listing: which tables, what they look like, and that nothing heavy is loaded for them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from proctor.cli import ls
from proctor.cli.main import main
from proctor.tasks.index import build_index


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two tasks with a tag and a group, one name in Korean."""
    for name, text in {
        "a.yaml": "task: algebra\ntag: stem\noutput_type: multiple_choice\n",
        "k.yaml": "task: 한국사\ntag: stem\n",
        "g.yaml": "group: exam\ntask: [stem]\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_three_tables(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert ls.listing(build_index(["."], defaults=False), "tasks") == (
        "\n"
        "|Group|Config Location|\n"
        "|-----|---------------|\n"
        "|exam |g.yaml         |\n"
        "\n\n"
        "|Tag |\n"
        "|----|\n"
        "|stem|\n"
        "\n\n"
        "| Task  |Config Location|  Output Type  |\n"
        "|-------|---------------|---------------|\n"
        "|algebra|a.yaml         |multiple_choice|\n"
        "|한국사 |k.yaml         |               |\n"
        "\n\n"
    )


@pytest.mark.parametrize(
    ("what", "headers"),
    [
        ("tasks", ["Group", "Tag", "Task"]),
        ("groups", ["Group"]),
        ("tags", ["Tag"]),
        ("subtasks", ["Task"]),
    ],
)
def test_each_noun_has_its_tables(folder, capsys, what, headers):
    assert main(["ls", what, "--include_path", str(folder)]) == 0
    out = capsys.readouterr().out
    assert [word for word in ("Group", "Tag", "Task") if f"{word} " in out.replace("|", " ")] == headers
    assert out.startswith("\n|")
    assert out.endswith("|\n\n\n\n")


def test_bundled_files_are_shown_from_the_package_on(capsys):
    assert main(["ls", "groups"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("|mmlu ") and "|proctor/benchmarks/mmlu/" in line for line in lines)


def test_without_a_noun_it_explains_itself(capsys):
    assert main(["ls"]) == 0
    assert "tasks|groups|subtasks|tags" in capsys.readouterr().out


def test_several_folders(folder, tmp_path, capsys):
    more = tmp_path / "more"
    more.mkdir()
    (more / "x.yaml").write_text("task: extra\n")
    assert main(["ls", "subtasks", "--include_path", str(folder), "--include_path", str(more)]) == 0
    out = capsys.readouterr().out
    assert "|extra " in out
    assert "|algebra " in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ls", "taks"], "not 'taks'.\n  Did you mean 'tasks'"),
        (["ls", "social_iqa"], "not 'social_iqa'.\n  'proctor ls tasks social_iqa' looks for names like it."),
        (["ls", "tasks", "--include_path", "gone"], "The include path 'gone' does not exist"),
        (["ls", "tasks", "--include_path", ""], "The include path is empty"),
        (["ls", "tasks", "--include_path", "."], "The include path '.' holds no task"),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.out == ""


def test_an_empty_table_and_a_bar_in_a_cell():
    assert ls.markdown_table(("Group", "Config Location"), []) == "|Group|Config Location|\n|-----|---------------|\n"
    assert ls.markdown_table(("X",), [("a|b",)]) == "| X  |\n|----|\n|a\\|b|\n"
    assert ls.markdown_table(("X",), [("",)]) == "| X |\n|---|\n|   |\n"


def test_a_warm_listing_loads_neither_yaml_nor_anything_heavy(folder):
    program = (
        "import sys; from proctor.cli.main import main\n"
        f"main(['ls', 'tasks', '--include_path', {str(folder)!r}])\n"
        "print('MODULES', *sorted(sys.modules), file=sys.stderr)"
    )
    for path in folder.iterdir():
        subprocess.run(["touch", "-d", "2020-01-01", str(path)], check=True)
    loaded: list[set[str]] = []
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        loaded.append(set(done.stderr.split("MODULES", 1)[1].split()))
    heavy = {"torch", "datasets", "transformers", "numpy", "jinja2", "pytablewriter", "rich"}
    assert not heavy & loaded[0]
    assert not (heavy | {"yaml"}) & loaded[1]
