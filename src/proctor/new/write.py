"""Writing a task's files: all of them, or an error that names the one."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from proctor.errors import OutputError, UsageError

_NAME = re.compile(r"\w[\w.-]*")


def folder_and_name(given: str) -> tuple[Path, str]:
    """The folder of a new task and its name: ``exams/korean`` is the task ``korean`` in that folder.

    Args:
        given: What the user names.

    Raises:
        UsageError: It cannot be the name of a task.
    """
    path = Path(os.path.expanduser(given))
    name = path.name if path.name not in ("", ".", "..") else path.resolve().name
    if not _NAME.fullmatch(name) or name.isdecimal() or name.lower().endswith((".yaml", ".yml")):
        raise UsageError(
            f"{given!r} cannot be the name of a task.", hint="A name is of letters, digits and underscores."
        )
    return path, name


def refuse_existing(folder: Path) -> None:
    """Refuse to write where something is already.

    Raises:
        UsageError: The folder holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        hint = "Take another name, or --update to read the source of a folder that 'proctor new' wrote again."
        raise UsageError(f"{folder} is there already.", hint=hint)


def write_files(folder: Path, files: Mapping[str, str], kept: Collection[str] = (), gone: Collection[str] = ()) -> None:
    """Write files below a folder, each one whole.

    Args:
        folder: The task's folder.
        files: Texts by name.
        kept: Names that are not written.
        gone: Names that are deleted.

    Raises:
        OutputError: A file cannot be written.
    """
    parts = {folder / name: text for name, text in files.items() if name not in kept}
    # All texts first, each beside its place: a full disk leaves neither half a folder nor old and new files mixed.
    try:
        for path, text in parts.items():
            _write(path, text)
        for path in parts:
            _part(path).replace(path)
        for name in gone:
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:
        for path in parts:
            _remove(_part(path), folder)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _part(path).write_text(text, encoding="utf-8", newline="\n")
    except (OSError, UnicodeEncodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path} cannot be written: {reason}.") from error


def _remove(part: Path, folder: Path) -> None:
    """Delete a text that did not come to its place, and folders that hold nothing because of it."""
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
        for above in part.parents:
            if not above.is_relative_to(folder):
                break
            above.rmdir()  # an error where it holds anything
