"""lm-eval's own tasks as the root of lowest rank, read only when they are needed.

Reading fourteen thousand small files takes half a second even where the index remembers them, and
most runs name bundled tasks: so the stock roots are a value that reads itself on first use. A folder
that ``proctor tasks get`` unpacked, and a copy of it, has its names in a file beside it, written at
that time, and its files are not looked at at all; any other folder is walked like an include path.

lm-eval's folder is not the user's to mend: what is doubtful in it is logged for debugging only.
"""

from __future__ import annotations

import json
import logging
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor.garbage import collection_paused
from proctor.stock.location import NEWEST, StockRoot, stock_roots
from proctor.stock.names import stock_names
from proctor.tasks.roots import Entry, Root, read_root

if TYPE_CHECKING:
    from proctor.tasks.index import TaskIndex

log = logging.getLogger("proctor")

NAMES = "names.json"
_FORMAT = 1
_logged: set[StockRoot] = set()


class StockTasks:
    """The stock roots of a process, read once. ``cache_dir``: where the index of files is remembered."""

    def __init__(self, cache_dir: Path | None = None) -> None:
        self._cache_dir = cache_dir

    @cached_property
    def places(self) -> tuple[StockRoot, ...]:
        """The roots there are, lowest rank first. Nothing is read for this."""
        return stock_roots()

    @property
    def paths(self) -> tuple[str, ...]:
        """Their folders."""
        return tuple(str(place.path) for place in self.places)

    @cached_property
    def root(self) -> Root:
        """All roots as one, the one of higher rank over the other."""
        merged = Root("")
        with collection_paused():
            for place in self.places:
                _log_place(place)
                # Later places have the higher rank: update() lets them replace names.
                root = read_names(place) or read_root(place.path, cache_dir=self._cache_dir)
                merged.entries.update(root.entries)
                merged.tags.update(root.tags)
                merged.errors.extend(root.errors)
                log.debug("Names that two of its files define: %s", root.twice)
        return merged


def _log_place(place: StockRoot) -> None:
    """Once in a process: where tasks come from that are not bundled, and whether names may differ."""
    if place in _logged:
        return
    _logged.add(place)
    log.info("Tasks that are not bundled come from %s in %s.", place.named, place.path)
    if place.version != NEWEST:
        log.warning(
            "proctor is compared with lm-eval %s, but these tasks are of %s: names, prompts and scores may differ from "
            "it. 'proctor tasks get' brings those of %s.",
            *(NEWEST, place.named, NEWEST),
        )


def is_part(tag: str, count: int) -> bool:
    """Whether a tag with ``count`` bundled tasks has more of them in lm-eval."""
    return stock_names().tags.get(tag, 0) > count


def warn_of_absent_stock(index: TaskIndex, name: str) -> None:
    """Say of a tag or a pattern that was found that lm-eval means more by it than there is here.

    Only where there is no stock root: with one, both mean what they mean to lm-eval.
    """
    pattern = bool({"*", "?", "["} & set(name)) and name not in index.entries and name not in index.tags
    if index.stock is None or not (pattern or name in index.part_tags) or index.stock.places:
        return
    known = stock_names()
    if pattern:
        more = sum(fnmatchcase(one, name) for one in known.all if one not in index.entries and one not in index.tags)
    else:
        more = known.tags.get(name, 0) - len(index.tagged(name))
    if more > 0:
        be, them = ("is", "it") if more == 1 else ("are", "them")
        log.warning(
            "Of what '%s' names in lm-eval %s, %s %s not here, and left out: 'proctor tasks get' brings %s.",
            *(name, known.version, f"{more:,}", be, them),
        )


# ---------------------------------------------------------------- names beside an unpacked folder


def write_names(place: StockRoot) -> Root:
    """Read a downloaded root, and write its names down beside it; they go and come with its folder."""
    root = read_root(place.path)
    rows = [_row(entry, place.path) for entry in root.entries.values()]
    document = {"format": _FORMAT, "entries": rows, "tags": root.tags}
    file = _names_file(place)
    scratch = file.with_suffix(".tmp")
    try:
        scratch.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")
        scratch.replace(file)
    except OSError as error:  # then the folder is walked each time
        log.debug("The names in %s cannot be written: %s", file, error)
    return root


def _names_file(place: StockRoot) -> Path:
    return place.path.parents[1] / NAMES


def _row(entry: Entry, folder: Path) -> list[Any]:
    file = Path(entry.file).relative_to(folder).as_posix()
    return [entry.name, entry.kind, file, entry.tags, entry.output_type, entry.by_class]


def read_names(place: StockRoot) -> Root | None:
    """The root as it was written down; None where it was not, or not so that it can be used."""
    if place.origin == "installed":
        return None
    root = Root(str(place.path))
    try:
        document = json.loads(_names_file(place).read_bytes())
        if document["format"] != _FORMAT:
            return None
        for name, kind, file, tags, output_type, by_class in document["entries"]:
            shown = f"{root.path}/{file}"
            root.entries[name] = Entry(name, kind, shown, tuple(tags), output_type, root.path, by_class)
        root.tags.update({tag: list(names) for tag, names in document["tags"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        log.debug("The names in %s cannot be used; the folder is read: %s", _names_file(place), error)
        return None
    return root
