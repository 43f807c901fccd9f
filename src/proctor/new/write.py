"""Writing a task's files: all of them, or an error that names the one."""

from __future__ import annotations

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
    for name, text in files.items():
        if name not in kept:
            _write(folder / name, text)
    for name in gone:
        (folder / name).unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)
    except (OSError, UnicodeEncodeError) as error:
        raise OutputError(f"{path} cannot be written: {error}.") from error
