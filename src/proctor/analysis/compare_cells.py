"""Two runs by the values of a column: the documents of each group, or of each task that is in none, divided."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace

from proctor.analysis.by_column import CellComparison, DividedComparison, differences_by, divided
from proctor.analysis.comparison import CompareOptions, GroupComparison, TaskComparison, members_of
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.draws import source_of
from proctor.analysis.paired import PairedDifference, paired_difference
from proctor.analysis.sequences import ANYTIME
from proctor.analysis.verdicts import directed
from proctor.results.stored_run import StoredRun


def divided_comparisons(
    run: StoredRun, tasks: Sequence[TaskComparison], groups: Sequence[GroupComparison], options: CompareOptions
) -> Iterator[DividedComparison]:
    """The differences of each part by the column of ``options.by``.

    Args:
        run: The first run, which says what is in which group.
        tasks: The tasks that were compared.
        groups: The groups that were compared.
        options: What is asked for.
    """
    if options.by is None:
        return
    inside = members_of(run, groups)
    roots = [one for one in groups if one.group not in inside]
    in_roots = {task for one in roots for task in one.tasks}
    for group in roots:
        members = [one for one in tasks if one.task in group.tasks]
        yield from _divided(group.group, group.alias, members, options)
    for task in tasks:
        if task.task not in in_roots:
            yield from _divided(task.task, task.alias, [task], options)


def _divided(
    name: str, alias: str, tasks: Sequence[TaskComparison], options: CompareOptions
) -> Iterator[DividedComparison]:
    # A perplexity of some documents is no mean of theirs, and of a run that stopped early a fixed number is no number.
    tested = [
        one for one in tasks
        if one.pairs and one.pairs.cells and one.result and one.metric and one.metric[0] not in STATISTICS
        and one.result.test not in ANYTIME
    ]  # fmt: skip
    rows: list[tuple[float, float, Hashable]] = []
    by: list[str | None] = []
    clustered = False
    for one in tested:
        pairs = one.pairs
        if pairs is None or pairs.cells is None:
            continue
        clustered = clustered or pairs.clusters is not None
        units = [(one.task, unit) for unit in pairs.clusters or pairs.keys]
        rows += zip(pairs.a, pairs.b, units, strict=True)
        by += pairs.cells
    if not rows or tested[0].metric is None or options.by is None:
        return
    higher = tested[0].higher_is_better

    def compare(a: Sequence[float], b: Sequence[float], units: Sequence[Hashable]) -> PairedDifference:
        source = source_of(options.seed, name, str(len(a)), "by column")
        return paired_difference(b, a, units if clustered else None, source=source)

    cells = differences_by(divided(rows, by), compare, options.correction, options.margin)
    left_out = tuple(one.task for one in tasks if one.result and one.result.test in ANYTIME)
    directions = tuple(_directed(one, higher) for one in cells)
    yield DividedComparison(name, alias, tested[0].metric, options.by, directions, left_out)


def _directed(one: CellComparison, higher_is_better: bool) -> CellComparison:
    return one if one.judgement is None else replace(one, judgement=directed(one.judgement, higher_is_better))
