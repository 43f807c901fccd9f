"""Names and what they stand for: rows of a table, imported when first asked for.

A plugin adds rows with an entry point of the table's group; nothing is registered
as a side effect of an import.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from proctor.errors import ProctorError, UnknownNameError, UsageError, did_you_mean
from proctor.foreign import ForeignExitError, no_exit
from proctor.lazy import load_attribute

T = TypeVar("T")


class Table(Generic[T]):
    """A read-mostly table ``name -> "module:attribute"`` (or the object itself)."""

    def __init__(
        self, kind: str, rows: Mapping[str, str | T], *, group: str | None = None, unsupported: Collection[str] = ()
    ) -> None:
        """Make a table of ``rows``; ``unsupported``: names that lm-eval has and proctor has not yet."""
        self.kind = kind
        self._unsupported = frozenset(unsupported)
        self._rows: dict[str, str | T] = dict(rows)
        self._group = group
        self._plugins_read = group is None

    def add(self, name: str, target: str | T) -> None:
        """Add a row; a name that stands for something else already is an error."""
        if name in self._rows and self._rows[name] is not target and self._rows[name] != target:
            raise UsageError(f"The {self.kind} {name!r} is registered twice.")
        self._rows[name] = target

    def put(self, name: str, target: str | T) -> None:
        """Add a row, or replace the one of that name."""
        self._rows[name] = target

    def get(self, name: str) -> T:
        """The object behind ``name``; an unknown name is a sentence with the closest ones."""
        if name not in self._rows:
            self._read_plugins()
        if name not in self._rows:
            raise self._unknown(name)
        row = self._rows[name]
        if isinstance(row, str):
            try:
                with no_exit():
                    loaded: Any = load_attribute(row)
            except ForeignExitError as error:
                raise ProctorError(f"The {self.kind} {name!r} cannot be loaded: its code {error}.") from error
            # From now on the object itself: a name is imported once.
            self._rows[name] = loaded
            return loaded
        return row

    def row(self, name: str) -> str | T | None:
        """The row as it stands, with nothing imported; None where there is none yet."""
        return self._rows.get(name)

    def _unknown(self, name: str) -> UnknownNameError:
        known = f"Supported: {', '.join(sorted(self._rows))}."
        if name in self._unsupported:
            return UnknownNameError(f"The {self.kind} {name!r} of lm-eval is not supported yet.", hint=known)
        hint = did_you_mean(name, [*self._rows, *self._unsupported])
        return UnknownNameError(f"There is no {self.kind} named {name!r}.", hint=hint or known)

    def __contains__(self, name: object) -> bool:
        if name not in self._rows:
            self._read_plugins()
        return name in self._rows

    def __iter__(self) -> Iterator[str]:
        self._read_plugins()
        return iter(self._rows)

    def _read_plugins(self) -> None:
        if self._plugins_read:
            return
        self._plugins_read = True
        for point in entry_points(group=self._group or ""):
            # A plugin cannot take the name of a built-in row.
            self._rows.setdefault(point.name, f"{point.module}:{point.attr}")
