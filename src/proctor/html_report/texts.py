"""The texts of the list in blocks: what is shown of a question when it is scrolled to, read or searched."""

# A block has at most 2,048 questions and about a megabyte, so that one that is scrolled to is there at once, and a
# response of a megabyte does not delay its neighbours. How much is in it is a level: the page has a largest size, and
# what is worth least is left out first.
#
# Documents and prompts of an exam, with references in the place of question and options, are few different texts. They
# stand once in the block's table, and rows have their numbers in it.

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.html_report.cells import State
from proctor.html_report.collect import TaskQuestions
from proctor.html_report.packed import as_json, packed_json
from proctor.html_report.page import Block
from proctor.html_report.references import parts_of, shortened
from proctor.html_report.spool import Spool

QUESTIONS = 2048
CHARACTERS = 1_000_000
LONG_ANSWER, SHORT_QUESTION, SAMPLE = 2_000, 160, 500


@dataclass(frozen=True, slots=True)
class Level:
    """How much of the texts a page has.

    Attributes:
        prompts: Whether prompts are there.
        answers: Characters of a response; None: all; 0: none.
        only_some: Whether only questions that a run got wrong, and a sample of the others, have texts.
        questions: Characters of a question; None: all of it, with its document; 0: none.
        name: What is left out more than at the level before: a key of strings.
    """

    prompts: bool = True
    answers: int | None = None
    only_some: bool = False
    questions: int | None = None
    name: str = "all"


LEVELS = (
    Level(),
    Level(prompts=False, name="prompts"),
    Level(prompts=False, answers=LONG_ANSWER, name="answers"),
    Level(prompts=False, answers=LONG_ANSWER, only_some=True, name="some"),
    Level(prompts=False, answers=LONG_ANSWER, only_some=True, questions=SHORT_QUESTION, name="short"),
    Level(prompts=False, answers=0, questions=0, name="none"),
)
"""From all to nothing."""


def chosen(tasks: Sequence[TaskQuestions], level: Level) -> Collection[int] | None:
    """The questions that have texts, by their place among all; None: all.

    Args:
        tasks: In their order.
        level: What is wanted.
    """
    if not level.only_some:
        return None
    wrong, others, start = set[int](), list[int](), 0
    for task in tasks:
        for place in range(len(task)):
            cells = [column.cells[place] for column in task.runs.values() if place < len(column.cells)]
            is_right = all(cell is None or cell.state in (State.RIGHT, State.PLAIN) for cell in cells)
            others.append(start + place) if is_right else wrong.add(start + place)
        start += len(task)
    return wrong | set(random.Random(0).sample(others, min(SAMPLE, len(others))))


def text_blocks(tasks: Sequence[TaskQuestions], spool: Spool, runs: int, level: Level) -> tuple[list[Block], list[int]]:
    """The blocks.

    Args:
        tasks: In their order.
        spool: Where their texts are.
        runs: How many runs there are.
        level: How much of them is wanted.

    Returns:
        Blocks named ``texts-I``, and ``run-R-I`` of what run R has of its own; and the first question of each.
    """
    if level.questions == 0 and level.answers == 0:
        return [], []
    wanted, blocks, starts = chosen(tasks, level), list[Block](), list[int]()
    rows: list[Any] = []
    table: dict[str, int] = {}
    own: list[list[Any]] = [[] for _ in range(runs)]
    size, count = 0, 0

    def close() -> None:
        nonlocal rows, own, size, table
        if rows:
            number = len(starts)
            starts.append(count - len(rows))
            blocks.append(Block(f"texts-{number}", packed_json({"table": ["", *table], "rows": rows})))
            blocks.extend(Block(f"run-{run}-{number}", packed_json(mine)) for run, mine in enumerate(own) if any(mine))
        rows, own, size, table = [], [[] for _ in range(runs)], 0, {}

    for row, mine in _rows(tasks, spool, runs, level, wanted):
        length = _characters(row) + sum(_characters(one) for one in mine if one)
        if len(rows) >= QUESTIONS or (rows and size + length > CHARACTERS):
            close()
        rows.append([*row[:2], *[table.setdefault(text, len(table) + 1) if text else 0 for text in row[2:4]], *row[4:]])
        for run, one in enumerate(mine):
            own[run].append(one)
        size, count = size + length, count + 1
    close()
    return blocks, starts


def _characters(row: Sequence[Any]) -> int:
    return sum(len(text) for text in row if isinstance(text, str))


def _rows(
    tasks: Sequence[TaskQuestions], spool: Spool, runs: int, level: Level, wanted: Collection[int] | None
) -> Iterator[tuple[list[Any], list[Any]]]:
    number = 0
    for task in tasks:
        heads = {run: head_of(column.head) for run, column in task.runs.items()}
        first = min(task.runs, default=0)
        for place in range(len(task)):
            if wanted is not None and number not in wanted:
                yield [0], [0] * runs
            else:
                yield _texts(task, place, spool, level, heads.get(first, ""), runs, heads)
            number += 1


def _texts(
    task: TaskQuestions, place: int, spool: Spool, level: Level, head: str, runs: int, heads: dict[int, str]
) -> tuple[list[Any], list[Any]]:
    """A row of ``[question, options, document, prompt, target]``, and of each run what only it has.

    That is ``[response, filtered, prompt]``, and what other filters took out of the response where there are any.
    """
    question, options, document, prompt, target = spool.get(task.texts[place])
    parts = parts_of(question, options or [])
    if level.questions == 0:
        row: list[Any] = [0]
    elif level.questions is not None:
        row = [question[: level.questions], 0, 0, 0, 0]
    else:
        # A document is JSON: what stands in it are the texts as JSON has them.
        inside = [one for letter, part in parts for one in _in_json(letter, part)]
        rest = shortened(prompt[len(head) :], parts) if level.prompts and prompt else 0
        row = [question, options or 0, shortened(document, inside), rest, target or 0]
    mine: list[Any] = []
    for run in range(runs):
        column = task.runs.get(run)
        at = column.extras.get(place) if column else None
        mine.append(0 if at is None else _own(spool.get(at), level, heads.get(run, ""), parts))
    return row, mine


def _in_json(letter: str, part: str) -> Iterator[tuple[str, str]]:
    """A part as a text of JSON; a question also within one, because spaces around it are not shown."""
    yield letter, as_json(part)
    if letter == "q":
        yield "r", as_json(part)[1:-1]


def _own(texts: list[Any], level: Level, head: str, parts: Sequence[tuple[str, str]]) -> list[Any] | int:
    response, filtered, prompt, *more = texts
    others: dict[str, str] = more[0] if more else {}
    if level.answers is not None:
        if isinstance(response, str):
            response = response[: level.answers] if level.answers else None
        filtered = filtered[: level.answers] if filtered and level.answers else None
        others = {name: text[: level.answers] for name, text in others.items()} if level.answers else {}
    shown = shortened(prompt[len(head) :], parts) if prompt and level.prompts and level.questions is None else 0
    found = [response if response is not None else 0, filtered if filtered is not None else 0, shown]
    if not any(one != 0 for one in found):
        return 0
    return [*found, others] if others else found


def head_of(common: str | None) -> str:
    """What prompts begin with alike, up to the end of a line.

    Args:
        common: The longest common beginning of all prompts of a task.
    """
    text = common or ""
    return text[: text.rfind("\n") + 1]
