"""Task files as values that remember their lines: YAML 1.1, ``include``, ``!function``.

A mistake in a task file is reported where it stands, so every key path keeps its place, through
includes and overrides. Nothing here knows what a key means.
"""

# From a file to a mapping with places
# ------------------------------------
#   bytes -> UTF-8 -> events (depth) -> nodes (root, duplicate keys, places, aliases) -> values
#   include: [a, b]     a < b < the file's own keys; each key replaces the earlier one whole
#
# Places are taken from the composed nodes, because values have none, and before construction, which flattens ``<<``.
# Limits are checked between composing and constructing: nodes are linear in the file, what aliases stand for is not.
#
# Included files are parsed once per process: a suite of fifty-seven tasks includes one file fifty-seven times. What is
# shared is the parsed file; its values are copied for each task, since overrides and ``process_docs`` may write there.

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import Finding, TaskError
from proctor.files import not_a_file, read_bytes
from proctor.stock.names import stock_include_hint
from proctor.tasks.similar_names import similar_file
from proctor.tasks.source_map import EMPTY, SourceMap, YamlFile
from proctor.tasks.yaml_errors import yaml_error
from proctor.tasks.yaml_limits import check_aliases
from proctor.tasks.yaml_parse import PlaceCollector, as_utf8, check_depth, check_mapping, task_loader

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
    # Relative to the real file: a linked task file includes what lies beside the file that the link means.
    target = os.path.realpath(os.path.join(os.path.dirname(real), name))
    if target in chain:
        circle = " -> ".join(os.path.basename(step) for step in (*chain[chain.index(target) :], target))
        raise TaskError(Finding(f"Include cycle, the file includes itself: {circle}.", file, line))
    if not os.path.isfile(target):
        kind = not_a_file(target)
        what = f"is {kind}" if kind else "does not exist"
        # Not offered as similar: files that include this one would make a circle.
        known = {os.path.basename(step) for step in chain}
        similar = None if kind else similar_file(target, lambda entry: entry not in known)
        hint = None if kind else similar or stock_include_hint(name)
        raise TaskError(Finding(f"include: {name!r} {what} ({target}).", file, line, hint))
    return (shown if os.path.exists(shown) else target), target


def is_settled(mtime_ns: int) -> bool:
    """Whether a file is old enough that a later change must show in its modification time."""
    # abs(): a time in the future (a clock that was set back, a copied file) is as good as one in the past.
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
        loader = task_loader()(data)
        # Read by the constructor of !function, which is given nothing but the loader and the node.
        loader.proctor_file, loader.proctor_folder = file, os.path.dirname(real)
        try:
            node = loader.get_single_node()
            check_mapping(node)
            notes = PlaceCollector(loader, file)
            by_key = notes.of_root(node)
            # After the places, whose walk meets each node once, and before construction, whose work grows with what
            # they stand for.
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
