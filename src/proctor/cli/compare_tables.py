"""A comparison on a terminal and in Markdown: a table of differences, a matrix of many runs, documents that flipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proctor.analysis.by_column import CellComparison
from proctor.analysis.compare_text import (
    MARKS,
    group_sentence,
    letter,
    notes,
    option_notes,
    row_labels,
    task_sentence,
    verdict_counts,
)
from proctor.analysis.comparison import (
    Comparison,
    GroupComparison,
    PairComparison,
    ScoredGroup,
    TaskComparison,
    members_of,
)
from proctor.analysis.flips import Flip, Pick
from proctor.analysis.paired import Counts
from proctor.analysis.row_names import row_names
from proctor.analysis.task_scores import name_of
from proctor.analysis.verdicts import Judgement, Verdict
from proctor.analysis.wording import number, probability, signed, span
from proctor.cli.cells import largest, value_text
from proctor.cli.ls import markdown_table
from proctor.cli.text_tables import aligned_table
from proctor.errors import printable
from proctor.plurals import counted

_SHORT = {"holm": "Holm", "bh": "BH", "by": "BY"}
MOST_SENTENCES = 3
"""Tasks up to which each has its sentence; of more, the verdicts are counted."""


def heading(comparison: Comparison, *, markdown: bool = False) -> list[str]:
    """Which letter is which run.

    Args:
        comparison: What was compared.
        markdown: Whether it is for Markdown.
    """
    runs = [(letter(place), printable(run.name), printable(run.source)) for place, run in enumerate(comparison.runs)]
    if markdown:
        return [markdown_table(("", "Model", "Read from"), runs)]
    return [*aligned_table(("", "model", "read from"), runs, left=(0, 1, 2)).splitlines()[1:], ""]


def pair_lines(pair: PairComparison, comparison: Comparison, *, markdown: bool = False) -> list[str]:
    """Two runs: the table, the sentences, what must be known besides.

    Args:
        pair: The two.
        comparison: All that was compared.
        markdown: Whether the table is one of Markdown.
    """
    a, b = letter(pair.a), letter(pair.b)
    corrected = f"p ({_SHORT.get(comparison.options.correction, 'raw')})"
    headers = ("", "metric", "n", a, b, f"{b} − {a}", "95 %", f"only {a}", f"only {b}", "p", corrected, "")
    rows = list(_rows(pair, comparison))
    table = markdown_table(headers, rows) if markdown else aligned_table(headers, rows, left=(0, 1, 11))
    lines = [table.rstrip("\n"), ""]
    lines += [f"{one.alias}: {group_sentence(one, a, b)}" for one in _roots(pair, comparison)]
    if len(pair.tasks) <= MOST_SENTENCES:
        labels = row_labels(pair, comparison)
        lines += [f"{labels[one.task]}: {task_sentence(one, a, b)}" for one in pair.tasks if one.result]
    if len(pair.tasks) > 1 and any(one.judgement for one in pair.tasks):
        lines.append(verdict_counts(pair, comparison))
    said = [*option_notes(pair, comparison), *notes(pair, a, b)]
    cells = list(_cell_lines(pair, (a, b), comparison.options.correction, markdown=markdown))
    return [*lines, *said, *cells] if not markdown else [*_spaced(lines), *_spaced(said), *cells]


def _cell_lines(pair: PairComparison, names: tuple[str, str], correction: str, *, markdown: bool) -> Iterator[str]:
    """The differences of each part by the values of a column: the largest cells, in the order of their values."""
    a, b = names
    for one in pair.divided:
        title = f"{one.alias} by {one.column}"
        if one.one_each:
            yield from ("", f"{title}: every document has a value of its own, so that nothing can be compared.")
            continue
        shown = largest(one.cells, [cell.result.n for cell in one.cells])
        headers = (title, "n", a, b, f"{b} − {a}", "95 %", "p", f"p ({_SHORT.get(correction, 'raw')})", "")
        rows = [_cell_row(cell) for cell in shown]
        table = markdown_table(headers, rows) if markdown else aligned_table(headers, rows, left=(0, 8))
        yield from ("", table.rstrip("\n"))
        if len(one.cells) > len(shown):
            yield f"and {counted(len(one.cells) - len(shown), 'smaller one')} (--json has all)"
        yield f"p-values are corrected for {counted(len(one.cells), 'value')} of {one.column}."


def _cell_row(cell: CellComparison) -> Sequence[str]:
    result = cell.result
    verdict = verdict_text(cell.judgement, result.detectable_effect) + (", few documents" if cell.few else "")
    return (
        *(value_text(cell.value), f"{result.n:,}", number(result.mean_b), number(result.mean_a)),
        *(signed(result.difference), span(result.interval), probability(result.p), probability(cell.p_adjusted)),
        verdict,
    )


def _spaced(lines: Sequence[str]) -> list[str]:
    """Each line as a paragraph of Markdown."""
    return [part for line in lines if line for part in (line, "")]


def _roots(pair: PairComparison, comparison: Comparison) -> Iterator[GroupComparison]:
    """Groups that are in no other group: their differences are the ones that were stated before."""
    inside = members_of(comparison.runs[pair.a], pair.groups)
    yield from (one for one in pair.groups if one.group not in inside)


def _rows(pair: PairComparison, comparison: Comparison) -> Iterator[Sequence[str]]:
    tasks, groups = {one.task: one for one in pair.tasks}, {one.group: one for one in pair.groups}
    scored = {one.group: one for one in pair.scored}
    for row in row_names([comparison.runs[pair.a]], {**tasks, **groups, **scored}):
        indent = "  " * row.depth
        if row.name in groups:
            yield from _group_rows(groups[row.name], row.alias, indent)
        elif row.name in scored:
            yield _scores(scored[row.name], indent + row.alias)
        else:
            yield _task_row(tasks[row.name], indent + row.alias)


def _group_rows(one: GroupComparison, alias: str, indent: str) -> Iterator[Sequence[str]]:
    found = one.result
    yield (
        *(indent + alias, name_of(one.metric), f"{one.n:,}", number(one.a), number(one.b), signed(found.micro)),
        *(span(one.interval), *_sides(one.counts), probability(found.p), ""),
        verdict_text(one.judgement, one.detectable_effect),
    )
    if found.micro != found.macro:
        means = (number(one.a_macro), number(one.b_macro), signed(found.macro))
        yield (f"{indent}(mean of {len(one.tasks)} tasks)", "", "", *means, "", "", "", "", "", "")


def _task_row(one: TaskComparison, title: str) -> Sequence[str]:
    metric, result = name_of(one.metric) if one.metric else "", one.result
    if result is None:
        return _scores(one, title)
    return (
        *(title, metric, f"{result.n:,}", number(one.a), number(one.b), signed(result.difference)),
        *(span(result.interval), *_sides(one.counts), probability(result.p), probability(one.p_adjusted)),
        verdict_text(one.judgement, result.detectable_effect),
    )


def _sides(counts: Counts | None) -> tuple[str, str]:
    """Documents that only one of the runs has right."""
    return (f"{counts.only_a:,}", f"{counts.only_b:,}") if counts else ("", "")


def _scores(one: TaskComparison | ScoredGroup, title: str) -> Sequence[str]:
    """A task or group without a test."""
    metric, n = name_of(one.metric) if one.metric else "", "" if one.n is None else f"{one.n:,}"
    return (title, metric, n, number(one.a), number(one.b), "", "", "", "", "", "", "no test")


def verdict_text(judgement: Judgement | None, effect: float | None = None) -> str:
    """``▼ worse``, ``· not resolved (MDE 0.0396)``.

    Args:
        judgement: The verdict.
        effect: The difference that would have been found.
    """
    if judgement is None:
        return ""
    text = f"{MARKS[judgement.verdict]} {judgement.verdict}"
    if judgement.verdict is Verdict.NOT_RESOLVED and effect is not None:
        return f"{text} (MDE {number(effect)})"
    return f"{text}, within the margin" if judgement.same and judgement.verdict is not Verdict.SAME else text


def matrix_lines(comparison: Comparison, *, markdown: bool = False) -> list[str]:
    """Three or more runs: for each group that is in no other, else for each task, a matrix of differences.

    Args:
        comparison: What was compared.
        markdown: Whether matrices are of Markdown.
    """
    lines = list[str]()
    for title, cells in _matrices(comparison).items():
        names = [letter(place) for place in range(len(comparison.runs))]
        rows = [[name, *[cells.get((i, j), "") for j in range(len(names))]] for i, name in enumerate(names)]
        headers = ("row − column", *names)
        table = markdown_table(headers, rows) if markdown else aligned_table(headers, rows)
        lines += [title, *([""] if markdown else []), table.rstrip("\n"), ""]
    lines += ["Marks: ▲ better, ▼ worse, = the same within the margin, · not resolved (row against column).", ""]
    for pair in comparison.pairs:
        lines.append(f"{letter(pair.b)} against {letter(pair.a)}: {verdict_counts(pair, comparison)}")
    lines.append(f"p-values are corrected for {counted(comparison.tests, 'test')}: tasks and pairs together.")
    lines += _matrix_notes(comparison)
    for pair in comparison.pairs:
        names = letter(pair.a), letter(pair.b)
        lines += _cell_lines(pair, names, comparison.options.correction, markdown=markdown)
    return lines


def _matrix_notes(comparison: Comparison) -> Iterator[str]:
    """What must be known besides, a line each with the pairs that it is true of."""
    pairs: dict[str, list[str]] = {}
    for pair in comparison.pairs:
        a, b = letter(pair.a), letter(pair.b)
        for note in (*option_notes(pair, comparison), *notes(pair, a, b)):
            pairs.setdefault(note, []).append(f"{b} against {a}")
    for note, where in pairs.items():
        yield f"{'All pairs' if len(where) == len(comparison.pairs) else ', '.join(where)}: {note}"


def _matrices(comparison: Comparison) -> dict[str, dict[tuple[int, int], str]]:
    found: dict[str, dict[tuple[int, int], str]] = {}
    for pair in comparison.pairs:
        roots, labels = list(_roots(pair, comparison)), row_labels(pair, comparison)
        inside = {task for one in roots for task in one.tasks}
        for one in roots:
            cells = found.setdefault(f"{labels[one.group]}, {name_of(one.metric)}", {})
            _put(cells, pair, one.result.micro, one.judgement)
        for task in pair.tasks:
            if task.task not in inside and task.result and task.judgement and task.metric:
                cells = found.setdefault(f"{labels[task.task]}, {name_of(task.metric)}", {})
                _put(cells, pair, task.result.difference, task.judgement)
    return found


_OTHER_SIDE = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}


def _put(cells: dict[tuple[int, int], str], pair: PairComparison, difference: float, judgement: Judgement) -> None:
    verdict = judgement.verdict
    cells[pair.b, pair.a] = f"{signed(difference)} {MARKS[verdict]}"
    cells[pair.a, pair.b] = f"{signed(-difference)} {MARKS[_OTHER_SIDE.get(verdict, verdict)]}"


def flip_lines(flips: Sequence[Flip], count: int) -> list[str]:
    """The documents that changed sides.

    Args:
        flips: Those that are shown.
        count: How many there are.
    """
    lines = [
        f"{counted(count, 'document')} changed sides; the most confident first:"
        if count
        else "No document changed sides."
    ]
    for flip in flips:
        lines += ["", f"{flip.task}, document {flip.doc_id}: right only by {'B' if flip.b_right else 'A'}"]
        lines.append(f"  {_one_line(flip.question)}")
        if flip.options and (flip.a or flip.b):
            golds = (flip.a or flip.b or Pick(None, None, ())).golds
            lines += [f"  gold  {_one_line(flip.options[gold], 80)}" for gold in golds if gold < len(flip.options)]
            lines += [f"  {name}     {_picked(pick, flip.options)}" for name, pick in (("A", flip.a), ("B", flip.b))]
        else:
            lines += [f"  {name}     {_one_line(text, 80)}" for name, text in zip("AB", flip.responses, strict=True)]
    return lines


def _picked(pick: Pick | None, options: Sequence[str]) -> str:
    if pick is None or pick.picked is None or pick.picked >= len(options):
        return "(no option)"
    sure = "" if pick.confidence is None else f"  (p {pick.confidence:.2f})"
    return _one_line(options[pick.picked], 80) + sure


def _one_line(text: str, most: int = 160) -> str:
    line = " ".join(printable(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
