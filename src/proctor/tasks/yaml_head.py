"""The few keys of a task file that finding needs: thousands of files are read for them, so no more is constructed."""

from __future__ import annotations

from typing import Any

from proctor.tasks.yaml_limits import check_aliases
from proctor.tasks.yaml_parse import MERGE_TAG, STR_TAG, as_utf8, check_depth, check_mapping, task_loader

HEAD_KEYS = frozenset({"task", "group", "class", "tag", "output_type", "include", "dataset_path", "custom_dataset"})
_ONLY_THERE = ("class", "dataset_path", "custom_dataset")


def read_head(data: bytes) -> dict[str, Any]:
    """The few keys of a task file that finding needs, without its includes.

    Names are strings; ``class``, the data's keys and a group's member list are only said to be there (``True``).
    Only these keys are constructed: what else is wrong in the file shows when it is selected.
    """
    data, _ = as_utf8(data)
    check_depth(data)
    loader = task_loader()(data)
    loader.proctor_file = loader.proctor_folder = ""
    try:
        node = loader.get_single_node()
        check_mapping(node)
        check_aliases(node)
        if any(key.tag == MERGE_TAG for key, _ in node.value):
            # ``<<: *base`` at the root may bring "task" or "include".
            loader.flatten_mapping(node)
        head: dict[str, Any] = {}
        for key, value in node.value:
            if key.id == "scalar" and key.value in HEAD_KEYS:
                head[key.value] = _head_value(key.value, value, loader)
        return head
    finally:
        loader.dispose()


def _head_value(key: str, node: Any, loader: Any) -> Any:
    if key in _ONLY_THERE and node.tag != "tag:yaml.org,2002:null":
        return True
    if node.tag == STR_TAG:
        return node.value
    # The member list of a group can be long, and nothing of it is needed to find the group.
    if key == "task" and node.id != "scalar":
        return True
    value = loader.construct_object(node, deep=True)
    if key in ("tag", "group", "include") and isinstance(value, list):
        return [item if isinstance(item, str) else None for item in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    return True if key in ("task", "group") else str(value)  # a date is no name, though its text would be one
