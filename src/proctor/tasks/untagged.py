"""Functions that are named without ``!function``: ``doc_to_text: utils.prompt`` with a ``utils.py`` beside it.

YAML reads such a value as a text, which every document then has for its prompt or its answer, and the
score is a plausible one. No text for a model looks like that and has the file, so it is an error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"(?P<tag>!?function\s+)?(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.(?P<name>[A-Za-z_]\w*)(\(\))?")
_KEYS = ("doc_to_text", "doc_to_choice", "doc_to_target", "process_results", "doc_to_decontamination_query")

Path = tuple[str, ...]


def remedy(value: Any) -> str | None:
    """How to name the function that a text seems to mean."""
    name = _NAME.fullmatch(value.strip()) if isinstance(value, str) else None
    if name is None:
        return None
    quoted = " without quotes" if name["tag"] else ""
    return f"To call a function, write '!function {name['module']}.{name['name']}'{quoted}."


def untagged(node: Any) -> Iterator[tuple[str, Path, str | None]]:
    """What is wrong, at which key, and the remedy, of a task's configuration and its ``fewshot_config``."""
    own = node.config.get("fewshot_config")
    for base, config in (((), node.config), (("fewshot_config",), own if isinstance(own, Mapping) else {})):
        for key in _KEYS:
            value, path = config.get(key), (*base, key)
            if isinstance(value, str) and (file := _file_of(value, node, path)) is not None:
                yield f"{key} is the text {value!r}, and no function of {file}.", path, remedy(value)


def _file_of(value: str, node: Any, path: Path) -> str | None:
    """The Python file, beside the YAML file in which the value stands, that a text seems to mean."""
    name, place = _NAME.fullmatch(value.strip()), node.places.get(path)
    if name is None:
        return None
    module = os.path.join(*name["module"].split(".")) + ".py"
    beside = os.path.join(os.path.dirname(node.file if place is None else place.file), module)
    return module if name["tag"] or os.path.isfile(beside) else None
