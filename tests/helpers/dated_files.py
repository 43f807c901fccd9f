"""Task files that were written long ago, and the index of folders."""

from __future__ import annotations

import os
from pathlib import Path

from proctor.tasks.index import TaskIndex, build_index

LONG_AGO = 1_600_000_000


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def index_of(*folders: Path, cache: Path | None = None) -> TaskIndex:
    return build_index([*folders], defaults=False, cache_dir=cache)


def write_exam(folder: Path) -> Path:
    """A small exam: a template, three tasks of which one stands deeper, and a group."""
    write(folder, "_template_yaml", "output_type: multiple_choice\ntag: stem\n")
    write(folder, "algebra.yaml", "task: algebra\ninclude: _template_yaml\n")
    write(folder, "biology.yaml", "task: biology\ninclude: _template_yaml\ntag: [life, stem]\n")
    write(folder, "deep/er/essay.yaml", "task: essay\n")
    write(folder, "_group.yaml", "group: exam\ntask: [algebra, biology]\n")
    return folder
