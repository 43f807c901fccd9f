"""Task files as values that remember their lines: YAML 1.1, ``include``, ``!function``.

A mistake in a task file is reported where it stands, so every key path keeps its place, through
includes and overrides. The libyaml parser does the reading; nothing here knows what a key means.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from proctor.encodings import UndecodableError, decode
from proctor.errors import Finding, TaskError
from proctor.files import not_a_file, read_bytes
from proctor.refs import Ref
from proctor.stock.names import stock_include_hint
from proctor.tasks.similar_names import similar_file
from proctor.tasks.source_map import EMPTY, KeyPath, Location, SourceMap, YamlFile
from proctor.tasks.yaml_errors import UnusableYamlError, yaml_error
from proctor.tasks.yaml_limits import check_aliases, check_number

__all__ = [
    "Location",
    "SourceMap",
    "YamlFile",
    "check_depth",
    "is_settled",
    "load_task_yaml",
    "read_head",
    "resolve_includes",
]

HEAD_KEYS = frozenset({"task", "group", "class", "tag", "output_type", "include", "dataset_path", "custom_dataset"})
_ONLY_THERE = ("class", "dataset_path", "custom_dataset")
_STR_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"
_MANY_OPENINGS = 2000
_DEEPEST = 200
_TOO_DEEP_FOR_LIBYAML = "exceeded maximum nesting depth"
"""What newer releases of libyaml say of a thousand levels, which they scan before the first event."""
_SETTLED_NS = 2_000_000_000


def load_task_yaml(path: str | Path) -> YamlFile:
    """Read a task file with its includes; :class:`TaskError` with all their errors if that fails.

    Included files are merged left to right, then the file's own keys win; a relative include or
    ``!function`` belongs to the folder of the (real) file that says it. The values are the caller's
    own: nothing in them is shared with another task.
    """
    file = os.path.expanduser(path)
    if "\0" in str(file):
        raise TaskError(Finding("the name of the file holds a NUL character.", str(file)))
    return _load(file, os.path.realpath(file), ())


@dataclass(frozen=True, slots=True)
class _ParsedFile:
    """One file by itself. ``includes``: the file names it includes and their lines."""

    own: YamlFile
    includes: tuple[tuple[Any, int], ...]


_INCLUDED: dict[tuple[str, str], tuple[tuple[int, int], _ParsedFile]] = {}


def _load(file: str, real: str, chain: tuple[str, ...]) -> YamlFile:
    return _with_includes(_read_included(file, real) if chain else _read(file, real), file, real, chain)


def _with_includes(parsed: _ParsedFile, file: str, real: str, chain: tuple[str, ...]) -> YamlFile:
    if not parsed.includes:
        return parsed.own
    merged, errors = EMPTY, list[Finding]()
    for name, line in parsed.includes:
        try:
            target = _include_target(name, file, real, line, (*chain, real))
            included = _load(*target, (*chain, real))
        except TaskError as error:
            errors.extend(error.errors)
        else:
            # lm-eval: task_list belongs to the file that says it.
            merged = included.drop(("task_list",)).over(merged)
    if errors:
        raise TaskError(tuple(dict.fromkeys(errors)))
    return parsed.own.over(merged)


def _include_target(name: Any, file: str, real: str, line: int, chain: tuple[str, ...]) -> tuple[str, str]:
    """Display path and real path of an included file, or the error of the ``include``."""
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise TaskError(
            Finding("include names no file.", file, line, "Write it as 'include: FILE' or a list of files.")
        )
    shown = os.path.normpath(os.path.join(os.path.dirname(file), name))
    target = os.path.realpath(os.path.join(os.path.dirname(real), name))
    if target in chain:
        circle = " -> ".join(os.path.basename(step) for step in (*chain[chain.index(target) :], target))
        raise TaskError(Finding(f"Include cycle, the file includes itself: {circle}.", file, line))
    if not os.path.isfile(target):
        kind = not_a_file(target)
        what = f"is {kind}" if kind else "does not exist"
        known = {os.path.basename(step) for step in chain}
        similar = None if kind else similar_file(target, lambda entry: entry not in known)
        hint = None if kind else similar or stock_include_hint(name)
        raise TaskError(Finding(f"include: {name!r} {what} ({target}).", file, line, hint))
    return (shown if os.path.exists(shown) else target), target


def is_settled(mtime_ns: int) -> bool:
    """Whether a file is old enough that a later change must show in its modification time."""
    return abs(time.time_ns() - mtime_ns) > _SETTLED_NS


def _read_included(file: str, real: str) -> _ParsedFile:
    """Read a file that many others may include, once; each gets a copy of its values."""
    status = os.stat(real)
    stamp = (status.st_mtime_ns, status.st_size)
    known = _INCLUDED.get((file, real))
    if known is None or known[0] != stamp:
        known = (stamp, _read(file, real))
        if is_settled(stamp[0]):
            _INCLUDED[file, real] = known
    own = known[1].own
    return _ParsedFile(YamlFile(_copy(own.values, {}), own.places, own.warnings), known[1].includes)


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


def _read(file: str, real: str) -> _ParsedFile:
    try:
        data, encoding = as_utf8(read_bytes(real))
        check_depth(data)
        loader = _loader_class()(data)
        loader.proctor_file, loader.proctor_folder = file, os.path.dirname(real)
        try:
            node = loader.get_single_node()
            _check_mapping(node)
            notes = _PlaceCollector(loader, file)
            by_key = notes.of_root(node)
            check_aliases(node)
            values = loader.construct_document(node)
        finally:
            loader.dispose()
    except Exception as error:
        raise TaskError(yaml_error(error, file)) from error
    if encoding is not None:
        message = f"the file is not UTF-8; it is read as {encoding}. Save it as UTF-8."
        notes.warnings.append(Finding(message, file, 1))
    return _parsed(YamlFile(values, SourceMap(by_key), tuple(notes.warnings)))


def _parsed(content: YamlFile) -> _ParsedFile:
    """Take the ``include`` out of a mapping."""
    if "include" not in content.values:
        return _ParsedFile(content, ())
    names = content.values["include"]
    paths = [("include", index) for index in range(len(names))] if isinstance(names, list) else [("include",)]
    lines = [place.line if (place := content.place(*path)) else 1 for path in paths]
    pairs = zip(names if isinstance(names, list) else [names], lines, strict=True)
    return _ParsedFile(content.drop(("include",)), tuple(pairs))


def resolve_includes(content: YamlFile, file: str) -> YamlFile:
    """A mapping that stands within ``file``, such as a task defined in a group, with its own ``include``."""
    return _with_includes(_parsed(content), file, os.path.realpath(file), ())


def as_utf8(data: bytes) -> tuple[bytes, str | None]:
    """The bytes of a text file as UTF-8, and what they are in if that has to be said.

    Bytes whose encoding cannot be told stay as they are: who parses them says where they are wrong.
    """
    if data.isascii() and b"\0" not in data:
        return data, None
    try:
        read = decode(data)
    except UndecodableError:
        return data, None
    called = {"utf-8": None, "utf-8-sig": None, "cp949": "CP949, the encoding of Korean Windows"}
    return read.text.encode("utf-8", "surrogatepass"), called.get(read.encoding, read.encoding.upper())


def check_depth(data: bytes) -> None:
    """Refuse a file that nests so deep that composing it in C would end the process."""
    if data.count(b"[") + data.count(b"{") + data.count(b"- ") + data.count(b"? ") < _MANY_OPENINGS:
        return
    import yaml

    loader, depth = _loader_class()(data), 0
    try:
        while depth <= _DEEPEST and loader.check_event():
            kind = type(loader.get_event()).__name__
            depth += kind.endswith(("SequenceStartEvent", "MappingStartEvent"))
            depth -= kind.endswith(("SequenceEndEvent", "MappingEndEvent"))
    except yaml.MarkedYAMLError as error:
        if error.problem != _TOO_DEEP_FOR_LIBYAML:
            raise
        depth = _DEEPEST + 1
    finally:
        loader.dispose()
    if depth > _DEEPEST:
        raise UnusableYamlError(f"the file nests more than {_DEEPEST} levels deep.")


def _check_mapping(node: Any) -> None:
    if node is None:
        raise UnusableYamlError("the file is empty.")
    if node.id != "mapping":
        raise UnusableYamlError(f"the file must hold 'key: value' lines, not a {node.id}.")


class _PlaceCollector:
    """Collects the places of one file's keys, and the keys that are there twice."""

    def __init__(self, loader: Any, file: str) -> None:
        self.loader = loader
        self.file = file
        self.warnings: list[Finding] = []
        self._seen: set[int] = set()
        self._open: set[int] = set()

    def of_root(self, node: Any) -> dict[Any, dict[KeyPath, Location]]:
        """Places of a whole file, by top-level key."""
        by_key: dict[Any, dict[KeyPath, Location]] = {}
        self._open.add(id(node))
        for key, key_node, value_node in self._pairs(node):
            by_key[key] = {(key,): Location(self.file, key_node.start_mark.line + 1)}
            self._descend(value_node, (key,), by_key[key])
        return by_key

    def _descend(self, node: Any, path: KeyPath, into: dict[KeyPath, Location]) -> None:
        if id(node) in self._open:
            raise UnusableYamlError(f"the alias on line {into[path].line} stands within what it stands for.")
        # An alias is walked where it is met first: a few aliases can stand for billions of paths.
        if node.id == "scalar" or id(node) in self._seen:
            return
        self._seen.add(id(node))
        self._open.add(id(node))
        if node.id == "mapping":
            for key, key_node, value_node in self._pairs(node):
                into[(*path, key)] = Location(self.file, key_node.start_mark.line + 1)
                self._descend(value_node, (*path, key), into)
        else:
            for index, item in enumerate(node.value):
                into[(*path, index)] = Location(self.file, item.start_mark.line + 1)
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
                self.warnings.append(Finding(message, self.file, line))
            first.setdefault(name, line)
            key = key_node.value if key_node.tag == _STR_TAG else self.loader.construct_object(key_node)
            yield key, key_node, value_node


def read_head(data: bytes) -> dict[str, Any]:
    """The few keys of a task file that finding needs, without its includes.

    Names are strings; ``class``, the data's keys and a group's member list are only said to be there (``True``).
    Only these keys are constructed: what else is wrong in the file shows when it is selected.
    """
    data, _ = as_utf8(data)
    check_depth(data)
    loader = _loader_class()(data)
    loader.proctor_file = loader.proctor_folder = ""
    try:
        node = loader.get_single_node()
        _check_mapping(node)
        check_aliases(node)
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
    if key in _ONLY_THERE and node.tag != "tag:yaml.org,2002:null":
        return True
    if node.tag == _STR_TAG:
        return node.value
    if key == "task" and node.id != "scalar":
        return True
    value = loader.construct_object(node, deep=True)
    if key in ("tag", "group", "include") and isinstance(value, list):
        return [item if isinstance(item, str) else None for item in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    return True if key in ("task", "group") else str(value)  # a date is no name, though its text would be one


@cache
def _loader_class() -> Any:
    """PyYAML's safe loader with ``!function``; in C where it can be, which is ten times as fast."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def make_ref(loader: Any, node: Any) -> Ref:
        name = loader.construct_scalar(node)
        return Ref(loader.proctor_folder, name, loader.proctor_file, node.start_mark.line + 1)

    def with_line(construct: Any) -> Any:
        """Say where a value is that looks like a date or a number and is none."""

        def construct_or_fail(loader: Any, node: Any) -> Any:
            try:
                if "_int" in construct.__name__:
                    check_number(node.value)
                return construct(loader, node)
            except ValueError as error:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{node.value:.60}: {error}", node.start_mark
                ) from error

        return construct_or_fail

    loader_class = type("TaskLoader", (base,), {})
    loader_class.add_constructor("!function", make_ref)
    for kind in ("timestamp", "int", "float"):
        construct = with_line(getattr(base, f"construct_yaml_{kind}"))
        loader_class.add_constructor(f"tag:yaml.org,2002:{kind}", construct)
    return loader_class
