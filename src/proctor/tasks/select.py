"""From what a user asks for to the tasks and groups that this means, each with its configuration.

An item is a registered name (task, group or tag), a glob over those names, the path of a YAML
file or the path of a folder. A bare name never means a folder of the working directory.
"""

from __future__ import annotations

import fnmatch
import glob
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import Finding, TaskError, UnknownNameError, did_you_mean
from proctor.stock.names import did_you_mean_any, stock_task_hint
from proctor.tasks.expand import Expander, folder_tops
from proctor.tasks.index import Root, TaskIndex, checked_folder, put_over, read_root, report_errors, require_tasks
from proctor.tasks.nodes import GroupNode, TaskNode
from proctor.tasks.similar_names import similar_file
from proctor.tasks.stock import warn_of_absent_stock
from proctor.tasks.yaml_errors import first_lines

log = logging.getLogger("proctor")

__all__ = ["GroupNode", "Selection", "TaskNode", "select", "select_values"]

_GLOB = frozenset("*?[")
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Selection:
    """What was selected, in the order asked for."""

    nodes: tuple[TaskNode | GroupNode, ...]

    def leaves(self) -> tuple[TaskNode, ...]:
        """Every task once, in order."""
        return tuple({task.name: task for node in self.nodes for task in node.leaves()}.values())


@dataclass(frozen=True, slots=True)
class SelectionResult:
    """What names led to, and all that is wrong on the way. ``folders``: those that were given by path."""

    selection: Selection
    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    folders: tuple[Root, ...]


def select(index: TaskIndex, names: Sequence[str]) -> Selection:
    """Find everything that ``names`` asks for; duplicates are selected once.

    A folder given by its path is indexed with everything below it; selected are its groups that
    no other of its groups contains, and its tasks that none of its groups contains. A group file
    given by its path knows the tasks of the files beside it. In both cases these come over
    ``index``. Names that do not exist are one :class:`UsageError`, errors in the files that were
    selected one :class:`TaskError`.
    """
    result = find(index, names)
    for folder in result.folders:
        require_tasks(folder, "folder")
        report_errors(folder.errors)
    if result.errors:
        raise TaskError(result.errors)
    if result.warnings:
        log.warning("%s", first_lines(result.warnings))
    return result.selection


def select_values(index: TaskIndex, values: Mapping[str, Any]) -> Selection:
    """What a configuration given as a mapping defines; its errors are one :class:`TaskError`."""
    expander = Expander()
    nodes = expander.by_values(index, values)
    if expander.errors:
        raise TaskError(expander.errors)
    return Selection(tuple(nodes))


def find(index: TaskIndex, names: Sequence[str]) -> SelectionResult:
    """What :func:`select` finds, with the errors beside it; only a name that does not exist is raised."""
    expander = Expander()
    folders: list[Root] = []
    nodes: dict[str, TaskNode | GroupNode] = {}
    unknown: list[str] = []
    all_names: list[str] = []
    for name in dict.fromkeys(names):
        # Cheap look-ups first: every later branch may read the stock tasks (``index.names``, ``name in index``).
        if name in index.entries or name in index.tags:
            selected = expander.by_name(index, name)
        elif _is_path(name):
            selected = _by_path(expander, index, name, folders)
        elif _GLOB & set(name):
            all_names = all_names or index.names
            matches = fnmatch.filter(all_names, name)
            selected = [node for match in matches for node in expander.by_name(index, match)] if matches else None
        else:
            selected = expander.by_name(index, name) if name in index else None
        if selected is None:
            unknown.append(name)
        else:
            # The first mention of a name keeps its place in the order of results.
            nodes.update({node.name: node for node in selected if node.name not in nodes})
            warn_of_absent_stock(index, name)
    if unknown:
        raise _not_found(index, unknown)
    return SelectionResult(
        Selection(tuple(nodes.values())), tuple(expander.errors), tuple(expander.warnings), tuple(folders)
    )


def _is_path(name: str) -> bool:
    return "/" in name or os.sep in name or name in (".", "..", "~") or name.endswith(_YAML)


def _by_path(expander: Expander, index: TaskIndex, name: str, folders: list[Root]) -> list[TaskNode | GroupNode] | None:
    """Nodes of a file, a folder or a glob over files; None if there is no such thing."""
    path = os.path.expanduser(name)
    if os.path.isdir(path):
        return _by_folder(expander, index, path, folders)
    files = [path] if os.path.isfile(path) else _globbed(path) if _GLOB & set(name) else []
    files = [file for file in files if os.path.isfile(file)]
    return [node for file in files for node in expander.by_file(_with_siblings(index, file), file)] if files else None


def _globbed(path: str) -> list[str]:
    try:
        return sorted(glob.glob(path, recursive=True))
    except ValueError:  # letters that no file's name can have
        return []


def _by_folder(expander: Expander, index: TaskIndex, path: str, folders: list[Root]) -> list[TaskNode | GroupNode]:
    root = read_root(checked_folder(path, "folder"))
    if not root.errors:
        require_tasks(root, "folder")
    folders.append(root)
    inside = put_over([root], index)
    return [node for name in folder_tops(inside, root.entries) for node in expander.by_name(inside, name)]


def _with_siblings(index: TaskIndex, file: str) -> TaskIndex:
    folder = Path(file).parent
    # Only the folder itself: a task file in a home folder must not index all that lies below.
    siblings = read_root(folder, recursive=False)
    return put_over([siblings], index) if siblings.entries else index


def _not_found(index: TaskIndex, unknown: Sequence[str]) -> UnknownNameError:
    """One sentence for all names that do not exist, each with the closest ones that do."""
    quoted = ", ".join(repr(name) for name in unknown)
    hints = [hint for name in unknown[:5] for hint in _hints(index, name)]
    if index.errors:
        near = [finding for finding in index.errors if any(name in Path(finding.file or "").name for name in unknown)]
        errors = list(dict.fromkeys([*near, *index.errors]))
        hints.append(f"Errors in task files may hide names:\n  {first_lines(errors)}")
    hints.append("'proctor ls tasks' lists all names.")
    hints.append("Task files of your own: --include_path FOLDER, or their path: --tasks ./FOLDER or ./FILE.yaml.")
    return UnknownNameError(f"Tasks not found: {quoted}.", hint="\n  ".join(hints))


def _hints(index: TaskIndex, name: str) -> Iterator[str]:
    if _is_path(name):
        folder, last = os.path.split(os.path.abspath(os.path.expanduser(name)))
        path = os.path.join(folder, last)
        near = similar_file(path, lambda entry: entry.endswith(".yaml") or os.path.isdir(os.path.join(folder, entry)))
        yield f"There is no file or folder {path}. {near or ''}".rstrip()
        return
    stock = None if index.stock is None else stock_task_hint(name)
    if _GLOB & set(name):
        yield stock or f"{name!r}: no name matches this pattern."
        return
    if stock:
        yield stock
    elif hint := (did_you_mean if index.stock is None else did_you_mean_any)(name, index.names):
        yield f"{name!r}: {hint}"
    if os.path.isdir(name):
        yield f"{name!r} is a folder here: write ./{name} to run its tasks."
    elif os.path.isfile(f"{name}.yaml"):
        yield f"There is a file {name}.yaml here: write {name}.yaml to run it."
