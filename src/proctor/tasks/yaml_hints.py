"""What to do about the usual slips in YAML: from the parser's complaint and the lines around it.

The parser names the character at which it gave up, often on the line after the slip. The line that
needs a change, and the change, are found in the text: a template without quotes, a tab, a colon
that is missing, a backslash within double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_ENTRY = re.compile(r"\s*(?:- +)*(?P<key>[\w-]+) *: +(?P<value>\S.*?)\s*$")
_PLAIN = re.compile(r"[^'\"|>!&\[#\s]")
"""How a value begins that has no quotes."""
_TEMPLATE = re.compile(r"\{\{|\{%")
_LONGEST = 80
_ALIKE = "Lines of one level are indented alike."


class Advice(NamedTuple):
    """The 1-based line to change, and how."""

    line: int
    hint: str | None


def advise(problem: str, context: str, lines: Sequence[str], line: int, begun: int | None) -> Advice:
    """Where the slip is and what mends it; ``line``: where the parser gave up, ``begun``: where what it read began."""
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in text[: len(text) - len(text.lstrip())] or "tab character" in problem:
        return Advice(line, "YAML indents with spaces, not with tabs.")
    if "could not find expected ':'" in problem and begun is not None:
        return Advice(begun, "Is a colon missing, or the space after it? Write 'key: value'.")
    if "unknown escape" in problem:
        return Advice(line, "Within double quotes a backslash begins an escape: use single quotes, as in '\\d+'.")
    if "quoted scalar" in context and begun is not None:
        return Advice(begun, "The quote that opens on this line is not closed.")
    if context.startswith("while parsing a flow") and begun is not None:
        return Advice(begun, "The bracket that opens on this line is not closed, or a comma is missing.")
    hint = _of_value(text)
    if hint is None and "mapping values" in problem:
        return _of_level(lines, line)
    if hint is None and "cannot start any token" in problem:
        hint = "A value that begins with '%', '@' or '`' needs quotes."
    if hint is None and "while parsing a block" in context:
        hint = _ALIKE
    return Advice(line, hint)


def _of_value(text: str) -> str | None:
    """The quotes that the value of ``key: value`` needs."""
    entry = _ENTRY.match(text)
    if entry is None:
        return None
    key, value = entry["key"], entry["value"]
    if _TEMPLATE.search(value) and (_PLAIN.match(value) or value.startswith("[{{")):
        return f"A template needs quotes: {key}: {_quoted(value)}" if len(value) <= _LONGEST else "Put it into quotes."
    if _PLAIN.match(value) and ": " in f"{value} ":
        return f"A text with a colon needs quotes: {key}: {_quoted(value)}" if len(value) <= _LONGEST else None
    if len(value) > 2 and value[0] in "'\"" and value.find(value[0], 1) not in (-1, len(value) - 1):
        other = '"' if value[0] == "'" else "'"
        return f"The quote closes within the text: begin and end it with {other} instead."
    return None


def _quoted(value: str) -> str:
    if value.startswith("[{{"):
        return "'{{ [a, b] }}'"
    return f'"{value}"' if '"' not in value else "'" + value.replace("'", "''") + "'"


def _of_level(lines: Sequence[str], line: int) -> Advice:
    """A ``key: value`` where none can be: the line before has no colon, or this one is indented otherwise."""
    before = next((n for n in range(line - 1, 0, -1) if lines[n - 1].strip() and lines[n - 1].lstrip()[0] != "#"), None)
    if before is not None and ":" not in lines[before - 1]:
        return Advice(before, "Is a colon missing, or the space after it? Write 'key: value'.")
    return Advice(line, _ALIKE)
