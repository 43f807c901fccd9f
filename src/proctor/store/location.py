"""Where the store's file is: named, switched off, or in the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

from proctor.folders import cache_folder

OFF = ("off", "none", "no", "0", "")


FILE_NAME = "answers.sqlite"


def default_path() -> Path:
    """The store of whoever names none."""
    return cache_folder() / FILE_NAME


def is_off(named: str) -> bool:
    """Whether the variable PROCTOR_STORE says that there shall be no store.

    Args:
        named: Its value.
    """
    return named.strip().lower() in OFF


def store_path(given: str | os.PathLike[str]) -> Path:
    """The file that a path stands for: in a folder, the one of the usual name.

    Args:
        given: A file, which need not be there, or a folder; ``~`` is expanded.
    """
    # Path.is_dir and Path.expanduser raise for names that no file can have; opening it says what is wrong with it.
    path = os.path.expanduser(given)
    return Path(path, FILE_NAME) if os.path.isdir(path) else Path(path)
