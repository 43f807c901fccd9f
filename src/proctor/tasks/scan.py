"""The task files of one folder: what each says of itself, remembered between processes.

A folder may hold fourteen thousand files. Every run looks at each one's modification time and
size; only files that changed are read. What is remembered is per file, never a result of several,
so a changed include needs no bookkeeping: merging the few keys again is cheap.
"""

# The cache of heads
# ------------------
#   one JSON file for each root, in cache_folder()/tasks/<hash of the real path>.json:
#     {"format": 3, "root": "/real/path/**", "files": {"mmlu/a.yaml": [mtime_ns, size, {"task": "mmlu_a"}], ...}}
#
# A row is valid while time and size are those of the file. Rows hold one file's own keys, without its includes: the
# included file has a row of its own, so that a change of one shared file invalidates one row and not thousands.
# An error is a head like any other: a broken file is not parsed again until it changes.
#
# Cost: one stat for each file; a parse for each changed one. The JSON is one file, since fourteen thousand small cache
# files would cost what they are to save.

from __future__ import annotations

import hashlib
import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from proctor.errors import Finding
from proctor.files import not_a_file, read_bytes
from proctor.folders import cache_folder

log = logging.getLogger("proctor")

Head: TypeAlias = dict[str, Any]
"""The finding keys of one file, or ``{"error": [message, line, hint]}``."""

# To be raised when a head gets other keys or other values: older caches are then made again.
_FORMAT = 3
_IGNORED_FOLDERS = frozenset({"__pycache__", ".ipynb_checkpoints"})
_Row: TypeAlias = list[Any]


class ScannedFile(NamedTuple):
    """A file met while walking: its path below the root, and what shows whether it changed."""

    path: str
    mtime_ns: int
    size: int
    is_link: bool


class FolderScan(NamedTuple):
    """A folder as it is now. ``others``: files that could be meant as task files but are not named so."""

    files: list[ScannedFile]
    errors: list[Finding]
    others: list[str]


def walk(root: str, *, recursive: bool = True) -> FolderScan:
    """All ``*.yaml`` files below ``root`` in the order of their paths; links to folders are not followed."""
    result = FolderScan([], [], [])
    folders = [""]
    while folders:
        prefix = folders.pop()
        try:
            with os.scandir(os.path.join(root, prefix)) as entries:
                for entry in entries:
                    name = entry.name
                    # A linked folder is not entered: a link to a folder above would never end.
                    if entry.is_dir(follow_symlinks=False):
                        if recursive and name not in _IGNORED_FOLDERS:
                            folders.append(f"{prefix}{name}/")
                    elif name.endswith(".yaml"):
                        # macOS writes "._x.yaml" beside x.yaml on foreign file systems: binary, and no task file.
                        if not name.startswith("._"):
                            _note(entry, prefix + name, root, result)
                    elif name.endswith(".yml"):
                        result.others.append(prefix + name)
        except OSError as error:
            message = f"the folder cannot be read: {error.strerror or error}."
            result.errors.append(Finding(message, os.path.join(root, prefix)))
    # The order in which a folder lists its entries differs between machines; which of two equal names wins must not.
    result.files.sort()
    return result


def _note(entry: os.DirEntry[str], path: str, root: str, result: FolderScan) -> None:
    try:
        status = entry.stat()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}."
        result.errors.append(Finding(message, os.path.join(root, path)))
        return
    if entry.is_file():
        result.files.append(ScannedFile(path, status.st_mtime_ns, status.st_size, entry.is_symlink()))
    elif not entry.is_dir() and (kind := not_a_file(entry.path)):
        result.errors.append(Finding(f"it is {kind}, not a file.", os.path.join(root, path)))


class FileHeads:
    """The heads of a root's files, read where the cache does not know them.

    ``real``: the root's real path. ``head`` may also be asked for files outside of the root,
    which an ``include`` names; they are remembered with it.
    """

    def __init__(self, root: str, folder: Path | None, *, recursive: bool = True) -> None:
        self.real = os.path.realpath(root)
        self._key = os.path.join(self.real, "**" if recursive else "*")
        name = hashlib.sha256(self._key.encode("utf-8", "surrogateescape")).hexdigest()[:20]
        self._file = (cache_folder() / "tasks" if folder is None else folder) / f"{name}.json"
        self._old = self._read_cache()
        self._new: dict[str, _Row] = {}
        self._changed = False

    def head(self, path: str, mtime_ns: int, size: int) -> Head:
        """The head of one file, of which ``path`` is absolute or below the root."""
        row = self._old.get(path)
        if row is not None and row[0] == mtime_ns and row[1] == size:
            self._new[path] = row
            return row[2]
        from proctor.tasks.yaml import is_settled

        head = self._parse(os.path.join(self.real, path))
        # A file may change again within one tick of its clock: remember it once it has settled.
        if is_settled(mtime_ns):
            self._new[path] = [mtime_ns, size, head]
            self._changed = True
        return head

    def included(self, path: str) -> Head | None:
        """The head of a file with an absolute path that may not exist."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        return self.head(path, status.st_mtime_ns, status.st_size)

    def _parse(self, path: str) -> Head:
        from proctor.tasks.yaml_errors import yaml_error
        from proctor.tasks.yaml_head import read_head

        try:
            return read_head(read_bytes(path))
        except Exception as error:  # noqa: BLE001 - whatever a file does to the parser is that file's error
            finding = yaml_error(error, path)
            return {"error": [finding.message, finding.line, finding.hint]}

    def _read_cache(self) -> dict[str, _Row]:
        try:
            document = json.loads(self._file.read_bytes())
            if document["format"] != _FORMAT or document["root"] != self._key:
                return {}
            rows: dict[str, _Row] = document["files"]
            if all(len(row) == 3 and type(row[2]) is dict for row in rows.values()):
                return rows
            log.debug("The task index %s is damaged and is made again.", self._file)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            log.debug("The task index %s cannot be used and is made again: %s", self._file, error)
        return {}

    def save(self) -> None:
        """Write the cache anew if anything in it has changed; a cache that cannot be written is no error."""
        # A shorter cache is written too: files that are gone must not be looked up for ever.
        if not self._changed and len(self._new) == len(self._old):
            return
        import tempfile

        document = {"format": _FORMAT, "root": self._key, "files": self._new}
        scratch = ""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, scratch = tempfile.mkstemp(dir=self._file.parent, prefix=self._file.stem, suffix=".tmp")
            with open(handle, "w", encoding="utf-8") as file:
                file.write(json.dumps(document, separators=(",", ":")))
            Path(scratch).replace(self._file)
        except (OSError, ValueError) as error:
            log.debug("The task index %s cannot be written: %s", self._file, error)
            if scratch:
                with suppress(OSError):
                    Path(scratch).unlink()
