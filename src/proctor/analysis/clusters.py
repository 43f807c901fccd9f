"""Which documents belong together: those with equal values of a column, or of a template of columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from proctor.errors import UsageError, did_you_mean

_FIELD = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


def column_value(doc: Any, column: str, task: str, flag: str = "--cluster") -> str:
    """What a document has in a column, as text; equal texts make documents belong together.

    Args:
        doc: The document.
        column: The name of a column, ``a.b`` for a column within one, or a text with ``{{column}}`` in it.
        task: The task's name, for an error.
        flag: What named the column, for an error.

    Raises:
        UsageError: The document has no such column, or the template holds more than names of columns.
    """
    if "{{" not in column:
        return _text(_value(doc, column, task, flag))
    if "{{" in _FIELD.sub("", column):
        raise UsageError(f"{flag} {column!r}: only names of columns may stand in braces, as in '{{{{passage}}}}'.")
    return _FIELD.sub(lambda match: _text(_value(doc, match[1], task, flag)), column)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _value(doc: Any, column: str, task: str, flag: str) -> Any:
    value = doc
    for name in column.split("."):
        if not isinstance(value, Mapping) or name not in value:
            there = list(map(str, value)) if isinstance(value, Mapping) else []
            close = did_you_mean(name, there) or f"There are {', '.join(there[:12]) or 'none'}."
            raise UsageError(f"{flag} {column}: a document of '{task}' has no column {name!r}.", hint=close)
        value = value[name]
    return value


def declared_cluster(metadata: Any) -> str | None:
    """The column, or template, that a task's ``metadata`` names as ``cluster``; None: it names none.

    Args:
        metadata: Of a task file, or of a results file's ``configs``.
    """
    found = metadata.get("cluster") if isinstance(metadata, Mapping) else None
    return found if isinstance(found, str) and found.strip() else None
