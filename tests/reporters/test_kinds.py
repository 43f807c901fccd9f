"""The rows of reporters."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from proctor.lazy import load_attribute
from proctor.reporters.kinds import KINDS
from proctor.settings.declarations import SETTINGS


def test_every_row_has_a_class_with_what_a_reporter_must_have():
    for name, kind in KINDS.items():
        made = load_attribute(kind.target)
        assert all(callable(getattr(made, method)) for method in ("check", "begin", "task", "end", "abandon")), name


def test_a_setting_for_all_but_what_only_push_has():
    assert {kind.setting for kind in KINDS.values()} - set(SETTINGS) == {"hf_eval_results_args"}


def test_extras_bring_the_packages(repository):
    extras = tomllib.loads((repository / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for kind in KINDS.values():
        if kind.extra:
            assert f"{kind.package}>={kind.oldest}" in extras[kind.extra]


def test_no_tracker_is_imported_with_the_rows_and_classes():
    program = (
        "import sys; from proctor.lazy import load_attribute; from proctor.reporters.kinds import KINDS\n"
        "for kind in KINDS.values(): load_attribute(kind.target)\n"
        "print(sorted({kind.package for kind in KINDS.values()} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
