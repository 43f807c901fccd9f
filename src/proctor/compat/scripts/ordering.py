"""Putting requests into another order and back, as lm-eval's model classes do it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any


def group(arr: Iterable[Any], fn: Callable[[Any], Any]) -> list[list[Any]]:
    """Lists of what has the same ``fn``, in the order in which the values come first."""
    return list(_grouped(arr, fn).values())


def _grouped(arr: Iterable[Any], fn: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for item in arr:
        groups.setdefault(fn(item), []).append(item)
    return groups


class Reorderer:
    """A list sorted by ``fn``, and the way back for what was made of it."""

    def __init__(self, arr: Sequence[Any], fn: Callable[[Any], Any]) -> None:
        self.size = len(arr)
        self.arr = sorted((([place], item) for place, item in enumerate(arr)), key=lambda pair: fn(pair[1]))

    def get_reordered(self) -> list[Any]:
        """The items in their new order."""
        return [item for _, item in self.arr]

    def get_original(self, newarr: Sequence[Any]) -> list[Any]:
        """``newarr``, aligned with the new order, in the first order."""
        original: list[Any] = [None] * self.size
        for (places, _), value in zip(self.arr, newarr, strict=True):
            for place in places:
                original[place] = value
        return original


class Grouper:
    """Items by their ``fn``, and the way back for what was made of each group."""

    def __init__(self, arr: Sequence[Any], fn: Callable[[Any], Any]) -> None:
        self.size = len(arr)
        self.arr = _grouped(enumerate(arr), lambda pair: fn(pair[1]))

    def get_grouped(self) -> dict[Any, list[Any]]:
        """The items of each group."""
        return {key: [item for _, item in pairs] for key, pairs in self.arr.items()}

    def get_original(self, grouped_dict: Mapping[Any, Sequence[Any]]) -> list[Any]:
        """What ``grouped_dict`` has for each group, in the order of the items."""
        if grouped_dict.keys() != self.arr.keys():
            raise AssertionError("get_original needs the groups that get_grouped gave")
        original: list[Any] = [None] * self.size
        for key, values in grouped_dict.items():
            for (place, _), value in zip(self.arr[key], values, strict=True):
                original[place] = value
        return original
