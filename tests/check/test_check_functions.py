"""Python files of tasks, read without being run: names, modules, packages, what they take from lm_eval."""

from __future__ import annotations

from pathlib import Path

import pytest
from task_folders import lines

from proctor.check.functions import function_errors, import_notes
from proctor.compat.names import FACES
from proctor.refs import Ref


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(): ...", True),
        ("f = 1", True),
        ("f: int = 1", True),
        ("from os import path as f", True),
        ("try:\n    import f\nexcept ImportError:\n    f = None", True),
        ("if True:\n    class f: ...", True),
        ("(e, f) = 1, 2", True),
        ("from os import *", True),
        ("for n in 'fg':\n    globals()[n] = 1", True),
        ("def g():\n    f = 1", False),
        ("g = f", False),
    ],
)
def test_names_are_found_in_the_syntax(tmp_path, source, found):
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    assert (function_errors(Ref(str(tmp_path), "mine.f")) == []) is found


def test_functions_of_modules_that_are_installed_or_are_not(tmp_path):
    assert function_errors(Ref(str(tmp_path), "os.path.join")) == []
    assert "names no module" in function_errors(Ref(str(tmp_path), "join"))[0].message
    assert "there is no file" in function_errors(Ref(str(tmp_path), "no.such.join"))[0].message


def test_a_python_file_that_cannot_be_parsed_is_a_error_of_that_file(tmp_path):
    (tmp_path / "mine.py").write_text("def f(:\n", encoding="utf-8")
    [finding] = function_errors(Ref(str(tmp_path), "mine.f", str(tmp_path / "a.yaml"), 3))
    assert (Path(finding.file or "").name, finding.line) == ("mine.py", 1)


def test_packages_that_are_not_installed_are_noted(tmp_path):
    (tmp_path / "mine.py").write_text("import os\nimport no_such_package.x\nf = 1\n", encoding="utf-8")
    [note] = import_notes(Ref(str(tmp_path), "mine.f"))
    assert note.message == "imports 'no_such_package', which is not installed."
    assert note.line == 2


def errors_and_notes(folder, text):
    (folder / "mine.py").write_text(text + "\nf = 1\n", encoding="utf-8")
    ref = Ref(str(folder), "mine.f", str(folder / "a.yaml"), 3)
    return lines(function_errors(ref)), lines(import_notes(ref))


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("from lm_eval.utils import weighted_f1_score\nfrom lm_eval.api import metrics", []),
        ("import lm_eval.api.filter as g\nfrom lm_eval import utils, evaluate", []),
        ("try:\n    from lm_eval.nothing import x\nexcept ImportError:\n    x = 1", []),
        ("\nimport lm_eval.nothing", ["mine.py:2: imports 'lm_eval.nothing', which is not served by proctor."]),
        (
            "from lm_eval.utils import mak_table",
            ["mine.py:1: takes 'mak_table' from 'lm_eval.utils', which has no such name in proctor."],
        ),
        (
            "from lm_eval.tasks.nowhere.x import y",
            ["mine.py:1: imports 'lm_eval.tasks.nowhere.x', which is in no task folder that is known."],
        ),
    ],
)
def test_what_is_taken_from_lm_eval_is_looked_up(tmp_path, text, errors):
    assert errors_and_notes(tmp_path, text) == (errors, [])


def test_whatever_a_module_of_lm_eval_offers_can_be_taken_from_it(tmp_path):
    """Names that stand in another file than the module that offers them, too."""
    lines = [
        f"from {'.'.join(filter(None, ('lm_eval', name)))} import {item.partition('=')[0]}"
        for name, row in FACES.items()
        for listed in row.values()
        for item in listed.split()
        if item != "*"
    ]
    assert errors_and_notes(tmp_path, "\n".join(lines))[0] == []


def test_metrics_of_a_package_that_is_missing_are_noted(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.check.functions._installed", lambda name: name != "evaluate")
    text = "if 1: import evaluate\none = evaluate.load('bertscore')\ntwo = evaluate.load('accuracy')\n"
    note = "mine.py:2: loads the metric 'bertscore' of the package 'evaluate', which is not installed."
    assert errors_and_notes(tmp_path, text) == ([], [note])
    (tmp_path / "other").mkdir()
    assert errors_and_notes(tmp_path / "other", "from json import load\nload('bertscore')") == ([], [])
