"""Mappings that remember where each of their keys stands.

Merging is shallow everywhere in the task language (a later key replaces an earlier one whole),
which is why places are kept per top-level key: they move together with its value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from proctor.errors import Finding

KeyPath: TypeAlias = tuple[str | int, ...]


class Location(NamedTuple):
    """A line (counted from 1) of a file."""

    file: str
    line: int


# By top-level key and not flat: ``over`` and ``drop`` move whole keys, and a flat map would be searched for prefixes.
class SourceMap(Mapping[KeyPath, Location]):
    """Where each key path of a mapping stands; the places of one top-level key are one unit."""

    __slots__ = ("by_key",)

    def __init__(self, by_key: Mapping[Any, Mapping[KeyPath, Location]]) -> None:
        self.by_key = by_key

    def __getitem__(self, path: KeyPath) -> Location:
        return self.by_key[path[0]][path] if path else self._missing(path)

    def __iter__(self) -> Iterator[KeyPath]:
        return (path for places in self.by_key.values() for path in places)

    def __len__(self) -> int:
        return sum(map(len, self.by_key.values()))

    @staticmethod
    def _missing(path: KeyPath) -> Location:
        raise KeyError(path)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A mapping, where its keys stand, and what is suspicious about it (``warnings``)."""

    values: dict[str, Any]
    places: SourceMap
    warnings: tuple[Finding, ...] = ()

    def over(self, base: YamlFile) -> YamlFile:
        """The keys of this mapping over those of ``base``, each replacing the other whole."""
        # Most overrides are empty; the base is shared then.
        if not self.values:
            return base
        return YamlFile(
            {**base.values, **self.values},
            SourceMap({**base.places.by_key, **self.places.by_key}),
            base.warnings + self.warnings,
        )

    def keep(self, wanted: Iterable[str]) -> YamlFile:
        """Only the keys in ``wanted``."""
        return self._filter({key for key in self.values if key in wanted})

    def drop(self, unwanted: Iterable[str]) -> YamlFile:
        """All keys but those in ``unwanted``."""
        return self._filter({key for key in self.values if key not in unwanted})

    def _filter(self, keys: set[str]) -> YamlFile:
        # Values are shared with the original here: YamlFile is frozen, and none of its readers writes into them.
        if len(keys) == len(self.values):
            return self
        places = {key: value for key, value in self.places.by_key.items() if key in keys}
        return YamlFile({key: self.values[key] for key in self.values if key in keys}, SourceMap(places), self.warnings)

    def part(self, path: KeyPath) -> YamlFile:
        """The mapping at ``path`` as a mapping of its own."""
        value: Any = self.values
        for key in path:
            value = value[key]
        depth, by_key = len(path), dict[Any, dict[KeyPath, Location]]()
        for where, place in self.places.by_key.get(path[0], {}).items():
            if len(where) > depth and where[:depth] == path:
                by_key.setdefault(where[depth], {})[where[depth:]] = place
        return YamlFile(dict(value), SourceMap(by_key))

    def place(self, *path: str | int) -> Location | None:
        """The place of ``path``, or of the nearest key above it that has one."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[:-1]
        return None


EMPTY = YamlFile({}, SourceMap({}))


def error_at(kind: str, node: Any, message: str, path: Sequence[str | int], hint: str | None = None) -> Finding:
    """An error at the deepest key of ``path`` whose place is known, else at the file alone."""
    keys = tuple(path)
    while keys:
        place = node.places.get(keys)
        if place is not None:
            return Finding(f"{kind} '{node.name}': {message}", place.file, place.line, hint)
        keys = keys[:-1]
    return Finding(f"{kind} '{node.name}': {message}", node.file, None, hint)
