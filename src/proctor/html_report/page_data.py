"""The data of a page: what its script knows at once, the columns, the texts; as much as the page may hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from proctor.analysis.audit_texts import think_end
from proctor.analysis.own_settings import short_name
from proctor.html_report.collect import Collector, TaskQuestions
from proctor.html_report.columns import ColumnBuffer, add_columns, add_metrics
from proctor.html_report.facts import ReportFacts, ReportOptions
from proctor.html_report.packed import packed_columns, packed_json
from proctor.html_report.page import Block
from proctor.html_report.pieces import run_number
from proctor.html_report.spool import Spool
from proctor.html_report.texts import LEVELS, Level, head_of, text_blocks
from proctor.results.stored_run import StoredRun


@dataclass(frozen=True, slots=True)
class PageData:
    """The blocks of a page's data, and at which level its texts are.

    Attributes:
        blocks: The data.
        level: How much of the texts is there.
        count: How many questions the list has.
        reduced: Whether it is less than was asked for, because of the page's size.
        fits: Whether it is within that size now.
    """

    blocks: tuple[Block, ...]
    level: Level
    count: int
    reduced: bool
    fits: bool = True

    @property
    def size(self) -> int:
        """Bytes in the page."""
        return sum(len(block.text) + len(block.name) + 50 for block in self.blocks)


def page_data(
    facts: ReportFacts, collector: Collector, spool: Spool, options: ReportOptions, room: int
) -> PageData | None:
    """The data of a page.

    Args:
        facts: What there is.
        collector: The questions.
        spool: Their texts.
        options: What is asked for.
        room: Bytes that the data may take.

    Returns:
        None where no run has samples.
    """
    tasks = {name: task for name, task in _ordered(facts, collector) if len(task)}
    if not tasks:
        return None
    buffer = ColumnBuffer()
    groups = sorted({value for task in tasks.values() for value in task.groups}) if options.by else []
    layout = page_columns(len(facts.runs), tasks, buffer, groups)
    columns = Block("columns", packed_columns(buffer.columns))
    asked = _asked(options)
    made = None
    for place, level in enumerate(asked):
        blocks, starts = text_blocks(list(tasks.values()), spool, len(facts.runs), level)
        if level.prompts and level.questions is None:
            blocks.append(Block("heads", packed_json(_heads(tasks))))
        info = Block("info", packed_json(page_info(facts.runs, tasks, layout, starts, level)))
        count = sum(map(len, tasks.values()))
        made = PageData((info, columns, *blocks), level, count, place > 0)
        if made.size <= room:
            return made
    return replace(made, fits=False) if made else None


def _ordered(facts: ReportFacts, collector: Collector) -> list[tuple[str, TaskQuestions]]:
    names = dict.fromkeys(task for run in facts.runs for task in run.tasks)
    return [(name, collector.tasks[name]) for name in names if name in collector.tasks]


def _asked(options: ReportOptions) -> list[Level]:
    """The levels from what was asked for downwards."""
    levels = list(LEVELS)
    if "prompts" in options.without:
        levels = [replace(level, prompts=False) for level in levels[1:]]
    if "answers" in options.without:
        levels = [replace(level, answers=0) for level in levels if level.name != "answers"]
    if "questions" in options.without:
        levels = [replace(level, prompts=False, questions=0) for level in levels]
    return list(dict.fromkeys(levels))


def _heads(tasks: Mapping[str, TaskQuestions]) -> list[dict[int, str]]:
    """Of each task and run, what all its prompts begin with; the first run's is not repeated."""
    found = []
    for task in tasks.values():
        heads = {run: head_of(column.head) for run, column in task.runs.items()}
        first = heads.get(min(heads, default=0), "")
        found.append({run: head for run, head in heads.items() if run == min(heads) or head != first})
    return found


def page_columns(
    runs: int, tasks: Mapping[str, TaskQuestions], buffer: ColumnBuffer, groups: Sequence[str] = ()
) -> dict[str, Any]:
    """Add all columns of a page.

    Args:
        runs: How many runs there are.
        tasks: Their questions by task.
        buffer: Takes the columns.
        groups: The values of the column that was named, in their order.

    Returns:
        Where each begins.
    """
    layout = add_columns(buffer, list(tasks.values()), runs, groups)
    layout["metrics"] = [[add_metrics(buffer, task, run) for run in range(runs)] for task in tasks.values()]
    layout["groups"] = groups
    return layout


def page_info(
    runs: Sequence[StoredRun], tasks: Mapping[str, TaskQuestions], layout: Mapping[str, Any], starts: Sequence[int],
    level: Level = LEVELS[0],
) -> dict[str, Any]:  # fmt: skip
    """What a page's script knows at once.

    Args:
        runs: The runs.
        tasks: Their questions by task.
        layout: Of :func:`page_columns`.
        starts: The first question of each block of texts.
        level: How much of the texts there is.
    """
    first = runs[0]
    groups = [{"name": name, "alias": first.alias(name), "tasks": list(first.leaves(name))} for name in first.groups]
    return {
        "runs": [_run(place, run) for place, run in enumerate(runs)],
        "tasks": [_task(name, task, runs) for name, task in tasks.items()],
        "groups": groups,
        "columns": layout,
        "blocks": starts,
        "level": level.name,
    }


def _run(place: int, run: StoredRun) -> dict[str, str]:
    """A run as the script knows it; ``think`` where its model's settings say what ends its thinking."""
    known = think_end(run)
    return {"number": run_number(place), "name": short_name(run), **({"think": known} if known else {})}


def _task(name: str, task: TaskQuestions, runs: Sequence[StoredRun]) -> dict[str, Any]:
    run = runs[min(task.runs, default=0)]
    around = next((run.alias(group) for group, members in run.groups.items() if name in members), "")
    return {"name": name, "alias": run.alias(name), "group": around, "n": len(task), "labels": list(task.labels)}
