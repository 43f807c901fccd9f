"""All the errors of all the selected task files at once, each with its line.

Files are checked by what they say; with data, every document is rendered too. Nothing is asked
of a model, and of the Python beside task files nothing is run unless that is asked for.
"""

# From names to findings
# ----------------------
#   names -> nodes (each configuration once) -> files of each -> data of each -> shared errors once -> by cause
#
# A key that is wrong is left out of the configuration, and what depends on it is not looked at; without essential keys
# (data, output type) the data are not looked at at all. So one run shows all mistakes that can be seen without mending
# others first.
#
# Code of tasks runs only with --run_task_code, bundled tasks aside: who checks a stranger's folder must be able to do
# it without running the stranger's code. Tasks that were checked in part are counted (``unrun``) and said.

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from proctor.causes import by_cause
from proctor.check.classes import check_class
from proctor.check.documents import check_data
from proctor.check.files import check_group_node, check_task, code_keys
from proctor.errors import Finding, TaskError, UsageError
from proctor.garbage import collection_paused
from proctor.run.progress import OpenProgress, Progress
from proctor.tasks.build_spec import assemble_task
from proctor.tasks.index import Root, TaskIndex, default_index, put_over, read_roots, require_tasks
from proctor.tasks.select import GroupNode, SelectionResult, TaskNode, find
from proctor.tasks.source_map import error_at

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """What was checked and what came out; errors and notes are sorted by file and line."""

    errors: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    tasks: int
    groups: int
    documents: int
    seconds: float
    unrun: int = 0
    """Tasks with Python of their own that was not run: what hangs on it was not checked."""


def validate(
    names: Sequence[str],
    include_paths: Sequence[str] = (),
    *,
    with_data: bool = True,
    run_code: bool = False,
    metadata: Mapping[str, Any] | None = None,
    progress: OpenProgress,
) -> ValidationReport:
    """Check what ``names`` selects; without names, everything under the include paths.

    A name that does not exist is a :class:`UsageError`. Without ``with_data`` no data set is read.
    Without ``run_code`` no Python of a task is run, but for the benchmarks that ship with proctor:
    what hangs on it is left out, and the tasks are counted in ``unrun``.
    """
    started = time.perf_counter()
    checked = _Counts(with_data, run_code and with_data, metadata or {})
    with collection_paused():
        nodes = _find_nodes(names, include_paths, checked)
    every = _each_once(nodes)
    with progress(len(every), "Checking tasks") as display:
        checked.nodes(every, display)
    return ValidationReport(
        errors=by_cause(_without_repeats(checked.errors)),
        notes=by_cause(_without_repeats(checked.notes)),
        tasks=len({node.name for node in every if isinstance(node, TaskNode)}),
        groups=len({node.name for node in every if isinstance(node, GroupNode)}),
        documents=checked.documents,
        unrun=checked.unrun,
        seconds=time.perf_counter() - started,
    )


_ESSENTIAL = {"class", "task", "output_type", "dataset_path", "dataset_name", "dataset_kwargs", "custom_dataset"}
"""Keys without which the data says nothing about the rest."""


class _Counts:
    """Errors, notes and documents so far."""

    def __init__(self, with_data: bool, run_code: bool, metadata: Mapping[str, Any]) -> None:
        self.errors: list[Finding] = []
        self.notes: list[Finding] = []
        self.documents = self.unrun = 0
        self._with_data, self._run_code, self._metadata = with_data, run_code, metadata

    def nodes(self, nodes: Iterable[TaskNode | GroupNode], display: Progress) -> None:
        """Check them one after the other."""
        for node in nodes:
            with overheard() as warnings:
                if isinstance(node, GroupNode):
                    report = check_group_node(node)
                    self.errors += report.errors
                    self.notes += report.notes
                else:
                    self._task(node)
            self.notes += [error_at("task", node, warning, ("metric_list",)) for warning in dict.fromkeys(warnings)]
            display.advance(1)

    def _task(self, node: TaskNode) -> None:
        report = check_task(node)
        self.errors += report.errors
        self.notes += report.notes
        if not self._with_data:
            return
        unusable = report.keys
        # What measures a document is only looked up: no document is measured here.
        if not self._run_code and (foreign := code_keys(node.config) - {"process_results"}):
            self.unrun += 1
            unusable = unusable | foreign
        if not unusable & _ESSENTIAL:
            self._data(node, unusable)

    def _data(self, node: TaskNode, unusable: set[str]) -> None:
        # A key that is wrong is left out, so that the rest can be looked at all the same.
        usable = {key: value for key, value in node.config.items() if key not in unusable}
        try:
            spec = assemble_task(replace(node, config=usable), self._metadata)
            if spec.made_by is None:
                errors, notes, documents = check_data(spec, unusable, run_code=self._run_code)
            else:
                errors, notes, documents = check_class(spec)
        except TaskError as error:
            self.errors += error.errors
        else:
            self.errors += errors
            self.notes += notes
            self.documents += documents


def _find_nodes(names: Sequence[str], include_paths: Sequence[str], checked: _Counts) -> Sequence[TaskNode | GroupNode]:
    given = read_roots(include_paths)
    for root in given:
        _take_root(root, "include path", checked)
    index = put_over(given, default_index())
    if not names:
        return _everything(index, given, checked)
    return _take_selected(find(index, names), checked)


def _everything(index: TaskIndex, given: Sequence[Root], checked: _Counts) -> list[TaskNode | GroupNode]:
    """Every name of the include paths by itself: alone, a task cannot contradict the same task in a group."""
    if not given:
        raise UsageError(
            "There is nothing to check.", hint="Name tasks with --tasks, or a folder of tasks with --include_path."
        )
    own = {root.path for root in given}
    names = [entry.name for entry in index.entries.values() if entry.root in own]
    return [node for name in names for node in _take_selected(find(index, [name]), checked)]


def _take_selected(result: SelectionResult, checked: _Counts) -> tuple[TaskNode | GroupNode, ...]:
    for folder in result.folders:
        _take_root(folder, "folder", checked)
    checked.errors += result.errors
    checked.notes += result.warnings
    return result.selection.nodes


def _take_root(root: Root, what: str, checked: _Counts) -> None:
    """The errors of all of a folder's files; a folder without tasks and without errors is an error."""
    if not root.errors:
        require_tasks(root, what)
    checked.errors += root.errors
    hint = "Say 'task: NAME' or 'group: NAME'; a file to include is best named without .yaml."
    checked.notes += [
        Finding("the file names neither a task nor a group, and no file includes it.", file, 1, hint)
        for file in root.nameless
    ]
    checked.notes += [Finding("the name does not end in .yaml: the file is not read.", file) for file in root.others]


def _each_once(nodes: Iterable[TaskNode | GroupNode]) -> list[TaskNode | GroupNode]:
    """Every node once; a task that a group changes is another one."""
    known: dict[str, list[TaskNode | GroupNode]] = {}
    for node in _all_nodes(nodes):
        same = known.setdefault(node.name, [])
        if not any(other.config == node.config for other in same):
            same.append(node)
    return [node for same in known.values() for node in same]


def _all_nodes(nodes: Iterable[TaskNode | GroupNode]) -> Iterator[TaskNode | GroupNode]:
    for node in nodes:
        yield node
        if isinstance(node, GroupNode):
            yield from _all_nodes(node.members)


class _WarningRecorder(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@contextmanager
def overheard() -> Iterator[list[str]]:
    """What would be logged as a warning, as a list instead."""
    ear, before, propagate = _WarningRecorder(), log.handlers[:], log.propagate
    # Checks call what a run calls, which logs; here each such line must become a note with the task's place.
    log.handlers[:], log.propagate = [ear], False
    try:
        yield ear.heard
    finally:
        log.handlers[:], log.propagate = before, propagate


_OWNER = re.compile(r"(task|group) '([^']*)': ")


def _without_repeats(errors: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sorted; one error that several tasks share through an included file is told once."""
    owners: dict[Finding, list[str]] = {}
    for finding in dict.fromkeys(errors):
        match = _OWNER.match(finding.message)
        if match is None:
            owners.setdefault(finding, [])
            continue
        bare = replace(finding, message=f"{match[1]}{{}}: {finding.message[match.end() :]}")
        owners.setdefault(bare, []).append(match[2])
    merged = [_with_owners(finding, names) for finding, names in owners.items()]
    return tuple(sorted(merged, key=lambda finding: (finding.file or "", finding.line or 0)))


def _with_owners(finding: Finding, names: Sequence[str]) -> Finding:
    if not names:
        return finding
    kind, _, rest = finding.message.partition("{}")
    if len(names) == 1:
        return replace(finding, message=f"{kind} '{names[0]}'{rest}")
    shown = ", ".join(f"'{name}'" for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return replace(finding, message=f"{kind}s {shown}{more}{rest}")
