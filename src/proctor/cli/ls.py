"""List tasks, groups and tags, as Markdown tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from proctor.tasks.index import BUNDLED, Entry, TaskIndex, build_index

USAGE = "proctor ls [tasks|groups|subtasks|tags] [--include_path FOLDER ...]"
_TABLES = {
    "tasks": ("groups", "tags", "subtasks"),
    "groups": ("groups",),
    "subtasks": ("subtasks",),
    "tags": ("tags",),
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """What to list, and where else to look."""
    parser.add_argument(
        "what",
        nargs="?",
        choices=sorted(_TABLES),
        help="tasks: all names; groups: tasks with common scores; subtasks: single tasks; tags: names of several tasks",
    )
    parser.add_argument(
        "--include_path",
        action="append",
        metavar="FOLDER",
        help="a folder with more tasks; may be repeated, a later one overrides an earlier one",
    )
    parser.set_defaults(show_help=parser.print_help)


def execute(namespace: argparse.Namespace) -> int:
    """Print the tables."""
    what = getattr(namespace, "what", None)
    if what is None:
        namespace.show_help()
        return 0
    index = build_index(getattr(namespace, "include_path", None) or ())
    sys.stdout.write(listing(index, what) + "\n")
    return 0


def listing(index: TaskIndex, what: str) -> str:
    """The tables that ``what`` asks for, each followed by blank lines."""
    makers = {"groups": _groups, "tags": _tags, "subtasks": _subtasks}
    return "\n" + "".join(f"{makers[part](index)}\n\n" for part in _TABLES[what])


def _groups(index: TaskIndex) -> str:
    rows = [(entry.name, _location(entry)) for entry in index.of_kind("group")]
    return markdown_table(("Group", "Config Location"), rows)


def _tags(index: TaskIndex) -> str:
    return markdown_table(("Tag",), [(tag,) for tag in sorted(index.tags)])


def _subtasks(index: TaskIndex) -> str:
    rows = [(entry.name, _location(entry), entry.output_type or "") for entry in index.of_kind("task")]
    return markdown_table(("Task", "Config Location", "Output Type"), rows)


_BUNDLED_PREFIX = str(BUNDLED) + "/"


def _location(entry: Entry) -> str:
    """Bundled files are shown from the package on: ``proctor/benchmarks/...``."""
    if entry.file.startswith(_BUNDLED_PREFIX):
        return f"proctor/{Path(_BUNDLED_PREFIX).name}/{entry.file[len(_BUNDLED_PREFIX) :]}"
    return entry.file


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as pytablewriter draws it: centred headers, cells to the left."""
    columns = [
        [cell.replace("|", "\\|") if "|" in cell else cell for cell in column] for column in zip(*rows, strict=True)
    ]
    columns = columns or [[] for _ in headers]
    widths = [max(3, *map(_width, (header, *column))) for header, column in zip(headers, columns, strict=True)]
    padded = [_padded(column, width) for column, width in zip(columns, widths, strict=True)]
    lines = [
        _line(f"{header:^{width}}" for header, width in zip(headers, widths, strict=True)),
        _line("-" * width for width in widths),
        *map(_line, zip(*padded, strict=True)),
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"|{'|'.join(cells)}|"


def _padded(column: Sequence[str], width: int) -> list[str]:
    return [cell.ljust(width) if cell.isascii() else cell + " " * (width - _width(cell)) for cell in column]


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
