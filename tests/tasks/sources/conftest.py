"""Files of data in whatever form, and the shortest way to what a task reads of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proctor.tasks.data import Splits
from proctor.tasks.spec import TaskSpec

ROWS = [{"q": "a", "n": 1}, {"q": "b", "n": 0}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
EXAM = [["question", "answer"], ["하나 더하기 하나는?", 2], ["둘 더하기 둘은?", 4]]
EXAM_ROWS = [{"question": "하나 더하기 하나는?", "answer": 2}, {"question": "둘 더하기 둘은?", "answer": 4}]


@pytest.fixture
def splits(spec: Callable[..., TaskSpec]) -> Callable[..., Splits]:
    """The splits of ``dataset_path`` and what else is said; the task file stands in ``tmp_path``."""

    def make(path: str, kwargs: dict[str, Any] | None = None, **more: Any) -> Splits:
        keys = {"test_split": "train", "fewshot_split": None, **more}
        return Splits(spec(dataset_path=path, dataset_kwargs=kwargs, **keys))

    return make


@pytest.fixture
def rows(splits: Callable[..., Splits]) -> Callable[..., list[dict[str, Any]]]:
    """The rows of the only split."""

    def read(path: str, kwargs: dict[str, Any] | None = None, **more: Any) -> list[dict[str, Any]]:
        made = splits(path, kwargs, **more)
        (name,) = made.names
        return [dict(row) for row in made.documents(name)]

    return read


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file beside the task file."""

    def put(name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return file

    return put


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Writes a workbook of the given sheets beside the task file."""

    openpyxl = pytest.importorskip("openpyxl")

    def put(name: str = "exam.xlsx", change: Callable[..., None] | None = None, **sheets: Any) -> Path:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, cells in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in cells:
                sheet.append(row)
        if change:
            change(workbook)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return put
