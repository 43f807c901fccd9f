"""Task files as values that remember their lines: YAML 1.1, ``include``, ``!function``.

A mistake in a task file is reported where it stands, so every key path keeps its place, through
includes and overrides. Merging is shallow everywhere (a later key replaces an earlier one whole),
which is why places are kept per top-level key: they move together with its value.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from proctor.errors import Fault, TaskError, did_you_mean
from proctor.refs import Ref

KeyPath: TypeAlias = tuple[str | int, ...]

HEAD_KEYS = frozenset({"task", "group", "class", "tag", "output_type", "include"})
_STR_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_SETTLED_NS = 2_000_000_000


class Place(NamedTuple):
    """A line (counted from 1) of a file."""

    file: str
    line: int


class Places(Mapping[KeyPath, Place]):
    """Where each key path of a mapping stands; the places of one top-level key are one unit."""

    __slots__ = ("by_key",)

    def __init__(self, by_key: Mapping[Any, Mapping[KeyPath, Place]]) -> None:
        self.by_key = by_key

    def __getitem__(self, path: KeyPath) -> Place:
        return self.by_key[path[0]][path] if path else self._missing(path)

    def __iter__(self) -> Iterator[KeyPath]:
        return (path for places in self.by_key.values() for path in places)

    def __len__(self) -> int:
        return sum(map(len, self.by_key.values()))

    @staticmethod
    def _missing(path: KeyPath) -> Place:
        raise KeyError(path)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A mapping, where its keys stand, and what is suspicious about it (``warnings``)."""

    values: dict[str, Any]
    places: Places
    warnings: tuple[Fault, ...] = ()

    def over(self, base: YamlFile) -> YamlFile:
        """The keys of this mapping over those of ``base``, each replacing the other whole."""
        if not self.values:
            return base
        return YamlFile(
            {**base.values, **self.values},
            Places({**base.places.by_key, **self.places.by_key}),
            base.warnings + self.warnings,
        )

    def keep(self, wanted: Iterable[str]) -> YamlFile:
        """Only the keys in ``wanted``."""
        return self._filter({key for key in self.values if key in wanted})

    def drop(self, unwanted: Iterable[str]) -> YamlFile:
        """All keys but those in ``unwanted``."""
        return self._filter({key for key in self.values if key not in unwanted})

    def _filter(self, keys: set[str]) -> YamlFile:
        if len(keys) == len(self.values):
            return self
        places = {key: value for key, value in self.places.by_key.items() if key in keys}
        return YamlFile({key: self.values[key] for key in self.values if key in keys}, Places(places), self.warnings)

    def part(self, path: KeyPath) -> YamlFile:
        """The mapping at ``path`` as a mapping of its own."""
        value: Any = self.values
        for key in path:
            value = value[key]
        depth, by_key = len(path), dict[Any, dict[KeyPath, Place]]()
        for where, place in self.places.by_key.get(path[0], {}).items():
            if len(where) > depth and where[:depth] == path:
                by_key.setdefault(where[depth], {})[where[depth:]] = place
        return YamlFile(dict(value), Places(by_key))

    def place(self, *path: str | int) -> Place | None:
        """The place of ``path``, or of the nearest key above it that has one."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[:-1]
        return None


EMPTY = YamlFile({}, Places({}))


def load_task_yaml(path: str | Path) -> YamlFile:
    """Read a task file with its includes; :class:`TaskError` with all their faults if that fails.

    Included files are merged left to right, then the file's own keys win; a relative include or
    ``!function`` belongs to the folder of the (real) file that says it. The values are the caller's
    own: nothing in them is shared with another task.
    """
    file = os.path.expanduser(path)
    return _load(file, os.path.realpath(file), ())


@dataclass(frozen=True, slots=True)
class _Parsed:
    """One file by itself. ``includes``: the file names it includes and their lines."""

    own: YamlFile
    includes: tuple[tuple[Any, int], ...]


_INCLUDED: dict[tuple[str, str], tuple[tuple[int, int], _Parsed]] = {}


def _load(file: str, real: str, chain: tuple[str, ...]) -> YamlFile:
    return _with_includes(_read_included(file, real) if chain else _read(file, real), file, real, chain)


def _with_includes(parsed: _Parsed, file: str, real: str, chain: tuple[str, ...]) -> YamlFile:
    if not parsed.includes:
        return parsed.own
    merged, faults = EMPTY, list[Fault]()
    for name, line in parsed.includes:
        try:
            target = _include_target(name, file, real, line, (*chain, real))
            included = _load(*target, (*chain, real))
        except TaskError as error:
            faults.extend(error.faults)
        else:
            # lm-eval: task_list belongs to the file that says it.
            merged = included.drop(("task_list",)).over(merged)
    if faults:
        raise TaskError(tuple(dict.fromkeys(faults)))
    return parsed.own.over(merged)


def _include_target(name: Any, file: str, real: str, line: int, chain: tuple[str, ...]) -> tuple[str, str]:
    """Display path and real path of an included file, or the fault of the ``include``."""
    if not isinstance(name, str) or not name.strip():
        raise TaskError(Fault("include names no file.", file, line, "Write it as 'include: FILE' or a list of files."))
    shown = os.path.normpath(os.path.join(os.path.dirname(file), name))
    target = os.path.realpath(os.path.join(os.path.dirname(real), name))
    if target in chain:
        circle = " -> ".join(os.path.basename(step) for step in (*chain[chain.index(target) :], target))
        raise TaskError(Fault(f"the file includes itself: {circle}.", file, line))
    if not os.path.isfile(target):
        folder = os.path.dirname(target)
        near = os.listdir(folder) if os.path.isdir(folder) else ()
        what = "is a folder" if os.path.isdir(target) else "does not exist"
        raise TaskError(
            Fault(f"include: {name!r} {what} ({target}).", file, line, did_you_mean(os.path.basename(target), near))
        )
    return (shown if os.path.exists(shown) else target), target


def is_settled(mtime_ns: int) -> bool:
    """Whether a file is old enough that a later change must show in its modification time."""
    return abs(time.time_ns() - mtime_ns) > _SETTLED_NS


def _read_included(file: str, real: str) -> _Parsed:
    """Read a file that many others may include, once; each gets a copy of its values."""
    status = os.stat(real)
    stamp = (status.st_mtime_ns, status.st_size)
    known = _INCLUDED.get((file, real))
    if known is None or known[0] != stamp:
        known = (stamp, _read(file, real))
        if is_settled(stamp[0]):
            _INCLUDED[file, real] = known
    own = known[1].own
    return _Parsed(YamlFile(_copy(own.values, {}), own.places, own.warnings), known[1].includes)


def _copy(value: Any, memo: dict[int, Any]) -> Any:
    """A copy of lists and mappings; what a YAML alias shares stays shared."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return value
    done = memo.get(id(value))
    if done is None:
        if kind is dict:
            done = memo[id(value)] = {}
            done.update({key: _copy(item, memo) for key, item in value.items()})
        else:
            done = memo[id(value)] = []
            done.extend([_copy(item, memo) for item in value])
    return done


def _read(file: str, real: str) -> _Parsed:
    try:
        data = Path(real).read_bytes()
        loader = _loader_class()(data)
        loader.proctor_file, loader.proctor_folder = file, os.path.dirname(real)
        try:
            node = loader.get_single_node()
            _check_mapping(node)
            notes = _Notes(loader, file)
            by_key = notes.of_root(node)
            values = loader.construct_document(node)
        finally:
            loader.dispose()
    except Exception as error:
        raise TaskError(yaml_fault(error, file)) from error
    return _parsed(YamlFile(values, Places(by_key), tuple(notes.warnings)))


def _parsed(content: YamlFile) -> _Parsed:
    """Take the ``include`` out of a mapping."""
    if "include" not in content.values:
        return _Parsed(content, ())
    names = content.values["include"]
    paths = [("include", index) for index in range(len(names))] if isinstance(names, list) else [("include",)]
    lines = [place.line if (place := content.place(*path)) else 1 for path in paths]
    pairs = zip(names if isinstance(names, list) else [names], lines, strict=True)
    return _Parsed(content.drop(("include",)), tuple(pairs))


def resolve_includes(content: YamlFile, file: str) -> YamlFile:
    """A mapping that stands within ``file``, such as a task defined in a group, with its own ``include``."""
    return _with_includes(_parsed(content), file, os.path.realpath(file), ())


class _Unusable(ValueError):
    """Valid YAML that cannot be a task file; the message is a sentence."""


def _check_mapping(node: Any) -> None:
    if node is None:
        raise _Unusable("the file is empty.")
    if node.id != "mapping":
        raise _Unusable(f"the file must hold 'key: value' lines, not a {node.id}.")


class _Notes:
    """Collects the places of one file's keys, and the keys that are there twice."""

    def __init__(self, loader: Any, file: str) -> None:
        self.loader = loader
        self.file = file
        self.warnings: list[Fault] = []
        self._seen: set[int] = set()
        self._open: set[int] = set()

    def of_root(self, node: Any) -> dict[Any, dict[KeyPath, Place]]:
        """Places of a whole file, by top-level key."""
        by_key: dict[Any, dict[KeyPath, Place]] = {}
        self._open.add(id(node))
        for key, key_node, value_node in self._pairs(node):
            by_key[key] = {(key,): Place(self.file, key_node.start_mark.line + 1)}
            self._descend(value_node, (key,), by_key[key])
        return by_key

    def _descend(self, node: Any, path: KeyPath, into: dict[KeyPath, Place]) -> None:
        if id(node) in self._open:
            raise _Unusable(f"the alias on line {into[path].line} stands within what it stands for.")
        # An alias is walked where it is met first: a few aliases can stand for billions of paths.
        if node.id == "scalar" or id(node) in self._seen:
            return
        self._seen.add(id(node))
        self._open.add(id(node))
        if node.id == "mapping":
            for key, key_node, value_node in self._pairs(node):
                into[(*path, key)] = Place(self.file, key_node.start_mark.line + 1)
                self._descend(value_node, (*path, key), into)
        else:
            for index, item in enumerate(node.value):
                into[(*path, index)] = Place(self.file, item.start_mark.line + 1)
                self._descend(item, (*path, index), into)
        self._open.discard(id(node))

    def _pairs(self, node: Any) -> Iterator[tuple[Any, Any, Any]]:
        """Keys and nodes of a mapping: those of its ``<<`` first, so that its own come over them."""
        first: dict[tuple[str, str], int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE_TAG:
                for base in [value_node] if value_node.id == "mapping" else value_node.value:
                    if base is not node and base.id == "mapping":
                        yield from ((pair[0].value, *pair) for pair in base.value if pair[0].id == "scalar")
        for key_node, value_node in node.value:
            if key_node.id != "scalar" or key_node.tag == _MERGE_TAG:
                continue
            line = key_node.start_mark.line + 1
            if (name := (key_node.tag, key_node.value)) in first:
                message = f"the key '{name[1]}' is there twice (first on line {first[name]}); the last one counts."
                self.warnings.append(Fault(message, self.file, line))
            first.setdefault(name, line)
            key = key_node.value if key_node.tag == _STR_TAG else self.loader.construct_object(key_node)
            yield key, key_node, value_node


def read_head(data: bytes) -> dict[str, Any]:
    """The few keys of a task file that finding needs, without its includes.

    Names are strings, ``class`` and a group's member list are only said to be there (``True``).
    Only these keys are constructed: what else is wrong in the file shows when it is selected.
    """
    loader = _loader_class()(data)
    loader.proctor_file = loader.proctor_folder = ""
    try:
        node = loader.get_single_node()
        _check_mapping(node)
        pairs = node.value
        if any(key.tag == _MERGE_TAG for key, _ in pairs):
            loader.flatten_mapping(node)
            pairs = node.value
        head: dict[str, Any] = {}
        for key, value in pairs:
            if key.id == "scalar" and key.value in HEAD_KEYS:
                head[key.value] = _head_value(key.value, value, loader)
        return head
    finally:
        loader.dispose()


def _head_value(key: str, node: Any, loader: Any) -> Any:
    if node.tag == _STR_TAG:
        return node.value
    if key == "class" or (key == "task" and node.id != "scalar"):
        return True
    value = loader.construct_object(node, deep=True)
    if key in ("tag", "include") and isinstance(value, list):
        return [item if isinstance(item, str) else None for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@cache
def _loader_class() -> Any:
    """PyYAML's safe loader with ``!function``; in C where it can be, which is ten times as fast."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def make_ref(loader: Any, node: Any) -> Ref:
        name = loader.construct_scalar(node)
        return Ref(loader.proctor_folder, name, loader.proctor_file, node.start_mark.line + 1)

    loader_class = type("TaskLoader", (base,), {})
    loader_class.add_constructor("!function", make_ref)
    return loader_class


def yaml_fault(error: Exception, file: str) -> Fault:
    """The sentence for whatever went wrong while a task file was read."""
    import yaml

    if isinstance(error, OSError):
        return Fault(f"the file cannot be read: {error.strerror or error}.", file)
    if isinstance(error, _Unusable):
        return Fault(str(error), file, 1)
    if isinstance(error, yaml.reader.ReaderError):
        return Fault(f"the file is not UTF-8 text: {error.reason}.", file, hint="Save it as UTF-8.")
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        problem = str(error.problem or error.context)
        if "could not determine a constructor for the tag" in problem:
            tag = problem.rpartition(" ")[2].strip("'")
            hint = did_you_mean(tag, ["!function"]) or "The only tag is !function module.name."
            return Fault(f"there is no tag {tag!r}.", file, line, hint)
        hint = "YAML indents with spaces, not with tabs." if "'\\t'" in problem else None
        context = f" {error.context}" if error.context and error.problem else ""
        return Fault(f"this is not valid YAML: {problem}{context}.", file, line, hint)
    return Fault(f"the file cannot be read: {error or type(error).__name__}.", file)


def first_lines(faults: Sequence[Fault], limit: int = 3) -> str:
    """The first few faults, one line each, for a warning or a hint."""
    lines = [str(fault).partition("\n")[0] for fault in faults[:limit]]
    rest = len(faults) - len(lines)
    return "\n  ".join([*lines, f"... and {rest} more"] if rest else lines)
