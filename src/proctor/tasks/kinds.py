"""What a task file defines: a task or a group, and how files did so before there was ``tag:``.

Until lm-eval 0.4.4 a task named the group it belongs to: ``group: NAME`` beside ``task: NAME``.
lm-eval 0.4.13 makes an empty group of such a file and knows no task of its name, so nothing is
scored by it there; here the group's name is read as the tag that it has become, and said.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

# Which keys tell a task of the older form from a group whose members are text: a group has no data.
_DATA = ("dataset_path", "custom_dataset")


def kind_of(values: Mapping[str, Any]) -> str | None:
    """Whether a file defines a ``"task"``, a ``"group"`` or neither."""
    # lm-eval: 'class' makes a task even where 'group' is said, 'group' a group even with 'task'.
    if "group" in values and "class" not in values and not is_older_form(values):
        return "group"
    return "task" if "task" in values or "class" in values else None


def name_error(kind: str, name: Any) -> tuple[str, str | None]:
    """What is wrong with a ``name`` that is no text, and the remedy: YAML reads ``2020-01-01`` and ``on`` as values."""
    if name is None or name == "":
        return f"'{kind}' is empty: it must be a name. YAML reads null and ~ as nothing.", "Write a name, in quotes."
    if isinstance(name, (list, dict)):
        if kind == "task" and isinstance(name, list):
            return "'task' is a list, but no 'group' says which group it makes.", "Add the line 'group: NAME'."
        return (
            f"'{kind}' must be a name in text, but it is {'a list' if isinstance(name, list) else 'a mapping'}.",
            None,
        )
    read = next((word for type_, word in _READ_AS if isinstance(name, type_)), f"a {type(name).__name__}")
    written = name.isoformat() if isinstance(name, datetime.date) else str(name)
    return (
        f"'{kind}' must be a name in text, but YAML reads this one as {read}: {written:.60}.",
        f'Write it in quotes: {kind}: "NAME".',
    )


_READ_AS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (datetime.datetime, "a date and time"),
    (datetime.date, "a date"),
    (int, "a number"),
    (float, "a number"),
)


def is_older_form(values: Mapping[str, Any]) -> bool:
    """Whether ``group`` is the tag of a task that the file, its includes in it, defines."""
    group = values.get("group")
    return (
        isinstance(values.get("task"), str)
        and "class" not in values
        and (isinstance(group, str) or (isinstance(group, list) and all(isinstance(one, str) for one in group)))
        and any(values.get(key) is not None for key in _DATA)
    )


def older_tags(values: Mapping[str, Any]) -> list[str]:
    """The tags that a task of the older form has by its ``group``."""
    if not is_older_form(values):
        return []
    return [values["group"]] if isinstance(values["group"], str) else list(values["group"])
