"""``proctor tasks`` from the command line, and what ``ls`` shows of lm-eval's names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stock_packages import VERSION, digest, make_wheel, write_package

from proctor.cli import ls
from proctor.cli.main import main
from proctor.stock.fetch import fetch_file
from proctor.stock.location import versions_folder
from proctor.tasks.stock import NAMES

pytestmark = pytest.mark.usefixtures("stock_allowed")


def get(tmp_path: Path, version: str = VERSION) -> int:
    path = make_wheel(tmp_path, version)
    return main(["tasks", "get", "--from", str(path), "--sha256", digest(path)])


def test_get_ls_remove(tmp_path, capsys):
    assert main(["tasks", "ls"]) == 0
    assert "No tasks of lm-eval are here beside the bundled ones: 'proctor tasks get'" in capsys.readouterr().out
    assert get(tmp_path) == 0
    out = capsys.readouterr().out
    folder = versions_folder() / VERSION
    assert f"4 tasks, 1 group and 2 tags of lm-eval {VERSION} in {folder} are found by name from now on." in out
    assert (folder / NAMES).is_file()
    assert main(["tasks", "ls"]) == 0
    assert f"|{VERSION}  |yes |" in capsys.readouterr().out
    assert main(["tasks", "remove", VERSION]) == 0
    assert capsys.readouterr().out == f"Removed: {VERSION}.\n"
    assert main(["tasks", "remove"]) == 0
    assert capsys.readouterr().out == "There was nothing to remove.\n"


def test_what_is_here_is_not_got_again(tmp_path, capsys):
    path = make_wheel(tmp_path)
    fetch_file(path, sha256=digest(path))
    assert main(["tasks", "get", "--version", VERSION, "--sha256", digest(path)]) == 0
    assert "are here already, and are used" in capsys.readouterr().out


def test_update_gets_the_newest_and_removes_the_others(tmp_path, monkeypatch, capsys):
    for version in ("9.8", VERSION):
        path = make_wheel(tmp_path, version)
        fetch_file(path, sha256=digest(path))
    monkeypatch.setattr("proctor.cli.tasks.NEWEST", "9.8")
    monkeypatch.setattr(
        "proctor.stock.fetch.known_digests", lambda version: (digest(tmp_path / f"lm_eval-{version}-py3-none-any.whl"),)
    )
    assert main(["tasks", "update"]) == 0
    assert f"Removed: {VERSION}." in capsys.readouterr().out
    assert {entry.name for entry in versions_folder().iterdir()} == {".lock", "9.8", "current"}


def test_an_installed_one_is_listed(tmp_path, monkeypatch, capsys):
    folder = write_package(tmp_path / "site-packages", "0.4.9")
    monkeypatch.syspath_prepend(folder)
    assert main(["tasks", "ls"]) == 0
    out = capsys.readouterr().out
    assert "|0.4.9  |yes |" in out
    assert "installed" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["get", "0.4.12"], "proctor tasks get takes no '0.4.12'."),
        (["ls", "x"], "proctor tasks ls takes no 'x'."),
        (["ls", "--version", "1"], "--version belongs to proctor tasks get."),
        (["remove", "--from", "x"], "--from belongs to proctor tasks get."),
        (["get", "--from", "nothing.whl"], "--from names 'nothing.whl', which is no file."),
        (["get", "--version", "0.3.0"], "The digests of lm-eval 0.3.0 are not known here"),
        (["fetch"], "invalid choice"),
    ],
)
def test_a_mistake_is_a_sentence(words, sentence, capsys):
    assert main(["tasks", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_without_a_word_the_help_is_shown(capsys):
    assert main(["tasks"]) == 0
    assert "--sha256" in capsys.readouterr().out


def test_it_is_light(tmp_path):
    """Neither what runs models nor what unpacks archives is imported to list versions."""
    program = (
        "import sys\nfrom proctor.cli.main import main\nmain(['tasks', 'ls'])\n"
        "print({'torch', 'datasets', 'numpy', 'zipfile', 'subprocess'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


# ---------------------------------------------------------------- ls


def test_ls_shows_what_was_got_as_its_own_package(tmp_path, capsys):
    get(tmp_path)
    capsys.readouterr()
    assert main(["ls", "subtasks", "arc_easy", "app*"]) == 0
    out = capsys.readouterr().out
    assert "|apple   |lm_eval/tasks/fruit/apple.yaml      |multiple_choice|" in out
    assert "|arc_easy|proctor/benchmarks/arc/arc_easy.yaml|" in out


def test_ls_says_how_many_names_it_does_not_list_and_all_lists_them(capsys):
    assert main(["ls", "groups", "belebele*"]) == 0
    captured = capsys.readouterr()
    assert "belebele" not in captured.out
    assert "1 name is not listed: lm-eval 0.4.13 has it, 'proctor tasks get' brings it, --all lists it." in captured.err
    for words in (["groups", "--all", "belebele*"], ["groups", "belebele*", "--all"], ["--all", "groups", "belebele*"]):
        assert main(["ls", *words]) == 0
        captured = capsys.readouterr()
        assert "|belebele|(lm-eval 0.4.13: proctor tasks get)|" in captured.out
        assert "not listed" not in captured.err


def test_ls_is_grey_on_a_terminal_only(monkeypatch, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(ls, "_in_colour", lambda: True)
    assert main(["ls", "subtasks", "boolq", "social_iqa", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] == "\x1b[2m" for line in lines if "boolq" in line or "social_iqa" in line] == [False, True]


def test_with_lm_evals_command_installed_too_both_packages_stay_apart(tmp_path):
    """lm-eval defines the commands `lm_eval` and `lm-eval` too; proctor's modules are proctor's all the same."""
    folder = write_package(tmp_path / "site-packages", "0.4.13")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    words = ["ls", "subtasks", "pear", "arc_easy"]
    done = subprocess.run(
        [sys.executable, "-m", "proctor", *words], capture_output=True, text=True, check=True, env=environment
    )
    assert "lm_eval/tasks/fruit/pear.yaml" in done.stdout
    assert "proctor/benchmarks/arc/arc_easy.yaml" in done.stdout
