"""One folder of task files: every task, group and tag that its files define.

A file that cannot be read is an error that is reported, never a task that silently is not there.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from proctor.errors import Finding, TaskError, UsageError, did_you_mean
from proctor.tasks.kinds import kind_of, name_error, older_tags
from proctor.tasks.scan import FileHeads, FolderScan, Head, ScannedFile, walk

BUNDLED = Path(__file__).resolve().parents[1] / "benchmarks"


class Entry(NamedTuple):
    """A named task or group. ``file``: as reached from the root as given. ``output_type``: if the file says it.

    ``by_class``: a class makes it.
    """

    name: str
    kind: Literal["task", "group"]
    file: str
    tags: tuple[str, ...]
    output_type: str | None
    root: str
    by_class: bool = False


@dataclass(slots=True)
class Root:
    """One folder's names, before the roots are put over each other."""

    path: str
    entries: dict[str, Entry] = field(default_factory=dict)
    tags: dict[str, list[str]] = field(default_factory=dict)
    errors: list[Finding] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)
    twice: list[tuple[Entry, str]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def read_roots(include_paths: Sequence[str | Path], *, cache_dir: Path | None = None) -> list[Root]:
    """Every include path by itself; only one that does not exist is an error."""
    folders = [folder for path in include_paths for folder in _split(path)]
    return [read_root(checked_folder(folder, "include path"), cache_dir=cache_dir) for folder in folders]


def _split(path: str | Path) -> list[str]:
    """Folders of one include path: ``a:b`` are two, unless there is a folder of that name."""
    text = str(path)
    if os.pathsep in text and not Path(text).expanduser().exists():
        return [part for part in text.split(os.pathsep) if part]
    return [text]


def checked_folder(folder: str, what: str) -> Path:
    """An existing folder, or the sentence that says what is there instead."""
    if not folder.strip():
        raise UsageError(f"The {what} is empty.", hint="Give a folder that holds task files (*.yaml).")
    path = Path(folder).expanduser()
    if path.is_dir():
        return path
    if path.exists():
        hint = "Give the folder that it is in, or the file itself to --tasks."
        raise UsageError(f"The {what} {folder!r} is a file, not a folder.", hint=hint)
    parent = Path(os.path.abspath(path)).parent
    near = [entry.name for entry in parent.iterdir() if entry.is_dir()] if parent.is_dir() else []
    raise UsageError(
        f"The {what} {folder!r} does not exist (looked for {parent / path.name}).", hint=did_you_mean(path.name, near)
    )


def require_tasks(root: Root, what: str) -> None:
    """A folder that was named for its tasks must hold one."""
    if root.entries:
        return
    hints: list[str] = []
    if root.errors:
        from proctor.tasks.yaml_errors import first_lines

        whole = str(root.errors[0]) if len(root.errors) == 1 else first_lines(root.errors)
        hints.append(f"Errors in what is there:\n  {whole}")
    if root.nameless:
        hints.append(f"There are *.yaml files that say neither, such as {root.nameless[0]}.")
    if root.others:
        hints.append(f"The name of a task file ends in .yaml: rename {root.others[0]}.")
    where = os.path.abspath(root.path)
    if root.errors and not root.nameless:
        files = "its *.yaml file" if len(root.errors) == 1 else f"its {len(root.errors)} *.yaml files"
        raise UsageError(f"The {what} {root.path!r} holds no task that can be read: {files} cannot.", hint=hints[0])
    raise UsageError(
        f"The {what} {root.path!r} holds no task: no *.yaml file in {where} or below says 'task:' or 'group:'.",
        hint="\n  ".join(hints) or None,
    )


def read_root(path: Path, *, recursive: bool = True, cache_dir: Path | None = None) -> Root:
    """The names that the files of one folder define; the first file in path order wins."""
    root = Root(str(path))
    scan = walk(root.path, recursive=recursive)
    _RootReader(root, scan, FileHeads(root.path, cache_dir, recursive=recursive)).run()
    return root


class _RootReader:
    """Turns the heads of a root's files into entries."""

    def __init__(self, root: Root, scan: FolderScan, heads: FileHeads) -> None:
        self.root = root
        self.walk = scan
        self.heads = heads
        # Files are shown as reached from the root as the user wrote it; ``heads.real`` is what they are opened by.
        self._prefix = "" if root.path == "." else os.path.join(root.path, "")
        # realpath() is a system call for each part of a path, and thousands of files of a suite include the same one.
        self._targets: dict[tuple[str, str], str] = {}
        self._included: dict[str, Head | None] = {}
        self._open: set[str] = set()

    def run(self) -> None:
        """Read every file, then keep the cache."""
        nameless: list[tuple[str, str]] = []
        for file in self.walk.files:
            head = self.heads.head(file.path, file.mtime_ns, file.size)
            shown = self._prefix + file.path
            if "error" in head:
                message, line, hint = head["error"]
                self.root.errors.append(Finding(message, shown, line, hint))
                continue
            if "include" in head:
                head = self._with_includes(file, shown, head)
            if "task" in head or "group" in head or "class" in head:
                self._add(head, shown)
            else:
                nameless.append((shown, file.path))
        self.root.errors.extend(self.walk.errors)
        self.root.others.extend(self._prefix + path for path in self.walk.others)
        real = self.heads.real
        # A file without a name is suspicious only if no other one includes it: most are shared parts, "_default.yaml".
        self.root.nameless.extend(shown for shown, path in nameless if f"{real}/{path}" not in self._included)
        self.heads.save()

    def _with_includes(self, file: ScannedFile, shown: str, head: Head) -> Head:
        real = self._real(file)
        merged, whole = self._merge(head, os.path.dirname(real))
        # An include is missing, broken or in a circle. The full reader says which, with its line; the head says
        # nothing.
        if not whole:
            from proctor.tasks.yaml import load_task_yaml

            try:
                load_task_yaml(shown)
            except TaskError as error:
                self.root.errors.extend(finding for finding in error.errors if finding not in self.root.errors)
        return merged

    def _real(self, file: ScannedFile) -> str:
        path = f"{self.heads.real}/{file.path}"
        return os.path.realpath(path) if file.is_link else path

    def _merge(self, head: Head, folder: str) -> tuple[Head, bool]:
        """The head over those of its includes, and whether all of them could be had."""
        names = head["include"]
        merged: Head = {}
        whole = True
        for name in names if isinstance(names, list) else [names]:
            included = self._include(name, folder) if _is_file_name(name) else None
            if included is None:
                whole = False
            else:
                merged.update(included)
        merged.update(head)
        return merged, whole

    def _include(self, name: str, folder: str) -> Head | None:
        target = self._targets.get((folder, name))
        if target is None:
            target = self._targets[folder, name] = os.path.realpath(os.path.join(folder, name))
        if target in self._included:
            return self._included[target]
        # A circle of includes: reported by the full reader, too.
        if target in self._open:
            return None
        self._open.add(target)
        head = self.heads.included(target)
        if head is not None and "error" in head:
            head = None
        if head is not None and "include" in head:
            merged, whole = self._merge(head, os.path.dirname(target))
            head = merged if whole else None
        self._open.discard(target)
        self._included[target] = head
        return head

    def _add(self, head: Head, shown: str) -> None:
        kind: Literal["task", "group"] = "group" if kind_of(head) == "group" else "task"
        name = head.get(kind)
        if not isinstance(name, str) or not name.strip():
            self.root.errors.append(_name_error(kind, shown))
            return
        tags = self._tags(head["tag"], shown) if kind == "task" and "tag" in head else ()
        tags = tuple(dict.fromkeys((*tags, *older_tags(head))))
        output = head.get("output_type")
        said = output if isinstance(output, str) else None
        entry = Entry(name, kind, shown, tags, said, self.root.path, "class" in head)
        known = self.root.entries.setdefault(name, entry)
        if known is not entry:
            self.root.twice.append((known, shown))
            return
        for tag in tags:
            self.root.tags.setdefault(tag, []).append(name)

    def _tags(self, value: Any, shown: str) -> tuple[str, ...]:
        tags = value if isinstance(value, list) else [] if value is None else [value]
        names = tuple(dict.fromkeys(tag for tag in tags if isinstance(tag, str) and tag))
        if any(not isinstance(tag, str) for tag in tags):
            self.root.errors.append(_key_error("tag", "tag must be a name or a list of names", shown))
        return names


def _is_file_name(name: Any) -> bool:
    return isinstance(name, str) and bool(name.strip()) and "\0" not in name


def _name_error(kind: str, shown: str) -> Finding:
    """The error of a file whose name is no text; rare enough to read the file again for it."""
    from proctor.tasks.yaml import load_task_yaml

    try:
        content = load_task_yaml(shown)
    except TaskError as error:
        return error.errors[0]
    message, hint = name_error(kind, content.values.get(kind))
    place = content.place(kind)
    return Finding(message, *((place.file, place.line) if place else (shown, None)), hint)


def _key_error(key: str, message: str, shown: str) -> Finding:
    """An error of one key, at its line; rare enough to read the file again for it."""
    from proctor.tasks.yaml import load_task_yaml

    try:
        place = load_task_yaml(shown).place(key)
    except TaskError:
        place = None
    return Finding(f"{message}.", *((place.file, place.line) if place else (shown, None)))
