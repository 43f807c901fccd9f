"""What proctor says of lm-eval's task folder, in the form of `compat_peer.py`. Run by proctor's interpreter.

python tools/compat_own.py files OUT.json ROOT
python tools/compat_own.py verdict OUT.json ROOT
python tools/compat_own.py code OUT.json ROOT PROCESSES
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from compat_forks import folders, in_forks, in_words, kind, no_downloads, once, plain, write

from proctor.errors import Finding, ProctorError
from proctor.refs import Ref
from proctor.tasks.build_spec import build_task
from proctor.tasks.dump import whole_config
from proctor.tasks.groups import build_group
from proctor.tasks.index import TaskIndex, build_index, read_root
from proctor.tasks.select import GroupNode, TaskNode, find
from proctor.tasks.spec import TaskSpec


class Corpus:
    """A folder of tasks, with the names of files as they stand below it."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self.index: TaskIndex = build_index([self.root], defaults=False)

    def relative(self, file: str) -> str:
        """A file's path below the folder."""
        return os.path.relpath(os.path.realpath(file), self.root)

    def names(self) -> dict[str, Any]:
        """Every name with its kind, file, tags and members."""
        found: dict[str, dict[str, Any]] = {"tasks": {}, "groups": {}, "tags": {}}
        for entry in self.index.entries.values():
            row: dict[str, Any] = {"file": os.path.relpath(entry.file, self.root)}
            if entry.kind == "task":
                row["tags"] = sorted(entry.tags)
            found[f"{entry.kind}s"][entry.name] = row
        found["tags"] = {tag: list(members) for tag, members in self.index.tags.items()}
        return found

    def node(self, name: str) -> TaskNode | GroupNode:
        """What a name leads to; the errors on the way are raised."""
        found = find(self.index, [name])
        if found.errors:
            raise _Faulty(found.errors)
        return found.selection.nodes[0]

    def view(self, node: TaskNode) -> dict[str, Any]:
        """A task's whole configuration, built without its data; of a class task, what the class is given."""
        spec = build_task(node)
        if "class" in spec.raw:
            whole: Mapping[str, Any] = {**spec.raw, "metadata": spec.metadata}
        else:
            # lm-eval fills in 0 only after the data is loaded.
            whole = {**whole_config(spec), "num_fewshot": spec.fewshot.n}
        return {key: plain(value, self._function) for key, value in whole.items() if value is not None}

    def _function(self, value: Any) -> str | None:
        return self.reference(value) if isinstance(value, Ref) else None

    def reference(self, ref: Ref) -> str:
        """A ``!function`` as folder and text."""
        return os.path.join(self.relative(ref.folder), ref.name).removeprefix("./")

    def tree(self, node: GroupNode, alone: Mapping[str, Any]) -> dict[str, Any]:
        """A group with its members; a task that the group does not change is only named."""
        spec = build_group(node)
        members: dict[str, Any] = {}
        for member in node.members:
            if isinstance(member, GroupNode):
                members[member.name] = self.tree(member, alone)
            else:
                view = self.view(member)
                members[member.name] = None if view == alone.get(member.name) else view
        said = node.config.get("aggregate_metric_list") or ()
        metrics = [plain(entry["metric"], self._function) for entry in ([said] if isinstance(said, Mapping) else said)]
        return {
            "alias": spec.alias,
            "version": spec.version,
            "aggregates": [
                {
                    "metric": metric,
                    "filter_list": None if entry.filters is None else list(entry.filters),
                    "weight_by_size": entry.weight_by_size,
                }
                for metric, entry in zip(metrics, spec.aggregates, strict=True)
            ],
            "members": members,
        }


class NoData(BaseException):
    """Raised where data would be loaded."""


def _no_data(*_: Any, **__: Any) -> Any:
    raise NoData


class _Faulty(ProctorError):
    def __init__(self, errors: Sequence[Finding]) -> None:
        super().__init__("; ".join(finding.message for finding in errors))


def read_files(root: str) -> dict[str, Any]:
    """The index, and the configuration of every task and group."""
    corpus = Corpus(root)
    names = corpus.names()
    tasks = {name: _task(corpus, name) for name in names["tasks"]}
    groups = {name: _group(corpus, name, tasks) for name in names["groups"]}
    twice = [[entry.name, *map(corpus.relative, (entry.file, file))] for entry, file in read_root(Path(root)).twice]
    return {"root": corpus.root, "names": names, "tasks": tasks, "groups": groups, "twice": twice}


def _task(corpus: Corpus, name: str) -> dict[str, Any]:
    try:
        node = corpus.node(name)
        return corpus.view(node) if isinstance(node, TaskNode) else {"error": "a group"}
    except ProctorError as error:
        return in_words(error)


def _group(corpus: Corpus, name: str, alone: Mapping[str, Any]) -> dict[str, Any]:
    try:
        node = corpus.node(name)
        return corpus.tree(node, alone) if isinstance(node, GroupNode) else {"error": "a task"}
    except ProctorError as error:
        return in_words(error)


def read_verdict(root: str) -> dict[str, Any]:
    """What ``proctor validate --no_data`` says of the whole folder."""
    from proctor.run.progress import open_progress
    from proctor.validate import validate

    verdict = validate((), [root], with_data=False, progress=open_progress)
    real = os.path.realpath(root)
    rows = {
        part: [
            [
                os.path.relpath(os.path.realpath(finding.file), real) if finding.file else "",
                finding.line,
                finding.message,
            ]
            for finding in errors
        ]
        for part, errors in (("errors", verdict.errors), ("notes", verdict.notes))
    }
    return {**rows, "tasks": verdict.tasks, "groups": verdict.groups, "seconds": verdict.seconds}


def read_code(root: str, processes: int) -> dict[str, Any]:
    """Every reference resolved and every task's metrics and filters found, folder by folder."""
    no_downloads()
    import datasets
    import sklearn.metrics  # noqa: F401
    import transformers  # noqa: F401

    datasets.load_dataset = _no_data
    corpus = Corpus(root)
    files = {entry.name: entry.file for entry in corpus.index.of_kind("task")}
    grouped = folders(files)
    done = in_forks({folder: _job(corpus, names) for folder, names in grouped.items()}, processes)
    merged: dict[str, Any] = {"functions": {}, "tasks": {}}
    for folder, found in done.items():
        if "error" in found:
            found = {"tasks": dict.fromkeys(grouped[folder], found)}
        for part, rows in found.items():
            merged[part].update(rows)
    return merged


def _job(corpus: Corpus, names: Sequence[str]) -> Callable[[], dict[str, Any]]:
    def job() -> dict[str, Any]:
        nodes = [node for name in names for node in find(corpus.index, [name]).selection.leaves()]
        refs = once([replace(ref, file=None, line=None) for node in nodes for ref in _refs(node.config)])
        functions = {corpus.reference(ref): _resolve(ref) for ref in refs}
        return {"functions": functions, "tasks": {node.name: _live(node) for node in nodes}}

    return job


def _refs(value: Any) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    return [ref for item in items for ref in _refs(item)]


def _resolve(ref: Ref) -> dict[str, Any]:
    try:
        return {"kind": kind(ref.resolve())}
    except Exception as error:  # noqa: BLE001 - whatever a file does is what is asked here
        return in_words(error)


def _live(node: TaskNode) -> dict[str, Any]:
    try:
        spec = build_task(node)
        for ref in _refs(node.config):
            # lm-eval does so when it builds a task.
            ref.resolve()
        return {"metrics": _measures(spec)} if spec.made_by is None else {"class": _made(spec)}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a file does is what is asked here
        return in_words(error)


def _made(spec: TaskSpec) -> str:
    """The class of a task that is written as one, made up to its data."""
    from proctor.tasks.class_object import make_object

    try:
        return type(make_object(spec)).__name__
    except Exception as error:
        if not _asked_for_data(error):
            raise
        return spec.made_by.resolve().__name__


def _asked_for_data(error: BaseException | None) -> bool:
    """Whether :class:`NoData` is at the bottom of an error: proctor turns it into one of its own."""
    while error is not None and not isinstance(error, NoData):
        error = error.__cause__
    return error is not None


def _measures(spec: TaskSpec) -> dict[str, Any]:
    from proctor.tasks.bind_spec import bind_filters, bind_metrics

    bind_filters(spec)
    return {
        use.name: [use.aggregation_name or getattr(use.aggregation, "__name__", "?"), use.higher_is_better]
        for use in bind_metrics(spec)
    }


def main() -> int:
    """Do one part and leave it in the file."""
    logging.getLogger("proctor").setLevel(logging.ERROR)
    part, out, root = sys.argv[1:4]
    if part == "code":
        write(out, read_code(root, int(sys.argv[4])))
    else:
        write(out, {"files": read_files, "verdict": read_verdict}[part](root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
