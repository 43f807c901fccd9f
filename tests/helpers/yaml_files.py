"""Files of YAML, their errors, and values that YAML can hold."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import strategies as st

from proctor.errors import TaskError
from proctor.tasks.yaml import load_task_yaml


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def error_of(path: Path) -> str:
    with pytest.raises(TaskError) as caught:
        load_task_yaml(path)
    (finding,) = caught.value.errors
    return str(finding)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner), max_leaves=20
)
KEYS = st.text(string.ascii_letters, min_size=1).filter(lambda key: key != "include")
