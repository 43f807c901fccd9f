"""What ``proctor new`` shows before it writes: what was read, what was taken for what, what is worth knowing."""

from __future__ import annotations

from proctor.cli.text_tables import aligned_table, fitting
from proctor.errors import printable
from proctor.new.checks import letter
from proctor.new.documents import NewDocument
from proctor.new.plan import TaskPlan
from proctor.new.readme import guesses
from proctor.plurals import counted

ROWS_SHOWN, WIDTH = 3, 28
BAD_SHOWN = 5


def plan_lines(plan: TaskPlan) -> list[str]:
    """All that is shown of a task before it is written.

    Args:
        plan: The task.
    """
    read = "".join(f"; {note}" for note in plan.notes)
    total = f"{counted(len(plan.evaluated), 'document')}{_splits(plan)}"
    lines = [
        f"{printable(plan.request.source)}: {total}{printable(read)}",
        "",
    ]
    lines += [aligned_table(*_table(plan), left=range(6)), ""]
    unused = _unused(plan)
    if unused:
        lines += [f"Kept in the data, not shown to the model: {', '.join(map(printable, unused))}", ""]
    if plan.layout.group is not None and None in plan.documents:
        subjects = len({document.group for document in plan.evaluated})
        column = printable(plan.layout.group)
        lines += [f"{column!r} may be the subject ({subjects:,} of them): --group {column} makes a task of each", ""]
    marks = {"warning": "Warning: ", "note": "  "}
    lines += [f"{marks[one.level]}{printable(one.text)}" for one in plan.remarks]
    if plan.bad:
        lines += ["", f"Left out: {counted(len(plan.bad), 'row')}"]
        lines += [f"  {printable(str(row))}" for row in plan.bad[:BAD_SHOWN]]
        lines += (
            [f"  and {len(plan.bad) - BAD_SHOWN:,} more; README.md lists them"] if len(plan.bad) > BAD_SHOWN else []
        )
    return lines


def _splits(plan: TaskPlan) -> str:
    parts = [f" in {counted(len(plan.documents), 'subject')}"] if None not in plan.documents else []
    examples = sum(len(splits.get("dev", ())) for splits in plan.documents.values())
    return "".join([*parts, f", and {counted(examples, 'few-shot example')}" if examples else ""])


def _table(plan: TaskPlan) -> tuple[list[str], list[list[str]]]:
    shown = plan.evaluated[:ROWS_SHOWN]
    headers = ["flag", "taken", "how", *[document.place for document in shown]]
    return headers, [
        [f"--{flag}", clipped(value), how, *[_cell(document, flag) for document in shown]]
        for flag, value, how in guesses(plan)
    ]


def _cell(document: NewDocument, flag: str) -> str:
    golds = ", ".join(letter(gold) for gold in document.golds)
    values = {
        "question": document.question,
        "choices": " | ".join(document.options),
        "answer": f"{golds} ({document.options[document.golds[0]]})",
        "context": document.context,
        "group": document.group or "",
        "id": document.id,
        "split": document.split or "",
    }
    return clipped(values.get(flag, ""))


def clipped(text: str, width: int = WIDTH) -> str:
    """A text on one line that takes no more columns than ``width``; wide letters take two.

    Args:
        text: Any text.
        width: Columns of a terminal.
    """
    return fitting(" ".join(printable(text).split()), width)


def _unused(plan: TaskPlan) -> list[str]:
    return list(dict.fromkeys(name for document in plan.evaluated[:1] for name in document.others))
