"""The mappings behind ``lm_eval.api.registry``: views of proctor's tables that follow lm-eval's rules.

A name registered for two different objects is a ValueError, as there. Two copies of one file (a
folder of tasks and its variant often share their helpers) register the same thing twice, which is
none; nor is a file that was edited and loaded again.
"""

# Views and not copies
# --------------------
#   lm_eval.api.registry.metric_registry      read: a row's function           write: a new row with this function
#   lm_eval.api.registry.metric_agg_registry  read: a row's aggregation        write: the same row, other aggregation
#   lm_eval.api.registry.higher_is_better...  read: a row's direction          write: the same row, other direction
#                         \_________________  proctor.metrics.tables.METRICS: one row has all three
#
# lm-eval keeps three dictionaries under one name; task code registers in some of them only. A view of the one table
# cannot get out of step with what a run uses.

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from proctor.alias import TaskModule
from proctor.errors import UsageError
from proctor.lazy import load_attribute
from proctor.registry import Table

T = TypeVar("T")
_MISSING: Any = object()


class Registry(Mapping[str, T], Generic[T]):
    """Names and objects; ``"module:attribute"`` stands for an object that is imported when asked for.

    ``read`` takes the object out of a row and ``write`` makes the row of a name and an object.
    """

    def __init__(
        self,
        name: str,
        *,
        base_cls: type[T] | None = None,
        rows: Table[Any] | None = None,
        read: Callable[[Any], Any] | None = None,
        write: Callable[[str, Any], Any] | None = None,
    ) -> None:
        self._name = name
        self._base = base_cls
        self._rows: Table[Any] = Table(name, {}) if rows is None else rows
        self._read = read or (lambda row: row)
        self._write = write or (lambda _, target: target)
        self._frozen = False

    def register(self, *aliases: str, target: Any = None) -> Callable[[Any], Any]:
        """Register ``target`` under the one alias, or what is decorated under all of them (or its own name)."""
        if target is not None:
            if len(aliases) != 1:
                raise ValueError("Exactly one alias required when using 'target='")
            self._store(aliases[0], target)
            return lambda decorated: decorated

        def decorate(decorated: Any) -> Any:
            for alias in aliases or (getattr(decorated, "__name__", str(decorated)),):
                self._store(alias, decorated)
            return decorated

        return decorate

    def _store(self, alias: str, target: Any) -> None:
        if self._frozen:
            raise TypeError(f"The {self._name} registry is frozen: {alias!r} cannot be registered.")
        self._check(alias, target, "must inherit from")
        current = self.get(alias, None)
        if isinstance(target, str) and current is not None:
            target = load_attribute(target)
        if current is not None and current != target and not _same_code(current, target):
            raise ValueError(f"{self._name!r} alias '{alias}' already registered (existing={current}, new={target})")
        self._rows.put(alias, self._write(alias, target))

    def _check(self, alias: str, target: Any, what: str) -> None:
        if self._base is not None and isinstance(target, type) and not issubclass(target, self._base):
            raise TypeError(f"{target} {what} {self._base} (alias '{alias}' of the {self._name} registry)")

    def get(self, alias: str, default: Any = _MISSING) -> Any:
        """The object of a name; without a ``default`` an unknown name is a KeyError with the closest ones."""
        try:
            found = self._read(self._rows.get(alias))
        except UsageError as error:
            if default is not _MISSING:
                return default
            raise KeyError(f"Unknown {self._name} '{alias}': {error}") from error
        if found is None and default is _MISSING:
            raise KeyError(f"Unknown {self._name} '{alias}'.")
        if found is not None:
            self._check(alias, found, "does not inherit from")
        return default if found is None else found

    def __getitem__(self, alias: str) -> T:
        return self.get(alias)

    def __contains__(self, alias: object) -> bool:
        return alias in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._rows))

    def __len__(self) -> int:
        return sum(1 for _ in self._rows)

    def __repr__(self) -> str:
        return f"Registry({self._name!r}, entries={len(self)})"

    def origin(self, alias: str) -> str | None:
        """``file:line`` where the object of a name is defined, or None."""
        try:
            found: Any = self.get(alias)
            return f"{inspect.getfile(found)}:{inspect.getsourcelines(found)[1]}"
        except (KeyError, TypeError, OSError):
            return None

    def freeze(self) -> None:
        """Let nothing be registered any more."""
        self._frozen = True


def _same_code(current: Any, new: Any) -> bool:
    """Whether two objects of task files are one: the same name in the same file, or in copies of it."""
    files = [_task_file(one) for one in (current, new)]
    if None in files or getattr(current, "__qualname__", 0) != getattr(new, "__qualname__", 1):
        return False
    first, second = (Path(file) for file in files if file)
    # By content: folders of tasks are copied, with the helpers that register a metric in them.
    return first == second or (first.is_file() and first.read_bytes() == second.read_bytes())


def _task_file(target: Any) -> str | None:
    module = sys.modules.get(getattr(target, "__module__", None) or "")
    return module.__file__ if isinstance(module, TaskModule) else None
