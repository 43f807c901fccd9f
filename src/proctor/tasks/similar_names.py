"""Files of a folder whose names come close to one that is not there.

Names are compared without their suffixes and in composed lower case: "Did you mean 'exam.yaml'?" for
``exam.csv`` would only be right about the suffix. Who asks says which files could be meant at all.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable

from proctor.errors import close_names, suggestion

MOST = 3
SUFFIXES = frozenset({".gz", ".bz2", ".xz", ".zip"})
"""Suffixes that stand behind another one."""


def similar_file(path: str, is_meant: Callable[[str], bool]) -> str | None:
    """A sentence that names the closest files beside the missing ``path``, or None.

    Args:
        path: the absolute path of what is not there.
        is_meant: whether the name of an entry of the folder is of the kind that is wanted.
    """
    folder, name = os.path.split(path)
    try:
        there = [entry for entry in os.listdir(folder) if not entry.startswith(".") and is_meant(entry)]
    except (OSError, ValueError):
        return None
    return did_you_mean_file(name, sorted(there))


def did_you_mean_file(name: str, there: Iterable[str]) -> str | None:
    """A sentence that names those of ``there`` whose names come close to ``name``, the same stem first; or None."""
    by_stem: dict[str, list[str]] = {}
    for entry in there:
        by_stem.setdefault(_stem(entry), []).append(entry)
    same = by_stem.get(_stem(name), [])
    if not same:
        close = close_names(_stem(name), by_stem, limit=MOST)
        same = [entry for stem, entries in by_stem.items() if stem in close for entry in entries]
    return suggestion(same[:MOST])


def _stem(name: str) -> str:
    stem, suffix = os.path.splitext(unicodedata.normalize("NFC", name).casefold())
    return os.path.splitext(stem)[0] if suffix in SUFFIXES else stem
