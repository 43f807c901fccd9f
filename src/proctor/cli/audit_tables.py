"""An audit on a terminal and in Markdown: a table of scores with what they are worth, then sentences by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctor.analysis.audit_text import Part, brief_line, inner_warnings, part_lines, parts_of
from proctor.analysis.baseline_text import label
from proctor.analysis.predicted_score import predicted_lines
from proctor.analysis.row_names import row_names
from proctor.analysis.run_audit import GroupAudit, RunAudit, ScoreAudit, TaskAudit
from proctor.analysis.stored_draws import draws_lines
from proctor.analysis.task_scores import name_of
from proctor.analysis.variant_sentences import SHOWN, variant_sentences
from proctor.analysis.wording import number, span
from proctor.cli.cells import largest, value_text
from proctor.cli.ls import markdown_table
from proctor.cli.text_tables import aligned_table
from proctor.errors import printable
from proctor.plurals import counted

HEADERS = ("", "metric", "n", "score", "95 %", "chance", "above", "constant", "longest", "ECE", "by chance", "MDE")
LEGEND = (
    "95 %: Wilson's interval of a share, else the mean's; a group's follows from its tasks. above: the score corrected "
    "for chance. constant: always the best position.",
    "ECE: calibration error, beside what chance gives on these documents. MDE: the difference to another model that is "
    "found four times in five, if 20 % of documents differ.",
)


def audit_lines(audit: RunAudit, *, markdown: bool = False) -> list[str]:
    """The whole audit.

    Args:
        audit: The run.
        markdown: Whether it is for Markdown.
    """
    rows = list(_rows(audit))
    used = [i for i in range(len(HEADERS)) if i < 5 or any(row[i] for row in rows)]
    headers, rows = [HEADERS[i] for i in used], [[row[i] for i in used] for row in rows]
    table = markdown_table(headers, rows) if markdown else aligned_table(headers, rows, left=(0, 1))
    lines = [f"{printable(audit.run.name)}  {printable(audit.run.source)}", "", table.rstrip("\n"), ""]
    lines += [*LEGEND, ""] if not markdown else [f"{line}\n" for line in LEGEND]
    said = parts_of(audit)
    for part, title in zip(said, _titles(audit, said), strict=True):
        lines += [f"{'**' * markdown}{printable(title)}{'**' * markdown}"]
        lines += [f"{'- ' if markdown else '  '}{printable(line)}" for line in part_lines(part)]
        lines.append("")
    lines += [f"{'- ' if markdown else ''}{printable(line)}" for line in inner_warnings(audit, said)]
    further = {"of all documents": predicted_lines(audit.predicted), "over runs": draws_lines(audit.draws)}
    for title, sentences in further.items():
        if found := list(sentences):
            lines += [*([""] if lines[-1] else []), f"{'**' * markdown}{title}{'**' * markdown}"]
            lines += [f"{'- ' if markdown else '  '}{printable(line)}" for line in found]
    lines += _variant_lines(variant_sentences(audit.run), after=lines[-1], markdown=markdown)
    return [*lines, *_cell_lines(said, markdown=markdown)]


def _titles(audit: RunAudit, parts: Sequence[Part]) -> list[str]:
    """What parts are called outside of the tree."""
    names = [part.group if isinstance(part, GroupAudit) else part.task for part in parts]
    labels = {row.name: row.label for row in row_names([audit.run], names)}
    return [labels[name] for name in names]


def _variant_lines(sentences: Sequence[str], *, after: str, markdown: bool) -> Iterator[str]:
    """What the run itself found of its documents in other orders and formulations."""
    if not sentences:
        return
    yield from ([""] if after else [])
    yield f"{'**' * markdown}in other orders and formulations{'**' * markdown}"
    yield from (f"{'- ' if markdown else '  '}{printable(line)}" for line in sentences[:SHOWN])
    if len(sentences) > SHOWN:
        yield f"  and {counted(len(sentences) - SHOWN, 'more sentence')} (--json has all)"


def _cell_lines(parts: Sequence[GroupAudit | TaskAudit], *, markdown: bool) -> Iterator[str]:
    """The scores of each part by the values of a column: the largest cells, in the order of their values."""
    for part in parts:
        cells = part.cells
        if cells is None or cells.one_each:
            continue
        shown = largest(cells.cells, [cell.n for cell in cells.cells])
        rows = [
            (value_text(cell.value), f"{cell.n:,}", number(cell.score),
             "none" if cell.interval is None else span(cell.interval, 3), "few documents" if cell.few else "")
            for cell in shown
        ]  # fmt: skip
        headers = (f"{part.alias} by {cells.column}", "n", "score", "95 %", "")
        table = markdown_table(headers, rows) if markdown else aligned_table(headers, rows, left=(0, 4))
        yield from ("", table.rstrip("\n"))
        if len(cells.cells) > len(shown):
            yield f"and {counted(len(cells.cells) - len(shown), 'smaller one')} (--json has all)"


def brief_lines(audit: RunAudit) -> list[str]:
    """One line a part.

    Args:
        audit: The run.
    """
    return [printable(line) for part in parts_of(audit) if (line := brief_line(part)) is not None]


def _rows(audit: RunAudit) -> Iterator[Sequence[str]]:
    groups, tasks = {one.group: one for one in audit.groups}, {one.task: one for one in audit.tasks}
    for row in row_names([audit.run], {**groups, **tasks}):
        title = "  " * row.depth + row.alias
        if row.name in groups:
            group = groups[row.name]
            yield _row(title, group.score, group)
            if group.clean is not None:
                yield _row("", group.clean, None)
        else:
            task = tasks[row.name]
            if task.main is None:
                yield (title, "", "", "—", "", *[""] * 7)
            for place, score in enumerate(task.scores):
                yield _row("" if place else title, score, None if place else task)
            yield from (_row("", score, None) for score in task.clean)


def _row(title: str, score: ScoreAudit, part: GroupAudit | TaskAudit | None) -> Sequence[str]:
    cells = [
        title,
        name_of(score.metric),
        "" if score.n is None else f"{score.n:,}",
        f"{score.mark}{number(score.score)}",
    ]
    cells.append("none" if score.interval is None else span(score.interval, 3))
    choices = part.choices if part else None
    chance, majority = (choices.chance, choices.majority) if choices else (None, None)
    cells += ["" if chance is None else number(chance.chance, 3)]
    cells += ["" if chance is None or chance.corrected.value is None else number(chance.corrected.value, 3)]
    cells += ["" if majority is None else f"{label(majority.position)} {number(majority.baseline.acc, 3)}"]
    cells += ["" if choices is None or choices.longest is None else number(choices.longest.acc, 3)]
    confidence = choices.confidence if choices else None
    cells += ["" if confidence is None else number(confidence.calibration.ece, 3)]
    cells += ["" if confidence is None else number(confidence.null.expected, 3)]
    return [*cells, number(part.detectable, 3) if part and part.detectable is not None else ""]
