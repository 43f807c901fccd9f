"""What a client saw, as JSON: numbers, texts and the types of what has no such form."""

import json
import logging
from pathlib import Path


def save(out, seen):
    """Write what was seen."""
    Path(out).write_text(json.dumps(plain(seen), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def plain(value):
    """A value as JSON has it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if hasattr(value, "tolist"):
        return value.tolist()
    return getattr(value, "__name__", None) or type(value).__name__


def caught(call, *args, **kwargs):
    """The built-in classes that an error can be caught as; the result where there is none."""
    try:
        return plain(call(*args, **kwargs))
    except Exception as error:
        logging.getLogger("client").info("%s: %s", type(error).__name__, error)
        return " ".join(["raises", *(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")])


def scores(results):
    """Metric values of tasks and groups."""
    return {key: results.get(key) for key in ("results", "groups", "n-shot", "n-samples", "higher_is_better")}
