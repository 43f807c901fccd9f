"""One YAML file of the task language parsed by itself: ``!function``, the places of keys, bounds of depth.

The libyaml parser does the reading; nothing here knows what a key means or what an include is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from proctor.encodings import UndecodableError, decode
from proctor.errors import Finding
from proctor.refs import Ref
from proctor.tasks.source_map import KeyPath, Location
from proctor.tasks.yaml_errors import UnusableYamlError
from proctor.tasks.yaml_limits import check_number

STR_TAG = "tag:yaml.org,2002:str"
MERGE_TAG = "tag:yaml.org,2002:merge"
# Fewer brackets and dashes than this cannot end the C stack; ordinary files are spared a second pass over their events.
_MANY_OPENINGS = 2000
_DEEPEST = 200
_TOO_DEEP_FOR_LIBYAML = "exceeded maximum nesting depth"
"""What newer releases of libyaml say of a thousand levels, which they scan before the first event."""


def as_utf8(data: bytes) -> tuple[bytes, str | None]:
    """The bytes of a text file as UTF-8, and what they are in if that has to be said.

    Bytes whose encoding cannot be told stay as they are: who parses them says where they are wrong.
    """
    # Nearly all task files; bytes.isascii() is many times faster than decoding them.
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

    loader, depth = task_loader()(data), 0
    try:
        while depth <= _DEEPEST and loader.check_event():
            kind = type(loader.get_event()).__name__
            depth += kind.endswith(("SequenceStartEvent", "MappingStartEvent"))
            depth -= kind.endswith(("SequenceEndEvent", "MappingEndEvent"))
    except yaml.MarkedYAMLError as error:
        # Any other error of syntax is found again, and explained, when the file is parsed in earnest.
        if error.problem != _TOO_DEEP_FOR_LIBYAML:
            raise
        depth = _DEEPEST + 1
    finally:
        loader.dispose()
    if depth > _DEEPEST:
        raise UnusableYamlError(f"the file nests more than {_DEEPEST} levels deep.")


def check_mapping(node: Any) -> None:
    """Refuse a file whose root is no mapping."""
    if node is None:
        raise UnusableYamlError("the file is empty.")
    if node.id != "mapping":
        raise UnusableYamlError(f"the file must hold 'key: value' lines, not a {node.id}.")


class PlaceCollector:
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
        # By tag and text: 1 and "1" are two keys.
        first: dict[tuple[str, str], int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == MERGE_TAG:
                for base in [value_node] if value_node.id == "mapping" else value_node.value:
                    # A mapping that merges itself is refused by the walk of its aliases; here it must only not be
                    # walked for ever.
                    if base is not node and base.id == "mapping":
                        yield from ((pair[0].value, *pair) for pair in base.value if pair[0].id == "scalar")
        for key_node, value_node in node.value:
            if key_node.id != "scalar" or key_node.tag == MERGE_TAG:
                continue
            line = key_node.start_mark.line + 1
            if (name := (key_node.tag, key_node.value)) in first:
                message = f"the key '{name[1]}' is there twice (first on line {first[name]}); the last one counts."
                self.warnings.append(Finding(message, self.file, line))
            first.setdefault(name, line)
            key = key_node.value if key_node.tag == STR_TAG else self.loader.construct_object(key_node)
            yield key, key_node, value_node


@cache
def task_loader() -> Any:
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
