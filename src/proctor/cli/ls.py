"""List tasks, groups and tags, as Markdown tables."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

from proctor.cli.text_tables import text_width
from proctor.cli.values import SentenceParser
from proctor.errors import UsageError, did_you_mean, printable
from proctor.stock.location import NEWEST
from proctor.stock.names import stock_names
from proctor.tasks.index import BUNDLED, Entry, TaskIndex, build_index

USAGE = "proctor ls [tasks|groups|subtasks|tags] [PATTERN ...] [--all] [--include_path FOLDER ...]"
_TABLES = {
    "tasks": ("groups", "tags", "subtasks"),
    "groups": ("groups",),
    "subtasks": ("subtasks",),
    "tags": ("tags",),
}
_Row: TypeAlias = tuple[str, ...]

log = logging.getLogger("proctor")


def add_flags(parser: SentenceParser) -> None:
    """What to list, and where else to look."""
    parser.more_words = "patterns"
    parser.add_argument(
        "what",
        nargs="?",
        metavar=f"{{{','.join(sorted(_TABLES))}}}",
        help="tasks: all names; groups: tasks with a common score; subtasks: single tasks; tags: sets of tasks",
    )
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="only names like these, as in 'belebele_*'")
    parser.add_argument(
        "--all",
        action="store_true",
        help="also (in grey) the names of lm-eval's own tasks that are not here yet: 'proctor tasks get' brings them",
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
    if what not in _TABLES:
        kinds = ", ".join(sorted(_TABLES))
        hint = did_you_mean(what, _TABLES) or f"'proctor ls tasks {what}' looks for names like it."
        raise UsageError(f"ls lists one of {kinds}, not {what!r}.", hint=hint)
    index = build_index(getattr(namespace, "include_path", None) or ())
    patterns = getattr(namespace, "patterns", None) or ()
    absent = _absent_names(index, what, patterns)
    sys.stdout.write(listing(index, what, patterns, absent if namespace.all else {}, grey=_in_colour()) + "\n")
    count = sum(map(len, absent.values()))
    if count and not namespace.all:
        log.info(
            "%s not listed: lm-eval %s has %s, 'proctor tasks get' brings %s, --all lists %s.",
            *(f"{count:,} name{'s are' if count > 1 else ' is'}", NEWEST, *(["them"] * 3 if count > 1 else ["it"] * 3)),
        )
    return 0


def _in_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _absent_names(index: TaskIndex, what: str, patterns: Sequence[str]) -> dict[str, list[str]]:
    """lm-eval's names that nothing here has, by table."""
    known = stock_names()
    names = {"groups": known.groups, "tags": known.tags, "subtasks": known.tasks}
    return {
        part: [name for name in sorted(names[part]) if name not in index and _is_meant(name, patterns)]
        for part in _TABLES[what]
    }


def _is_meant(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def listing(
    index: TaskIndex,
    what: str,
    patterns: Sequence[str] = (),
    absent: Mapping[str, Sequence[str]] | None = None,
    *,
    grey: bool = False,
) -> str:
    """The tables that ``what`` asks for, each followed by blank lines.

    ``patterns``: only names that one of them matches. ``absent``: for each table, names to list that
    are not in the index; they are ``grey`` on a terminal.
    """
    tables = []
    for part in _TABLES[what]:
        headers, rows = _PARTS[part](index)
        shown = {row[0]: row for row in rows if _is_meant(row[0], patterns)}
        # As many cells as the table has columns, the location of one being how to get it.
        away = {name: (name, *([_AWAY, ""][: len(headers) - 1])) for name in (absent or {}).get(part, ())}
        table = markdown_table(headers, [row for _, row in sorted((shown | away).items())])
        tables.append(_in_grey(table, away) if grey and away else table)
    return "\n" + "".join(f"{table}\n\n" for table in tables)


_AWAY = f"(lm-eval {NEWEST}: proctor tasks get)"


def _in_grey(table: str, names: Container[str]) -> str:
    lines = [
        f"\x1b[2m{line}\x1b[0m" if line.strip("|").partition("|")[0].strip() in names else line
        for line in table.splitlines()
    ]
    return "\n".join(lines) + "\n"


def _groups(index: TaskIndex) -> tuple[_Row, list[_Row]]:
    return ("Group", "Config Location"), [(entry.name, _location(index, entry)) for entry in index.of_kind("group")]


def _tags(index: TaskIndex) -> tuple[_Row, list[_Row]]:
    return ("Tag",), [(tag,) for tag in index.whole.tags]


def _subtasks(index: TaskIndex) -> tuple[_Row, list[_Row]]:
    rows = [(entry.name, _location(index, entry), entry.output_type or "") for entry in index.of_kind("task")]
    return ("Task", "Config Location", "Output Type"), rows


_PARTS: Mapping[str, Callable[[TaskIndex], tuple[_Row, list[_Row]]]] = {
    "groups": _groups,
    "tags": _tags,
    "subtasks": _subtasks,
}


def _location(index: TaskIndex, entry: Entry) -> str:
    """Bundled files are shown from the package on, ``proctor/benchmarks/...``, lm-eval's as ``lm_eval/tasks/...``."""
    if entry.root == str(BUNDLED):
        return f"proctor/{BUNDLED.name}/{entry.file[len(entry.root) + 1 :]}"
    if index.stock is not None and entry.root in index.stock.paths:
        return f"lm_eval/tasks/{entry.file[len(entry.root) + 1 :]}"
    return entry.file


def _safe(cell: str) -> str:
    """A cell in which nothing ends it; Markdown drops the spaces at its beginning, but not those of no break."""
    text = printable(cell).replace("\n", "\\n").replace("|", "\\|")
    inside = text.lstrip(" ")
    return "\u00a0" * (len(text) - len(inside)) + inside


def markdown_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as pytablewriter draws it: centred headers, cells to the left."""
    # isalnum() first: fourteen thousand rows, of which most cells need no escaping.
    columns = [[cell if cell.isalnum() else _safe(cell) for cell in column] for column in zip(*rows, strict=True)]
    columns = columns or [[] for _ in headers]
    widths = [max(3, *map(text_width, (header, *column))) for header, column in zip(headers, columns, strict=True)]
    padded = [_padded(column, width) for column, width in zip(columns, widths, strict=True)]
    lines = [
        _line(_centred(header, width) for header, width in zip(headers, widths, strict=True)),
        _line("-" * width for width in widths),
        *map(_line, zip(*padded, strict=True)),
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"|{'|'.join(cells)}|"


def _centred(header: str, width: int) -> str:
    space = width - text_width(header)
    return " " * (space // 2) + header + " " * (space - space // 2)


def _padded(column: Sequence[str], width: int) -> list[str]:
    return [cell.ljust(width) if cell.isascii() else cell + " " * (width - text_width(cell)) for cell in column]
