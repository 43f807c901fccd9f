"""Models by tasks: each score with its interval, and which one is the best beyond noise."""

# A table of several models invites to read the largest number of a row as the winner. So a score is marked as the best
# only where the comparison of the two best runs, on the same documents and corrected for all tests of the table, says
# that it is better; else the row has no best. Scores are those of ``audit``, verdicts those of ``compare``.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from proctor.analysis.audit import audit_run
from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions, Comparison
from proctor.analysis.groups import group_mean
from proctor.analysis.lost_scores import lost_scores
from proctor.analysis.own_settings import run_labels
from proctor.analysis.row_names import RowName, row_names
from proctor.analysis.run_audit import AuditOptions, GroupAudit, RunAudit, ScoreAudit, TaskAudit
from proctor.analysis.task_scores import Metric
from proctor.analysis.verdicts import Judgement, Verdict
from proctor.errors import ProctorError, UsageError
from proctor.results.stored_run import StoredRun
from proctor.stats.intervals import Interval, Z, normal_interval

RowKind: TypeAlias = Literal["task", "group", "macro", "part"]
"""A task; a group over its documents (micro); a group or all tasks as the mean over tasks; a value of ``--by``."""


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """The score of one model in one row.

    Attributes:
        score: The score; above chance as a share of what is possible, where that is asked for.
        interval: At 95 %; None where there is none.
        n: Documents; None: not known.
        mark: Before the score, where it is not that of all documents.
    """

    score: float
    interval: Interval | None
    n: int | None
    mark: str = ""

    @property
    def half(self) -> float | None:
        """Half the width of the interval."""
        return None if self.interval is None else (self.interval[1] - self.interval[0]) / 2


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One row of the table.

    Attributes:
        name: The task's or group's name.
        alias: What it is called below its group.
        label: What it is called where groups are not around it; no two rows have one.
        depth: How many groups are around it.
        kind: What it is.
        metric: Metric and filter; None where no run has any.
        cells: Of each run; None where it has no score.
        best: The run whose score is better than the second best beyond noise; None: there is none.
    """

    name: str
    alias: str
    depth: int
    kind: RowKind
    metric: Metric | None
    cells: tuple[ScoreCell | None, ...]
    label: str
    best: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Models by tasks.

    Attributes:
        models: What each run is called, each name once.
        runs: The runs.
        rows: In the order of the first run.
        notes: What is to be known beside the numbers.
    """

    models: tuple[str, ...]
    runs: tuple[StoredRun, ...]
    rows: tuple[ScoreRow, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreTableOptions:
    """What a table is asked for.

    Attributes:
        metric: As of an audit.
        tasks: Names or patterns of tasks and groups; none: all.
        by: A column of the documents by which scores are divided.
        chance_corrected: Whether scores are (score - chance) / (1 - chance).
    """

    metric: str | None = None
    tasks: tuple[str, ...] = ()
    by: str | None = None
    chance_corrected: bool = False


def score_table(runs: Sequence[StoredRun], options: ScoreTableOptions | None = None) -> ScoreTable:
    """The scores of runs side by side.

    Args:
        runs: At least one.
        options: What is asked for.

    Raises:
        UsageError: There is no run, or no score of what was named.
        DataError: A samples file cannot be read.
    """
    options = options or ScoreTableOptions()
    if not runs:
        raise UsageError("A table takes one run or more.", hint="proctor table RUN ...")
    asked = AuditOptions(metric=options.metric, tasks=options.tasks, by=options.by)
    audits = [audit_run(run, asked) for run in runs]
    comparison, notes = _comparison(runs, options)
    rows = [_with_best(row, comparison, runs) for row in _rows(runs, audits, options)]
    lost = list(lost_scores(audits, run_labels(runs)))
    if not any(cell for row in rows for cell in row.cells):
        sentences = " ".join(["The runs have no score of what was named.", *lost])
        raise UsageError(sentences, hint="'proctor audit RUN' shows what there is.")
    notes += lost
    if options.chance_corrected and not all(cell is not None for row in rows for cell in row.cells):
        notes.append("Scores whose chance is not known are left out.")
    return ScoreTable(run_labels(runs), tuple(runs), tuple(rows), tuple(notes))


def _comparison(runs: Sequence[StoredRun], options: ScoreTableOptions) -> tuple[Comparison | None, list[str]]:
    if len(runs) < 2:
        return None, []
    try:
        # Without pairing tasks across names: a row of the table has one name.
        asked = CompareOptions(metric=options.metric, tasks=options.tasks, pair_tasks=("none",))
        return compare_runs(runs, asked), []
    except ProctorError as error:
        return None, [f"No score is marked as the best: {error.message}"]


# ---------------------------------------------------------------- rows

_Part = GroupAudit | TaskAudit


def _rows(runs: Sequence[StoredRun], audits: Sequence[RunAudit], options: ScoreTableOptions) -> list[ScoreRow]:
    parts = [{**{one.group: one for one in audit.groups}, **{one.task: one for one in audit.tasks}} for audit in audits]
    made = list[ScoreRow]()
    scored = {name for one in parts for name, part in one.items() if _score(part)}
    for row in row_names(runs, scored):
        made += _rows_of(row, [one.get(row.name) for one in parts], options, parts)
    return [
        *made,
        *_means([row for row in made if row.kind == "task"], any(row.kind == "group" for row in made), options),
    ]


def _rows_of(
    row: RowName,
    parts: Sequence[_Part | None],
    options: ScoreTableOptions,
    known: Sequence[Mapping[str, _Part]],
) -> Iterator[ScoreRow]:
    first = next(part for part in parts if part is not None)
    scores = [_score(part) for part in parts]
    metric = next(score.metric for score in scores if score)
    # Runs may have other metrics of a task first: a row compares one.
    scores = [score if score and score.metric == metric else None for score in scores]
    chances = [_chance(part) for part in parts]
    cells = [_cell(score, chance, options) for score, chance in zip(scores, chances, strict=True)]
    kind: RowKind = "group" if isinstance(first, GroupAudit) else "task"
    yield ScoreRow(row.name, row.alias, row.depth, kind, metric, tuple(cells), row.label)
    if isinstance(first, GroupAudit):
        macros = tuple(
            _macro(part, options, mine) if isinstance(part, GroupAudit) else None
            for part, mine in zip(parts, known, strict=True)
        )
        if any(macros):
            mean = f"(mean of {len(first.tasks)} tasks)"
            yield ScoreRow(row.name, mean, row.depth, "macro", metric, macros, f"{row.label} {mean}")
    if options.by is not None:
        yield from _parts_by(row, parts, metric)


def _score(part: GroupAudit | TaskAudit | None) -> ScoreAudit | None:
    return part.score if isinstance(part, GroupAudit) else part.main if part is not None else None


def _chance(part: GroupAudit | TaskAudit | None) -> float | None:
    return part.choices.chance.chance if part is not None and part.choices and part.choices.chance else None


def _cell(score: ScoreAudit | None, chance: float | None, options: ScoreTableOptions) -> ScoreCell | None:
    if score is None:
        return None
    return _corrected(ScoreCell(score.score, score.interval, score.n, score.mark), chance, options)


def _corrected(cell: ScoreCell, chance: float | None, options: ScoreTableOptions) -> ScoreCell | None:
    """The cell as it is, or above chance: linear in the score, so the ends of the interval go along."""
    if not options.chance_corrected:
        return cell
    if chance is None or chance >= 1:
        return None
    low_high = None
    if cell.interval is not None:
        low_high = (cell.interval[0] - chance) / (1 - chance), (cell.interval[1] - chance) / (1 - chance)
    return ScoreCell((cell.score - chance) / (1 - chance), low_high, cell.n, cell.mark)


def _macro(part: GroupAudit, options: ScoreTableOptions, known: Mapping[str, _Part]) -> ScoreCell | None:
    mean = part.mean
    if mean is None:
        return None
    # Above chance it is as linear as a score where all tasks have one chance; of others it would need each of them.
    chances = {_chance(known.get(task)) for task in part.tasks}
    chance = chances.pop() if len(chances) == 1 else None
    return _corrected(_mean_cell(mean.macro, mean.macro_stderr, part.score.n, part.score.mark), chance, options)


def _parts_by(
    row: RowName, parts: Sequence[GroupAudit | TaskAudit | None], metric: Metric | None
) -> Iterator[ScoreRow]:
    known: list[Mapping[str | None, ScoreCell]] = [
        {cell.value: ScoreCell(cell.score, cell.interval, cell.n) for cell in part.cells.cells}
        if part is not None and part.cells is not None
        else {}
        for part in parts
    ]
    for value in dict.fromkeys(value for one in known for value in one):
        shown, cells = "(none)" if value is None else value, tuple(one.get(value) for one in known)
        label = f"{row.label}: {shown}"
        yield ScoreRow(row.name, f"{row.alias}: {shown}", row.depth + 1, "part", metric, cells, label)


def _means(tasks: Sequence[ScoreRow], grouped: bool, options: ScoreTableOptions) -> Iterator[ScoreRow]:
    """Over all tasks, where they are in no group and have one metric: by documents and by tasks."""
    metrics = {row.metric[0] for row in tasks if row.metric}
    if grouped or len(tasks) < 2 or len(metrics) != 1 or options.chance_corrected:
        return
    micro, macro = list[ScoreCell | None](), list[ScoreCell | None]()
    for cells in zip(*(row.cells for row in tasks), strict=True):
        known = [cell for cell in cells if cell is not None and cell.n]
        if len(known) < len(tasks):
            micro.append(None)
            macro.append(None)
            continue
        sizes, halves = [cell.n or 0 for cell in known], [cell.half for cell in known]
        mean = group_mean(sizes, [cell.score for cell in known], [half and half / Z for half in halves])
        mark = next((cell.mark for cell in known if cell.mark), "")
        micro.append(_mean_cell(mean.micro, mean.micro_stderr, sum(sizes), mark))
        macro.append(_mean_cell(mean.macro, mean.macro_stderr, sum(sizes), mark))
    metric = tasks[0].metric
    all_label, mean_label = "all documents (micro)", f"mean of {len(tasks)} tasks (macro)"
    yield ScoreRow("", all_label, 0, "group", metric, tuple(micro), all_label)
    yield ScoreRow("", mean_label, 0, "macro", metric, tuple(macro), mean_label)


def _mean_cell(score: float, stderr: float | None, n: int | None, mark: str) -> ScoreCell:
    # The sequence of a run that stopped early is of another mean: this one has no interval.
    return ScoreCell(score, normal_interval(score, stderr) if stderr and not mark else None, n, mark)


# ---------------------------------------------------------------- the best


def _with_best(row: ScoreRow, comparison: Comparison | None, runs: Sequence[StoredRun]) -> ScoreRow:
    if comparison is None or row.metric is None or row.kind not in ("task", "group") or not row.name:
        return row
    scored = [(cell.score, at) for at, cell in enumerate(row.cells) if cell is not None]
    if len(scored) < 2:
        return row
    higher = runs[scored[0][1]].higher_is_better(row.name, row.metric[0])
    scored.sort(reverse=higher)
    best, second = scored[0][1], scored[1][1]
    found = _judgement(comparison, row.name, best, second)
    wanted = Verdict.BETTER if best > second else Verdict.WORSE  # verdicts are on the later run of a pair
    clear = found is not None and found.verdict is wanted
    return replace(row, best=best if clear else None)


def _judgement(comparison: Comparison, name: str, one: int, other: int) -> Judgement | None:
    pair = next(pair for pair in comparison.pairs if {pair.a, pair.b} == {one, other})
    tasks = {task.task: task.judgement for task in pair.tasks}
    groups = {group.group: group.judgement for group in pair.groups}
    return tasks.get(name, groups.get(name))
