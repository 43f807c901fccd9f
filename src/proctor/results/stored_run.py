"""A run as its files have it: settings, scores, and samples that are read one at a time."""

# What identifies a document
# --------------------------
# Two runs are compared document by document. A document's number is no identity: --limit, --samples or another version
# of a data set number the same documents differently, and other documents equally. So a document is
# (task, doc_hash, k), doc_hash being SHA-256 of its JSON and k counting equal hashes of the task in the order of the
# file. Files of lm-eval before 0.4.3 have no hashes: there it is (task, doc_id), and ``Sample.hashed`` says so.
#
# One document has a line for each filter, and (proctor's runs with several orders of the options) for each variant.
# Variants beside the first one are other prompts of the same document: they are no further documents and are left out.
#
# Lines of lm-eval before 0.4.7 do not name their filter; the filters follow each other in the order of the task's
# ``filter_list``, so the n-th line of a doc_id is of the n-th filter.

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from proctor.errors import DataError
from proctor.results.archives import UnpackedFolder
from proctor.results.read import read_samples
from proctor.results.schema import OTHER_ERRORS

Identity: TypeAlias = tuple[str | int, int]
"""A document within its task: its hash (or its number, where the file has no hashes), and which of equal ones it is."""

Reader: TypeAlias = Callable[[Path], Iterable[tuple[int, Any]]]
_FACTS = frozenset(
    {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "doc_hash", "prompt_hash",
     "target_hash", "error", "variant"}
)  # fmt: skip
"""Keys of a sample that are no metrics."""


class Sample(NamedTuple):
    """One document under one filter.

    Attributes:
        doc_id: The document's number in its split.
        identity: What it is found by in another run.
        hashed: Whether ``identity`` comes from the document's text.
        filter: The filter's name.
        metrics: What each metric gave for the document; nothing where it could not be scored.
        line: All that the file says, by lm-eval's keys.
    """

    doc_id: int
    identity: Identity
    hashed: bool
    filter: str
    metrics: Mapping[str, Any]
    line: Mapping[str, Any]

    @property
    def prompt_hash(self) -> str | None:
        """SHA-256 of the first prompt; None where the file does not have it."""
        return self.line.get("prompt_hash")

    @property
    def prompt(self) -> str:
        """The first prompt; empty where the file does not have its text."""
        given = self.line.get("arguments")
        first = next(iter(given.values()), None) if isinstance(given, dict) else given[0] if given else None
        values = list(first.values()) if isinstance(first, dict) else first
        return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else ""


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """How a run ended before all documents of a group or task were asked.

    Attributes:
        scope: The group or task that was stopped as one.
        asked: Documents of it that were asked.
        documents: All of them.
        seed: Of the order in which they were asked.
    """

    scope: str
    asked: int
    documents: int
    seed: int


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run out of its files.

    Attributes:
        name: The model's name.
        source: What was read: a results file, or a samples file without one, as a path or a place in an archive.
        stamp: When the files were written, as their names say; "" where they do not.
        document: The results file's content; empty sections where there is only a samples file.
        samples_files: The samples files by task.
        folder: What keeps the unpacked files of an archive until nobody needs them.
    """

    name: str
    source: str
    stamp: str
    document: Mapping[str, Any]
    samples_files: Mapping[str, Path]
    folder: UnpackedFolder | None = field(default=None, repr=False, compare=False)

    def section(self, *names: str) -> Mapping[str, Any]:
        """A section of the results file; empty where it is not there, or is something else.

        Args:
            names: The way to it from the top: ``"configs", "mmlu_anatomy"``.
        """
        value: Any = self.document
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks, in the order of the results."""
        groups = set(self.groups)
        names = [*self.section("results"), *self.samples_files]
        return tuple(dict.fromkeys(name for name in names if name not in groups))

    @property
    def groups(self) -> Mapping[str, Sequence[str]]:
        """Direct members of each group, in the order of the file."""
        members = self.section("group_subtasks")
        lists = {name: inside for name, inside in members.items() if isinstance(inside, list) and inside}
        return {name: [one for one in inside if isinstance(one, str)] for name, inside in lists.items()}

    def leaves(self, group: str) -> tuple[str, ...]:
        """The tasks of a group at any depth.

        Args:
            group: Its name.
        """
        groups, seen = self.groups, set[str]()

        def below(name: str) -> Iterator[str]:
            # A group that contains itself can stand in a file that was edited.
            if name in seen:
                return
            seen.add(name)
            if name not in groups:
                yield name
            for member in groups.get(name, ()):
                yield from below(member)

        return tuple(below(group))

    def tree(self) -> Iterator[tuple[str, int]]:
        """Groups and tasks as tables have them, each with its depth: members below their group, tasks of none last."""
        groups, seen = self.groups, set[str]()
        inside = {member for members in groups.values() for member in members}

        def below(name: str, depth: int) -> Iterator[tuple[str, int]]:
            if name in seen:
                return
            seen.add(name)
            yield name, depth
            for member in groups.get(name, ()):
                yield from below(member, depth + 1)

        for root in (*groups, *self.tasks):
            if root not in inside:
                yield from below(root, 0)
        # What is only in a group that contains itself, in a file that was edited.
        for name in (*groups, *self.tasks):
            yield from below(name, 0)

    def config(self, task: str) -> Mapping[str, Any]:
        """A task's configuration as it was run; empty where it is not known.

        Args:
            task: Its name.
        """
        return self.section("configs", task)

    def alias(self, name: str) -> str:
        """What the table calls a task or group.

        Args:
            name: Its name.
        """
        return str(self.section("results", name).get("alias") or name).lstrip(" -")

    def higher_is_better(self, task: str, metric: str) -> bool:
        """Whether more is better; so where the file does not say.

        Args:
            task: The task or group.
            metric: The metric.
        """
        return self.section("higher_is_better", task).get(metric) is not False

    def scores(self, name: str) -> Mapping[tuple[str, str], float]:
        """The finite scores that the results file has of a task or group, by metric and filter.

        Args:
            name: The task or group.
        """
        return _scores(self.section("results", name), stderr=False)

    def stderrs(self, name: str) -> Mapping[tuple[str, str], float]:
        """The standard errors of :meth:`scores`, where the file has them.

        Args:
            name: The task or group.
        """
        return _scores(self.section("results", name), stderr=True)

    def early_stop(self, name: str) -> EarlyStop | None:
        """How asking of a group or task ended early; None where all of it was asked, or a file does not say.

        Args:
            name: The task or group.
        """
        rule = self.section("config", "early_stop")
        scopes, leaves = rule.get("scopes"), set(self.leaves(name)) if rule else set[str]()
        for one in scopes if isinstance(scopes, list) else ():
            if not isinstance(one, dict) or not one.get("stopped"):
                continue
            tasks = one.get("tasks")
            # A group within a stopped one has all its tasks there.
            if name == one.get("name") or (isinstance(tasks, list) and leaves <= set(map(str, tasks))):
                numbers = [one.get("asked"), one.get("documents"), rule.get("seed")]
                if all(isinstance(number, int) for number in numbers):
                    return EarlyStop(str(one.get("name")), *numbers)
        return None

    def sequence_interval(self, name: str, metric: tuple[str, str]) -> tuple[float, float] | None:
        """The interval of a score of a run that stopped early; None where it has none.

        Args:
            name: The task or group.
            metric: Metric and filter.
        """
        rows = self.section("proctor").get("scores")
        for one in rows if isinstance(rows, list) else ():
            if not isinstance(one, dict) or one.get("method") != "sequence" or one.get("name") != name:
                continue
            ends = one.get("interval")
            if (one.get("metric"), one.get("filter")) == metric and isinstance(ends, list) and len(ends) == 2:
                low, high = map(number_of, ends)
                return None if low is None or high is None else (low, high)
        return None

    def samples(self, task: str, *, variants: bool = False, read: Reader = read_samples) -> Iterator[Sample]:
        """A task's samples, one at a time in the order of the file; none where there is no samples file.

        Args:
            task: Its name.
            variants: Whether lines of further orders of the options are wanted, with their document's identity.
            read: Reads the lines; somebody may want to know where they lie.

        Raises:
            DataError: The file cannot be read, or a line of it is no sample.
        """
        if (file := self.samples_files.get(task)) is not None:
            yield from _samples(file, read, _filter_names(self.config(task)), variants=variants)


def _scores(entry: Mapping[str, Any], *, stderr: bool) -> Mapping[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for key, value in entry.items():
        metric, comma, name = key.partition(",")
        if metric.endswith(OTHER_ERRORS) or metric == "bypass":  # lm-eval: a run that only predicts has no score
            continue
        number = number_of(value) if comma and metric.endswith("_stderr") == stderr else None
        if number is not None and math.isfinite(number):
            found[metric.removesuffix("_stderr") if stderr else metric, name] = number
    return found


def number_of(value: Any) -> float | None:
    """A value of JSON as a number (true and false are 1 and 0: some metrics give them); None of anything else.

    Args:
        value: The value; an integer may be larger than any float.
    """
    if type(value) is float:
        return value
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _filter_names(config: Mapping[str, Any]) -> Sequence[str]:
    filters = config.get("filter_list")
    named = (one for one in filters if isinstance(one, dict)) if isinstance(filters, list) else ()
    return [str(one.get("name")) for one in named] or ["none"]


def _samples(file: Path, read: Reader, filters: Sequence[str], *, variants: bool) -> Iterator[Sample]:
    equal: dict[tuple[str, str | int], int] = {}
    lines_of: Counter[int] = Counter()
    met: dict[tuple[str, int], Identity] = {}
    for number, line in read(file):
        if not isinstance(line, dict) or not isinstance(doc_id := line.get("doc_id"), int) or abs(doc_id) >> 63:
            raise DataError(f"Line {number} of {file} is no sample: it has no whole number of 64 bits as 'doc_id'.")
        if line.get("variant"):
            if variants and (one := met.get((str(line.get("filter")), doc_id))) is not None:
                yield Sample(doc_id, one, True, str(line["filter"]), _metrics(line), line)
            continue
        name = line.get("filter")
        if not isinstance(name, str):
            name = filters[min(lines_of[doc_id], len(filters) - 1)]
            lines_of[doc_id] += 1
        mark: str | int = key if isinstance(key := line.get("doc_hash"), str) else doc_id
        identity = (mark, nth := equal.get((name, mark), 0))
        equal[name, mark] = nth + 1
        if variants:
            met[name, doc_id] = identity
        yield Sample(doc_id, identity, isinstance(key, str), name, _metrics(line), line)


def _metrics(line: Mapping[str, Any]) -> Mapping[str, Any]:
    names = line.get("metrics")
    # lm-eval before 0.4.7: whatever is no fact of the document is a metric.
    known = names if isinstance(names, list) else [key for key in line if key not in _FACTS]
    return {name: line[name] for name in known if isinstance(name, str) and name in line}
