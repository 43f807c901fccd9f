"""A quiz of six documents, written and given to a command."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from task_folders import PLAIN, QUIZ_ROWS

from proctor.cli.main import main

Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """``ask(command, config, rows, code)``: the exit code and everything that was said."""

    def say(*words: str, config: str = PLAIN, rows: Sequence[Mapping[str, Any]] = QUIZ_ROWS, code: str = "") -> Any:
        (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        (tmp_path / "code.py").write_text(code, encoding="utf-8")
        (tmp_path / "quiz.yaml").write_text(config, encoding="utf-8")
        status = main([*words, "--tasks", str(tmp_path / "quiz.yaml")])
        return status, "".join(capsys.readouterr())

    return say
