"""Words that are not used are found in names, messages and documentation, and nowhere else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def glossary() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "tools" / "glossary.py"
    spec = importlib.util.spec_from_file_location("glossary_tool", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["glossary_tool"] = module
    spec.loader.exec_module(module)
    return module


def tree(root, **files):
    """A repository with these modules in its package."""
    (root / "docs").mkdir()
    package = root / "src" / "proctor"
    package.mkdir(parents=True)
    for name, text in files.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    "source",
    [
        "knob = 1",
        "def open_shelf(): pass",
        "class WardenProcess: pass",
        "def f(told): pass",
        "value.melted",
        "from settings import KNOBS",
        "log.warning('the seam\\nis here')",
        "print(f'{1} knobs')",
        "raise ValueError('Seams: none')",
    ],
)
def test_a_word_in_a_name_or_a_message_is_found(glossary, source):
    assert [use.line for use in glossary.of_source("src/proctor/some.py", source)] == [1]


@pytest.mark.parametrize(
    "source",
    [
        '"""A knob."""',
        'def f():\n    """Is told."""',
        "x = 1\n'''Seam of x.'''",
        "x = 1  # the knob",
        "seamless = default = adverb = retold = 1",
        "print('by default')",
    ],
)
def test_comments_docstrings_and_longer_words_are_left_alone(glossary, source):
    assert list(glossary.of_source("src/proctor/some.py", source)) == []


def test_the_line_of_a_text_of_several_lines_is_its_own(glossary):
    (use,) = glossary.of_source("src/proctor/some.py", 'x = """one\ntwo knobs\n"""')
    assert use.line == 2


def test_the_name_of_a_module_is_a_name(glossary):
    (use,) = glossary.of_source("src/proctor/run/knobs.py", "")
    assert use.word == "knobs"


def test_pages_are_read_without_their_code_and_links(glossary):
    page = "A knob.\n```\nknob\n```\nSee [this](seam.md#knob), `told`.\nThe seam.\n"
    assert [(use.line, use.word) for use in glossary.of_page("docs/a.md", page)] == [(1, "knob"), (6, "seam")]


def test_place_word_and_remedy_are_printed_and_the_exit_status_is_1(glossary, tmp_path, capsys):
    tree(tmp_path, good="x = 1\n", bad="x = 1\nknob = 2\n")
    assert glossary.main([str(tmp_path)]) == 1
    assert capsys.readouterr().out == "src/proctor/bad.py:2: 'knob' in the name knob; say instead: setting\n"


def test_without_uses_nothing_is_printed_and_the_exit_status_is_0(glossary, tmp_path, capsys):
    tree(tmp_path, good="setting = 1\n")
    assert glossary.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_tasks_are_data_and_not_looked_at(glossary, tmp_path):
    folder = tree(tmp_path) / "src" / "proctor" / "benchmarks"
    folder.mkdir()
    (folder / "utils.py").write_text("knob = 1\n", encoding="utf-8")
    assert glossary.uses(tmp_path) == []


def test_what_is_allowed_in_a_file_is_not_found_there(glossary, tmp_path, monkeypatch):
    monkeypatch.setattr(glossary, "ALLOWED", {"src/proctor/bad.py": ("knob",)})
    tree(tmp_path, bad="knob = seam = 2\n")
    assert [use.word for use in glossary.uses(tmp_path)] == ["seam"]


def test_exceptions_are_fewer_than_words(glossary):
    assert sum(map(len, glossary.ALLOWED.values())) < len(glossary.WORDS)


def test_the_code_keeps_to_the_glossary(glossary):
    assert [str(use) for use in glossary.uses(glossary.ROOT)] == []
