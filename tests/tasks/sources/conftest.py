"""Files of data in whatever form, and the shortest way to what a task reads of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proctor.tasks.data import Splits
from proctor.tasks.spec import TaskSpec


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
