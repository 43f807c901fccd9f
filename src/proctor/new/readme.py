"""The README of a new task: what was read, what was guessed, what is worth knowing, and what to type."""

from __future__ import annotations

from collections.abc import Sequence

from proctor.new.plan import TaskPlan
from proctor.plurals import counted

MOST_BAD = 50
"""Rows that were left out, and are listed."""


def readme(plan: TaskPlan, names: Sequence[str]) -> str:
    """The text of README.md.

    Args:
        plan: The task.
        names: What can be run.
    """
    parts = [
        f"# {plan.request.name}",
        _read(plan),
        _guesses(plan),
        _checks(plan),
        _left_out(plan),
        _commands(plan, names),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _read(plan: TaskPlan) -> str:
    total = counted(len(plan.evaluated), "document")
    lines = [f"{total}, written by `proctor new` from:", ""]
    lines += [f"- `{file.path}`, SHA-256 `{file.sha256}`" for file in plan.source.files] or [
        f"- `{plan.request.source}`"
    ]
    lines += ["", *[f"- {note}" for note in plan.notes]] if plan.notes else []
    return "\n".join(lines)


def _guesses(plan: TaskPlan) -> str:
    rows = [f"| {what} | {value} | {how} |" for what, value, how in guesses(plan)]
    return "\n".join(["## How it was read", "", "| | column | |", "|---|---|---|", *rows])


def guesses(plan: TaskPlan) -> list[tuple[str, str, str]]:
    """What was taken for what: the name of the flag that changes it, the value, and how it was found.

    Args:
        plan: The task.
    """
    layout, answers = plan.layout, plan.answers
    rows = [
        ("question", layout.question, layout.by.get("question", "")),
        ("choices", ", ".join(layout.choices), layout.by.get("choices", "")),
        ("answer", layout.answer, layout.by.get("answer", "")),
    ]
    base = "" if answers.base is None else f", counted from {answers.base}"
    said = plan.request.chosen.answer_form is not None or plan.request.chosen.answer_base is not None
    rows.append(("answer_form", f"{answers.form}{base}", "by flag" if said else "by what all rows hold"))
    for role in ("context", "group", "id", "split"):
        column = getattr(layout, role)
        if column is not None and (role != "group" or None not in plan.documents):
            rows.append((role, column, layout.by.get(role, "")))
    rows.append(("language", plan.language, "by flag" if plan.request.language else "by the questions' letters"))
    return rows


def _checks(plan: TaskPlan) -> str:
    marks = {"warning": "**Look at this**: ", "note": ""}
    return "\n".join(["## What was checked", "", *[f"- {marks[one.level]}{one.text}." for one in plan.remarks]])


def _left_out(plan: TaskPlan) -> str:
    if not plan.bad:
        return ""
    lines = [f"- {row}" for row in plan.bad[:MOST_BAD]]
    more = [f"- and {len(plan.bad) - MOST_BAD:,} more"] if len(plan.bad) > MOST_BAD else []
    return "\n".join([f"## Left out: {counted(len(plan.bad), 'row')}", "", *lines, *more])


def _commands(plan: TaskPlan, names: Sequence[str]) -> str:
    scored = [name for name, style in zip(names, plan.styles, strict=True) if style != "chat"]
    chats = [name for name, style in zip(names, plan.styles, strict=True) if style == "chat"]
    lines = [f"proctor validate --include_path . --tasks {','.join(names)}"]
    lines += [f"proctor preview --include_path . --tasks {name} --limit 1" for name in names[:1]]
    if scored:
        lines.append(
            f"proctor run --model hf --model_args pretrained=MODEL --include_path . --tasks {','.join(scored)}"
        )
    if chats:
        lines += [
            "proctor run --model local-chat-completions --model_args model=MODEL,base_url=http://localhost:8000/v1 \\",
            f"    --apply_chat_template --include_path . --tasks {','.join(chats)}",
        ]
    lines += [
        "",
        "# lm-evaluation-harness 0.4.13 reads the same files; paths of data count from the folder it starts in:",
    ]
    first = scored[0] if scored else f"{chats[0]} --apply_chat_template"
    lines.append(f"lm_eval --model hf --model_args pretrained=MODEL --include_path . --tasks {first}")
    lines += ["", "# the source has changed:", f"proctor new ../{plan.request.name} --update"]
    return "\n".join(["## Commands", "", "In this folder:", "", "```sh", *lines, "```"])
