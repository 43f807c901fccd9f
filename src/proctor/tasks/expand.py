"""Groups and tags spelt out: which tasks they mean, under which overrides.

A group's own keys are few; every other key of a group, and every key of a member that names
something, overrides the tasks below. Overrides replace whole keys, the outer group's come over
the inner one's, and a member's own come over both.
"""

# Overrides on the way down
# -------------------------
#   group: outer            num_fewshot: 5            (its own keys, less GROUP_KEYS, override all tasks below)
#     - group: inner        num_fewshot: 3            member's keys: over outer's and over inner's
#         - task: a         repeats: 2                member's keys: over all of them
#
#   task a = a.yaml < keys of inner.yaml < keys of outer.yaml < keys of the member   (later replaces whole keys)
#
# Places travel with keys (YamlFile.over), so an error in an overridden key is shown where the override stands.
# Invariant: one name is one task. A task that is reached twice must have one configuration; results are stored by name.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.errors import Finding, TaskError, did_you_mean
from proctor.stock.names import stock_task_hint
from proctor.tasks.index import Entry, TaskIndex
from proctor.tasks.kinds import is_older_form, kind_of, name_error
from proctor.tasks.nodes import GroupNode, Node, TaskNode, differing_keys
from proctor.tasks.source_map import EMPTY, KeyPath, Location, SourceMap, YamlFile
from proctor.tasks.yaml import load_task_yaml, resolve_includes

GROUP_KEYS = frozenset({"group", "group_alias", "task", "aggregate_metric_list", "metadata"})
_NOT_A_TASKS = ("tag", "group", "task_list")
_DEFINES_A_TASK = frozenset({"dataset_path", "custom_dataset", "include", "class"})


INLINE = "inline"
"""What lm-eval calls the file of a configuration that stands in none."""


@dataclass(frozen=True, slots=True)
class _Context:
    """Where in a group tree we are: the groups above, and what they override."""

    chain: tuple[str, ...] = ()
    overrides: YamlFile = EMPTY
    requested_at: Location | None = None


class Expander:
    """Builds nodes from names and mappings, and collects every error on the way."""

    def __init__(self) -> None:
        self.errors: list[Finding] = []
        self._tasks: dict[str, TaskNode] = {}
        # Nodes of names without overrides, by file and name: the file, since another folder may define the name, too.
        self._plain: dict[tuple[str, str], Sequence[Node]] = {}
        self.warnings: dict[Finding, None] = {}

    def by_name(self, index: TaskIndex, name: str, context: _Context | None = None) -> Sequence[Node]:
        """The nodes of a registered name: one for a task or group, any number for a tag."""
        context = context or _Context()
        entry = index.entry(name)
        if entry is None:
            return [node for task in index.tagged(name) for node in self.by_name(index, task, context)]
        self.warnings.update(dict.fromkeys(index.unused.get(name, ())))
        plain = not context.overrides.values
        if plain and (entry.file, name) in self._plain:
            return self._plain[entry.file, name]
        nodes = self._from_file(index, name, entry.file, context)
        if plain:
            self._plain[entry.file, name] = nodes
        return nodes

    def by_file(self, index: TaskIndex, file: str) -> Sequence[Node]:
        """The node of a YAML file given by its path."""
        return self._from_file(index, None, file, _Context())

    def by_values(self, index: TaskIndex, values: Mapping[str, Any]) -> Sequence[Node]:
        """The nodes of a configuration that a script gives as a mapping.

        With the name of something registered and nothing that defines a task, its keys come over
        the registered ones.
        """
        try:
            content = resolve_includes(YamlFile(dict(values), SourceMap({})), INLINE)
        except TaskError as error:
            self._add(*error.errors)
            return []
        kind = kind_of(content.values)
        name = content.values.get(kind or "task")
        if kind is None or not isinstance(name, str):
            self._add(Finding(f"a configuration names neither a task nor a group: {_short(dict(values))}.", INLINE))
            return []
        if kind == "group" and "task" in content.values:
            return self._group(index, name, content, INLINE, _Context())
        if _DEFINES_A_TASK & content.values.keys():
            return self._task(name, content, INLINE, None)
        if name in index:
            return self.by_name(index, name, _Context((), content.drop(("task", "group"))))
        hint = did_you_mean(name, index.names) or "A task that is defined here needs at least dataset_path."
        self._add(Finding(f"'{name}' is no task, group or tag.", INLINE, None, hint))
        return []

    def _from_file(self, index: TaskIndex, name: str | None, file: str, context: _Context) -> Sequence[Node]:
        try:
            content = load_task_yaml(file)
        except TaskError as error:
            self._add(*error.errors)
            return []
        self.warnings.update(dict.fromkeys(content.warnings))
        kind = kind_of(content.values)
        own = content.values.get(kind or "task")
        if kind is None or not isinstance(own, str) or not own.strip():
            self._add(_no_name(content, kind, file))
            return []
        if kind == "group":
            return self._group(index, name or own, content, file, context)
        if is_older_form(content.values):
            self.warnings[_older_form(content, file)] = None
        return self._task(name or own, context.overrides.over(content), file, context.requested_at)

    def _task(self, name: str, content: YamlFile, file: str, requested_at: Location | None) -> Sequence[TaskNode]:
        own = content.drop(_NOT_A_TASKS)
        node = TaskNode(name, {**own.values, "task": name}, own.places, file)
        known = self._tasks.setdefault(name, node)
        differing = [] if known is node else differing_keys(known, node)
        if differing:
            place = requested_at or node.places.get((differing[0],))
            self._add(
                Finding(
                    f"the task '{name}' is selected twice and differs in {', '.join(differing)}.",
                    place.file if place else file,
                    place.line if place else None,
                    "Results are kept by name: select it once, or give one of the two a name of its own.",
                )
            )
        return [known]

    def _group(self, index: TaskIndex, name: str, content: YamlFile, file: str, context: _Context) -> Sequence[Node]:
        if name in context.chain:
            circle = " -> ".join((*context.chain[context.chain.index(name) :], name))
            place = context.requested_at or Location(file, 1)
            self._add(Finding(f"the group '{name}' contains itself: {circle}.", place.file, place.line))
            return []
        # The outer group's keys come over this group's: ``context.overrides`` is the upper layer.
        overrides = context.overrides.over(content.drop((*GROUP_KEYS, "include")))
        inside = _Context((*context.chain, name), overrides)
        items = content.values.get("task")
        if isinstance(items, str | dict):
            # lm-eval makes an empty group of this; a list of one is what is meant.
            members = list(self._member(index, items, ("task",), content, file, inside))
        else:
            members = [
                node
                for position, item in enumerate(items if isinstance(items, list) else ())
                for node in self._member(index, item, ("task", position), content, file, inside)
            ]
        # lm-eval: a group without members loads; it cannot be asked (check_group).
        if items and not isinstance(items, str | dict | list):
            place = content.place("task") or content.place("group") or Location(file, 1)
            hint = "List the names of tasks, groups or tags under 'task:'."
            self._add(Finding(f"the group '{name}' has no members.", place.file, place.line, hint))
        # lm-eval: a member that is listed twice counts once.
        unique = tuple({member.name: member for member in members}.values())
        own = content.keep(GROUP_KEYS)
        return [GroupNode(name, {**own.values, "group": name}, unique, own.places, file)]

    def _member(
        self, index: TaskIndex, item: Any, path: KeyPath, group: YamlFile, file: str, context: _Context
    ) -> Sequence[Node]:
        """The nodes of one member of a group: a name, or a mapping that names or defines something."""
        place = group.place(*path) or Location(file, 1)
        context = _Context(context.chain, context.overrides, place)
        parent = context.chain[-1]
        if isinstance(item, str):
            return self._named(index, item, EMPTY, file, context)
        if isinstance(item, dict):
            content = group.part(path)
            if isinstance(item.get("group"), str):
                return self._subgroup(index, item["group"], content, file, context)
            if isinstance(item.get("task"), str):
                return self._named(index, item["task"], content, file, context)
        self._add(
            Finding(
                f"a member of the group '{parent}' names neither a task nor a group: {_short(item)}.",
                place.file,
                place.line,
                "A member is a name, or a mapping with 'task: NAME' or 'group: NAME'.",
            )
        )
        return []

    def _subgroup(self, index: TaskIndex, name: str, content: YamlFile, file: str, context: _Context) -> Sequence[Node]:
        """``- group: NAME``: a registered group under overrides, or a group defined here."""
        if "task" in content.values:
            return self._group(index, f"{context.chain[-1]}::{name}", content, file, context)
        if name in index:
            return self._named(index, name, content, file, context)
        self._unknown(index, name, context)
        return []

    def _named(self, index: TaskIndex, name: str, own: YamlFile, file: str, context: _Context) -> Sequence[Node]:
        """A member that names something registered, with ``own`` keys over it, or defines a task."""
        overrides = own.drop(("task", "group")).over(context.overrides)
        entry = index.entry(name)
        if entry is not None and entry.kind == "group":
            group_keys, leaf_keys = _split_keys(own)
            below = _Context(context.chain, leaf_keys.over(context.overrides), context.requested_at)
            return [_with_keys(node, group_keys) for node in self.by_name(index, name, below)]
        if entry is not None or index.tagged(name):
            return self.by_name(index, name, _Context(context.chain, overrides, context.requested_at))
        if not own.values or not _DEFINES_A_TASK & overrides.values.keys():
            self._unknown(index, name, context, defining=bool(own.values))
            return []
        try:
            # A task that is defined within a group: its include is relative to the file of the group.
            content = resolve_includes(overrides, context.requested_at.file if context.requested_at else file)
        except TaskError as error:
            self._add(*error.errors)
            return []
        return self._task(f"{context.chain[-1]}::{name}", content, file, context.requested_at)

    def _unknown(self, index: TaskIndex, name: str, context: _Context, *, defining: bool = False) -> None:
        place = context.requested_at or Location("", 0)
        message = f"the group '{context.chain[-1]}' names '{name}', which is no task, group or tag."
        stock = None if index.stock is None else stock_task_hint(name)
        hint = stock or did_you_mean(name, index.names)
        if hint is None and defining:
            hint = "A task that is defined here needs at least dataset_path."
        self._add(Finding(message, place.file, place.line, hint))

    def _add(self, *errors: Finding) -> None:
        self.errors.extend(finding for finding in errors if finding not in self.errors)


def _older_form(content: YamlFile, file: str) -> Finding:
    place = content.place("group") or Location(file, 1)
    message = "'group:' beside 'task:' is an older form of 'tag:', and is read as a tag; write 'tag:' instead."
    return Finding(message, place.file, place.line)


def _no_name(content: YamlFile, kind: str | None, file: str) -> Finding:
    """The error of a file that has no name in text."""
    if kind is None or kind not in content.values:
        hint = did_you_mean_key(content.values) or "Add the line 'task: NAME'."
        return Finding("the file names neither a task nor a group.", file, 1, hint)
    message, hint = name_error(kind, content.values[kind])
    place = content.place(kind)
    return Finding(message, *((place.file, place.line) if place else (file, 1)), hint)


def did_you_mean_key(values: Mapping[str, Any]) -> str | None:
    """The key that was probably meant to be ``task`` or ``group``."""
    for key in values:
        hint = did_you_mean(key, ("task", "group")) if isinstance(key, str) else None
        if hint:
            return f"There is a key {key!r}. {hint}"
    return None


def _split_keys(own: YamlFile) -> tuple[YamlFile, YamlFile]:
    """A member's keys that are the group's own (its alias is one), and those for the tasks below."""
    rest = own.drop(("task", "group"))
    if "task_alias" in rest.values and "group_alias" not in rest.values:
        alias = rest.keep(("task_alias",))
        place = alias.place("task_alias")
        places: dict[str, dict[KeyPath, Location]] = {"group_alias": {("group_alias",): place}} if place else {}
        renamed = YamlFile({"group_alias": alias.values["task_alias"]}, SourceMap(places))
        rest = renamed.over(rest.drop(("task_alias",)))
    return rest.keep(GROUP_KEYS), rest.drop(GROUP_KEYS)


def _with_keys(node: Node, keys: YamlFile) -> Node:
    if not keys.values or isinstance(node, TaskNode):
        return node
    merged = keys.over(YamlFile(dict(node.config), _as_places(node.places)))
    return GroupNode(node.name, merged.values, node.members, merged.places, node.file)


def _as_places(places: Mapping[KeyPath, Location]) -> SourceMap:
    return places if isinstance(places, SourceMap) else SourceMap({})


def _short(item: Any) -> str:
    text = repr(item)
    return text if len(text) <= 60 else f"{text[:57]}..."


def folder_tops(index: TaskIndex, names: Mapping[str, Entry]) -> list[str]:
    """The names among ``names`` that no group among them contains: groups first, in the order of their files."""
    inner: set[str] = set()
    groups = [entry for entry in names.values() if entry.kind == "group"]
    for entry in groups:
        try:
            members = set(_mentioned(load_task_yaml(entry.file).values.get("task")))
        except TaskError:
            continue
        tagged = {task for name in members - names.keys() for task in index.tagged(name)}
        inner |= (members | tagged) - {entry.name}
    tops = [entry for entry in names.values() if entry.name not in inner]
    # Groups that only contain each other: expanding them says so.
    return [entry.name for entry in sorted(tops or groups, key=lambda entry: entry.kind != "group")]


def _mentioned(value: Any) -> Iterator[str]:
    """Every name in a group's member list, those of groups defined within it included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _mentioned(item)
    elif isinstance(value, dict):
        yield from _mentioned(value.get("task"))
        if isinstance(value.get("group"), str):
            yield value["group"]
