"""Tables of plain text: columns that line up on a terminal, whatever letters are in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from proctor.errors import printable


def text_width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two.

    Args:
        text: One line.
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def fitting(text: str, columns: int) -> str:
    """A line as far as there is room for it, with an ellipsis where it is shortened.

    Args:
        text: One line.
        columns: How many there are.
    """
    if text_width(text) <= columns:
        return text
    shown = text[: max(columns - 1, 0)]
    while text_width(shown) > columns - 1 and shown:
        shown = shown[:-1]
    return f"{shown}…" if columns > 0 else ""


def shortened_inside(text: str, columns: int) -> str:
    """A line as far as there is room for it, with an ellipsis for its middle: the end of a path is the file's name.

    Args:
        text: One line.
        columns: How many there are.
    """
    if text_width(text) <= columns:
        return text
    beginning = fitting(text, max(columns // 3, 1))
    end = text[::-1]
    return beginning + fitting(end, columns - text_width(beginning) + 1)[-2::-1]


def aligned_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)) -> str:
    """A table without lines: two spaces between columns, numbers to the right.

    Args:
        headers: One for each column.
        rows: Their cells.
        left: Columns of texts, which are aligned to the left.

    Returns:
        Lines without spaces at their ends.
    """
    table = [tuple(headers), *[tuple(printable(cell).replace("\n", "\\n") for cell in row) for row in rows]]
    widths = [max(map(text_width, column)) for column in zip(*table, strict=True)]
    lines = ("  ".join(_cell(cell, widths[i], left=i in left) for i, cell in enumerate(row)) for row in table)
    return "\n".join(line.rstrip() for line in lines)


def _cell(text: str, width: int, *, left: bool) -> str:
    space = " " * (width - text_width(text))
    return text + space if left else space + text
