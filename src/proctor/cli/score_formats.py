"""A table of scores as Markdown, CSV, TSV, LaTeX, HTML and JSON: models by tasks or tasks by models."""

# A cell is "0.5118 ± 0.0083", and bold where the score is the best beyond noise. CSV and TSV have the two numbers in
# columns of their own and nothing else in their cells, so that a spreadsheet reads numbers. JSON has all digits.

from __future__ import annotations

import csv
import html
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor.analysis.score_table import ScoreCell, ScoreRow, ScoreTable
from proctor.analysis.task_scores import name_of
from proctor.analysis.wording import number
from proctor.errors import printable

Lines: TypeAlias = Literal["models", "tasks"]
"""What has a line of its own in a table."""

MOST_COLUMNS = 6
"""Rows of scores up to which they stand side by side as columns, and each model is a line."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell as it is written: its text, whether it is bold."""

    text: str
    bold: bool = False


def formatted(table: ScoreTable, form: str, lines: Lines | None = None) -> str:
    """The table in one of :data:`FORMATS`.

    Args:
        table: The scores.
        form: Its name.
        lines: What has a line; None: models where there are few columns, else tasks.
    """
    lines = lines or ("models" if len(table.rows) <= MOST_COLUMNS else "tasks")
    return FORMATS[form](table, lines)


def _text(cell: ScoreCell | None) -> str:
    if cell is None:
        return ""
    return f"{cell.mark}{number(cell.score)}" + ("" if cell.half is None else f" ± {number(cell.half)}")


def _cells(row: ScoreRow) -> list[_Cell]:
    return [_Cell(_text(cell), at == row.best) for at, cell in enumerate(row.cells)]


def _label(row: ScoreRow, indent: str) -> str:
    return indent * row.depth + printable(row.alias)


def _grid(table: ScoreTable, lines: Lines, indent: str = "  ") -> tuple[list[str], list[list[_Cell]]]:
    """Headers and lines of a table for reading."""
    models = [printable(name) for name in table.models]
    if lines == "tasks":
        rows = [
            [_Cell(_label(row, indent)), _Cell(_metric(row)), _Cell(_count(row)), *_cells(row)] for row in table.rows
        ]
        return ["Task", "Metric", "n", *models], rows
    headers = ["Model", *[f"{printable(row.label)} ({_metric(row)})" for row in table.rows]]
    columns = [_cells(row) for row in table.rows]
    return headers, [[_Cell(name), *[column[at] for column in columns]] for at, name in enumerate(models)]


def _metric(row: ScoreRow) -> str:
    return "" if row.metric is None else name_of(row.metric)


def _count(row: ScoreRow) -> str:
    """Documents; a range where the runs have other numbers of them."""
    counts = sorted({cell.n for cell in row.cells if cell is not None and cell.n})
    return "" if not counts else f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,}–{counts[-1]:,}"


def _markdown(table: ScoreTable, lines: Lines) -> str:
    from proctor.cli.ls import markdown_table

    headers, rows = _grid(table, lines)
    made = markdown_table(
        [header.replace("|", r"\|") for header in headers],
        [[f"**{cell.text}**" if cell.bold else cell.text for cell in row] for row in rows],
    )
    return made + "".join(f"\n{printable(note)}\n" for note in _notes(table))


def _notes(table: ScoreTable) -> list[str]:
    notes = ["± is half the 95 % interval."]
    if len(table.models) > 1:
        notes[0] += " Bold: better than the second best on the same documents, beyond noise."
    return [*notes, *table.notes]


def _separated(table: ScoreTable, lines: Lines, separator: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    if lines == "tasks":
        writer.writerow(["task", "metric", "n", *[part for name in table.models for part in (name, f"{name} ±")]])
        for row in table.rows:
            writer.writerow([row.label, _metric(row), _count(row).replace(",", ""), *_numbers(row.cells)])
    else:
        writer.writerow(["model", *[part for row in table.rows for part in (row.label, f"{row.label} ±")]])
        for at, name in enumerate(table.models):
            writer.writerow([name, *_numbers([row.cells[at] for row in table.rows])])
    return out.getvalue()


def _numbers(cells: Sequence[ScoreCell | None]) -> list[str]:
    pairs = [(None, None) if cell is None else (cell.score, cell.half) for cell in cells]
    return ["" if part is None else number(part) for pair in pairs for part in pair]


# What TeX reads as more than a letter; "|" is a dash in its usual font.
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\u00a0": "~", "–": "--", "−": "$-$",
        "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
        "\n": " ", "\t": " ",
    }
)  # fmt: skip


def _latex(table: ScoreTable, lines: Lines) -> str:
    headers, rows = _grid(table, lines, "\u00a0\u00a0")
    left = 2 if lines == "tasks" else 1
    body = [_tex_start(" & ".join(_tex(cell) for cell in row)) + r" \\" for row in rows]
    parts = [
        "% \\usepackage{booktabs}",
        rf"\begin{{tabular}}{{{'l' * left}{'r' * (len(headers) - left)}}}",
        r"\toprule",
        " & ".join(header.translate(_TEX) for header in headers) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        *[f"% {' '.join(printable(note).split())}" for note in _notes(table)],
    ]
    return "\n".join(parts) + "\n"


def _tex_start(line: str) -> str:
    """A line of a table: after the end of the one before it, TeX takes ``[`` for a length and ``*`` for a command's."""
    return f"{{}}{line}" if line.startswith(("[", "*")) else line


def _tex(cell: _Cell) -> str:
    text = cell.text.translate(_TEX).replace(" ± ", r" $\pm$ ")
    return rf"\textbf{{{text}}}" if cell.bold else text


def _html(table: ScoreTable, lines: Lines) -> str:
    headers, rows = _grid(table, lines, "\u00a0\u00a0")
    head = "".join(f'<th scope="col">{html.escape(header)}</th>' for header in headers)
    body = "\n".join(f"<tr>{_html_row(row)}</tr>" for row in rows)
    notes = "".join(f"<p>{html.escape(printable(note))}</p>\n" for note in _notes(table))
    return f"<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n{notes}"


def _html_row(row: Sequence[_Cell]) -> str:
    first, *rest = row
    cells = "".join(f"<td>{_strong(cell)}</td>" for cell in rest)
    return f'<th scope="row">{html.escape(first.text)}</th>{cells}'


def _strong(cell: _Cell) -> str:
    text = html.escape(cell.text)
    return f"<strong>{text}</strong>" if cell.bold else text


def _json(table: ScoreTable, lines: Lines) -> str:
    rows = [
        {
            "name": row.name, "alias": row.label, "depth": row.depth, "kind": row.kind,
            "metric": None if row.metric is None else {"name": row.metric[0], "filter": row.metric[1]},
            "best": None if row.best is None else table.models[row.best],
            "scores": {model: _as_object(cell) for model, cell in zip(table.models, row.cells, strict=True)},
        }
        for row in table.rows
    ]  # fmt: skip
    sources = {model: run.source for model, run in zip(table.models, table.runs, strict=True)}
    document = {"models": list(table.models), "sources": sources, "rows": rows, "notes": list(table.notes)}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _as_object(cell: ScoreCell | None) -> dict[str, object] | None:
    if cell is None:
        return None
    return {"score": cell.score, "interval": cell.interval, "n": cell.n}


FORMATS: Mapping[str, Callable[[ScoreTable, Lines], str]] = {
    "md": _markdown,
    "csv": lambda table, lines: _separated(table, lines, ","),
    "tsv": lambda table, lines: _separated(table, lines, "\t"),
    "latex": _latex,
    "html": _html,
    "json": _json,
}
"""Name -> what writes a table so."""
