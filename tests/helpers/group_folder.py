"""A folder of three tasks, two tags and groups over them, and what is selected of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor.errors import TaskError
from proctor.tasks.index import build_index
from proctor.tasks.select import GroupNode, Selection, TaskNode, select


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


FILES = {
    "_template_yaml": (
        "dataset_path: exam\nnum_fewshot: 0\nprocess_docs: !function utils.process\nmetadata: {version: 1}\n"
    ),
    "algebra.yaml": "task: algebra\ninclude: _template_yaml\ntag: [stem, all]\n",
    "biology.yaml": "task: biology\ninclude: _template_yaml\ntag: [stem, all]\nnum_fewshot: 2\n",
    "history.yaml": "task: history\ninclude: _template_yaml\ntag: all\n",
    "stem_group.yaml": "group: sciences\ntask: [stem]\naggregate_metric_list: [{metric: acc}]\n",
    "exam.yaml": "group: exam\ngroup_alias: Exam\ntask:\n  - sciences\n  - history\nmetadata: {version: 2}\n",
}


def pick(folder: Path, *names: str) -> Selection:
    return select(build_index([folder], defaults=False), names)


def leaf_names(selection: Selection) -> list[str]:
    return [task.name for task in selection.leaves()]


def leaf(selection: Selection, name: str) -> TaskNode:
    return next(task for task in selection.leaves() if task.name == name)


def tree(node: TaskNode | GroupNode) -> object:
    return {node.name: [tree(member) for member in node.members]} if isinstance(node, GroupNode) else node.name


def errors_of(folder: Path, *names: str) -> list[str]:
    with pytest.raises(TaskError) as caught:
        pick(folder, *names)
    return [str(finding) for finding in caught.value.errors]


def write_groups(folder: Path) -> Path:
    """Three tasks, two tags, a group over a tag and a group over that group."""
    for name, text in FILES.items():
        write(folder, name, text)
    return folder
