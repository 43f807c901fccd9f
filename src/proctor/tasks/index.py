"""Every task, group and tag by name: what ``ls`` lists and ``select`` picks from.

Roots are the bundled benchmarks and the include paths, a later one overriding an earlier one. Below
them all is lm-eval's own task folder, where there is one: it is read when a name is asked for that
no other root has, or a list of all names is wanted.
"""

# How a name is found
# -------------------
#   folder -- scan.walk --> files with size and time -- scan.FileHeads --> the few keys that name things
#          -- roots.read_root --> Root: entries, tags, errors of one folder
#   roots  -- put_over --> TaskIndex
#   name   -- select.find --> expand.Expander --> nodes with their whole configuration
#
#   rank, highest first     a later --include_path
#                           an earlier --include_path
#                           the bundled benchmarks
#                           lm-eval's own task folder (``stock``), read on demand: ``whole``
#
# Why the stock tasks are not simply one more root: they are fourteen thousand files, and most runs name tasks that are
# bundled. So look-ups go to ``entries`` and ``tags`` first, and only a miss, a list of all names or a tag that may have
# more members there reads them.
#
# Invariant: a name is an entry or a tag, never both; an entry wins. Within one folder the first file in the order of
# paths wins, between folders the later folder; both are reported.

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from proctor.alias import add_task_root
from proctor.causes import by_cause
from proctor.errors import Finding
from proctor.garbage import collection_paused
from proctor.plurals import counted
from proctor.tasks.roots import BUNDLED, Entry, Root, checked_folder, read_root, read_roots, require_tasks
from proctor.tasks.stock import StockTasks, is_part

__all__ = [
    "BUNDLED",
    "Entry",
    "Root",
    "TaskIndex",
    "build_index",
    "checked_folder",
    "default_index",
    "put_over",
    "read_root",
    "read_roots",
    "report_errors",
    "require_tasks",
]

log = logging.getLogger("proctor")


@dataclass(frozen=True)
class TaskIndex:
    """What can be asked for by name. ``tags``: member tasks in alphabetical order.

    ``errors``: what is wrong with files that could not be (wholly) read. ``nameless``: files that
    name neither a task nor a group and that no other file includes. ``stock``: lm-eval's own tasks,
    of lower rank than all ``entries`` and ``tags``; ``part_tags``: tags that may have more of its
    tasks than those that are bundled. ``unused``: by name, a warning for each file of the same folder
    that defines it, too; who asks for the name gets it.
    """

    entries: Mapping[str, Entry]
    tags: Mapping[str, tuple[str, ...]]
    errors: tuple[Finding, ...] = ()
    nameless: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    stock: StockTasks | None = field(default=None, compare=False, repr=False)
    part_tags: frozenset[str] = frozenset()
    unused: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict, compare=False)

    def entry(self, name: str) -> Entry | None:
        """The task or group of this name; stock tasks are read only if nothing else has it."""
        known = self.entries.get(name)
        # A tag of a higher root hides a stock task of its name: then None is returned, and nothing is read.
        return known if known is not None or name in self.tags else self.whole.entries.get(name)

    def tagged(self, name: str) -> tuple[str, ...]:
        """The tasks that have this tag; none if there is no such tag."""
        known = self.tags.get(name)
        if name in self.entries:
            return ()
        if known is None or (name in self.part_tags and is_part(name, len(known))):
            return self.whole.tags.get(name, ())
        return known

    def __contains__(self, name: str) -> bool:
        return name in self.entries or name in self.tags or name in self.whole.entries or name in self.whole.tags

    @cached_property
    def whole(self) -> TaskIndex:
        """The index with the stock tasks in it, which are read for it."""
        if self.stock is None:
            return self
        stock = self.stock.root
        entries = {name: entry for name, entry in stock.entries.items() if name not in self.tags} | dict(self.entries)
        tags = {tag: tuple(sorted(set(names))) for tag, names in stock.tags.items()} | dict(self.tags)
        # A suite may be bundled in part: its tag has the stock's members as well. A tag of the user's own has only its
        # own.
        for tag in self.part_tags & stock.tags.keys():
            tags[tag] = tuple(sorted({*self.tags[tag], *stock.tags[tag]}))
        tags = {tag: names for tag, names in tags.items() if tag not in entries}
        roots = (*self.stock.paths, *self.roots)
        return TaskIndex(entries, tags, (*self.errors, *stock.errors), self.nameless, roots)

    @property
    def names(self) -> list[str]:
        """All names, tasks, groups and tags together, sorted."""
        return sorted({*self.whole.entries, *self.whole.tags})

    def of_kind(self, kind: Literal["task", "group"]) -> list[Entry]:
        """The tasks or the groups, sorted by name."""
        return sorted(entry for entry in self.whole.entries.values() if entry.kind == kind)


def build_index(
    include_paths: Sequence[str | Path] = (),
    *,
    defaults: bool = True,
    cache_dir: Path | None = None,
    report: bool = True,
) -> TaskIndex:
    """Index the bundled benchmarks (``defaults``, which lm-eval's own tasks belong to) and every include path.

    An include path that does not exist or holds no task is a :class:`UsageError`. Overridden
    names and faulty files are each logged in one line; without ``report`` the errors are left to the caller.
    """
    with collection_paused():
        given = read_roots(include_paths, cache_dir=cache_dir)
        for root in given:
            require_tasks(root, "include path")
        index = put_over(given, default_index(cache_dir) if defaults else None)
    if report:
        report_errors(index.errors)
    return index


def default_index(cache_dir: Path | None = None) -> TaskIndex:
    """The bundled benchmarks, with lm-eval's own tasks below them, which are not read yet."""
    bundled = read_root(BUNDLED, cache_dir=cache_dir)
    return replace(put_over([bundled]), stock=StockTasks(cache_dir), part_tags=frozenset(bundled.tags))


def put_over(roots: Sequence[Root], base: TaskIndex | None = None) -> TaskIndex:
    """One index of several roots over ``base``: a later root's names and tags replace an earlier one's.

    The Python files of the roots can import from each other as ``lm_eval.tasks.<folder>`` from now on.
    """
    for root in roots:
        add_task_root(root.path)
    entries: dict[str, Entry] = dict(base.entries) if base else {}
    tags: dict[str, Sequence[str]] = dict(base.tags) if base else {}
    # Only replacements across roots are reported here; two files of one folder are ``Root.twice``.
    replaced: list[tuple[Entry, Entry]] = []
    for root in roots:
        if entries:
            replaced += [(entries[name], entry) for name, entry in root.entries.items() if name in entries]
        entries.update(root.entries)
        # lm-eval: a tag of a later root has only that root's tasks.
        tags.update(root.tags)
    _report_replaced(replaced)
    lower, tags_anew = base or TaskIndex({}, {}), {tag for root in roots for tag in root.tags}
    return TaskIndex(
        entries=entries,
        tags={tag: tuple(sorted(set(names))) for tag, names in tags.items() if tag not in entries},
        errors=tuple(dict.fromkeys((*lower.errors, *(finding for root in roots for finding in root.errors)))),
        nameless=(*lower.nameless, *(path for root in roots for path in root.nameless)),
        roots=(*lower.roots, *(root.path for root in roots)),
        stock=lower.stock,
        part_tags=lower.part_tags - tags_anew - entries.keys(),
        unused=_unused_files(roots, lower.unused),
    )


def _report_replaced(replaced: Iterable[tuple[Entry, Entry]]) -> None:
    pairs = [(old, new) for old, new in replaced if os.path.abspath(old.file) != os.path.abspath(new.file)]
    if pairs:
        names = ", ".join(dict.fromkeys(new.name for _, new in pairs[:4]))
        more = ", ..." if len(pairs) > 4 else ""
        where = ", ".join(dict.fromkeys(new.root for _, new in pairs))
        count = "1 name is" if len(pairs) == 1 else f"{len(pairs)} names are"
        log.warning("%s defined again in %s, which replaces the earlier definition: %s%s", count, where, names, more)


def _unused_files(roots: Sequence[Root], base: Mapping[str, tuple[Finding, ...]]) -> Mapping[str, tuple[Finding, ...]]:
    """By name: files that define it too and are not used, as warnings; those of ``base`` where it is not replaced."""
    unused = {name: errors for name, errors in base.items() if not any(name in root.entries for root in roots)}
    for root in roots:
        by_name: dict[str, list[Finding]] = {}
        for entry, file in root.twice:
            message = f"'{entry.name}' is defined here, too, but {entry.file} is used, which comes first in its folder."
            by_name.setdefault(entry.name, []).append(Finding(message, file, None, "Rename or remove one of the two."))
        unused |= {name: tuple(errors) for name, errors in by_name.items()}
    return unused


def report_errors(errors: Sequence[Finding]) -> None:
    """One warning for all files that could not be read as they should."""
    if errors:
        from proctor.tasks.yaml_errors import first_lines

        causes = len(by_cause(errors))
        count = counted(causes, "error")
        log.warning("%s in task files; what they define may be missing:\n  %s", count, first_lines(errors))
