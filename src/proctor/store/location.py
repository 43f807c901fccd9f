"""Where the store's file is: named, switched off, or in the user's cache folder."""

from __future__ import annotations

import os
from pathlib import Path

from proctor.errors import UsageError
from proctor.folders import cache_folder

VARIABLE = "PROCTOR_STORE"
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


def existing_store(given: str | os.PathLike[str] | None = None) -> Path:
    """The store that a command reads, lists or prunes: the one that is named, that of PROCTOR_STORE, or the user's.

    Args:
        given: As ``--store`` names it; None: nothing was named.

    Raises:
        UsageError: ``given`` is empty.
    """
    if given is not None and not str(given).strip():
        raise UsageError("--store must be a path, and is empty; leave it out to have the default.")
    named = given or os.environ.get(VARIABLE)
    # PROCTOR_STORE=off switches it off for runs; who reads or manages a store means the file that is there.
    return default_path() if named is None or is_off(str(named)) else store_path(named)
