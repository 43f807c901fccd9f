"""Packages that are not there: each sentence says what to install."""

import re
import tomllib
from pathlib import Path

import pytest

from proctor.errors import MissingExtraError
from proctor.lazy import SOURCE, TASK_PACKAGES, install_extra, is_installed, need, need_installed, remedy

PYPROJECT = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text(encoding="utf-8"))


def test_what_task_files_import_is_in_the_extra_that_the_sentence_names():
    extras = PYPROJECT["project"]["optional-dependencies"]
    packages = {re.split(r"[><=]", line)[0] for line in (*extras["tasks"], *extras["metrics"])}
    assert set(TASK_PACKAGES.values()) == packages - {"proctor[metrics]"}


def test_the_remedy_names_the_package_of_a_module(monkeypatch):
    monkeypatch.chdir(SOURCE)
    assert remedy("rouge_score.rouge_scorer") == (
        "Install it with: pip install 'rouge-score'; all that lm-eval's tasks use: pip install -e '.[tasks]'."
    )
    assert remedy("some_package.part") == "Install it with: pip install some_package"


def test_a_missing_extra_is_installed_from_the_clone_wherever_one_is(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingExtraError) as caught:
        need("no_such_package", extra="api")
    assert caught.value.hint == f"Install it with: pip install -e '{SOURCE}[api]'"


def test_without_a_clone_it_is_said_where_the_command_works(monkeypatch, tmp_path):
    monkeypatch.setattr("proctor.lazy.SOURCE", tmp_path)
    assert install_extra("hf") == "pip install '.[hf]' (in a clone of proctor's repository)"


def test_nothing_says_that_proctor_is_on_a_package_index():
    text = re.compile(r"pip install [^\n`]*['\" ]proctor\[")
    files = [*SOURCE.glob("*.md"), *SOURCE.glob("docs/*.md"), *(SOURCE / "src" / "proctor").rglob("*.py")]
    assert [file.name for file in files if text.search(file.read_text(encoding="utf-8"))] == []


def test_a_package_is_looked_for_without_importing_it(tmp_path, monkeypatch):
    (tmp_path / "nothing_but_a_folder").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert is_installed("json")
    assert not is_installed("nothing_but_a_folder")
    need_installed("json", extra="vllm")
    for name in ("nothing_but_a_folder", "no_such_package"):
        with pytest.raises(MissingExtraError, match=name) as caught:
            need_installed(name, extra="vllm")
        assert "[vllm]" in caught.value.hint
