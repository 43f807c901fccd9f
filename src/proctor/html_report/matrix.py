"""Three runs and more: every pair in a matrix, the number for the size of a difference, the shade for the evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from proctor.analysis.compare_text import MARKS
from proctor.analysis.comparison import Comparison, GroupComparison, TaskComparison, members_of
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.verdicts import Verdict
from proctor.analysis.wording import in_points, p_value, signed
from proctor.html_report.language import Language, signed_points
from proctor.html_report.markup import Html, element
from proctor.html_report.outcome import comparison_sentence
from proctor.html_report.pieces import VERDICTS, run_label, run_number, table

MOST = 6
"""Matrices that are shown."""
_MIRRORED = {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}
_Cells = dict[tuple[int, int], "GroupComparison | TaskComparison"]


def matrices(comparison: Comparison, language: Language, linked: Collection[tuple[int, int]] = ()) -> Iterator[Html]:
    """A matrix for each group that is in no other, and for each task that is in none.

    Args:
        comparison: Of three runs or more.
        language: Of the words.
        linked: The pairs that have a section of their own.
    """
    found = _by_root(comparison)
    for title, cells in list(found.items())[:MOST]:
        yield _matrix(title, cells, comparison, language, linked)
    if found:
        yield element("p", language.text("matrix_note"), class_="note")


def _by_root(comparison: Comparison) -> Mapping[str, _Cells]:
    """By title, the comparisons of all pairs: by name where two tasks have one alias, so that none takes a cell."""
    found: dict[str, _Cells] = {}
    aliases = dict[str, str]()
    for pair in comparison.pairs:
        inside = members_of(comparison.runs[pair.a], pair.groups)
        groups = [one for one in pair.groups if one.group not in inside]
        covered = {task for one in groups for task in one.tasks}
        tasks = [one for one in pair.tasks if one.result and one.task not in covered and one.task not in inside]
        for one in [*groups, *tasks] or [one for one in pair.tasks if one.result]:
            name = one.group if isinstance(one, GroupComparison) else one.task
            aliases.setdefault(name, one.alias)
            found.setdefault(name, {})[pair.a, pair.b] = one
    counts = Counter(aliases.values())
    return {aliases[name] if counts[aliases[name]] == 1 else name: cells for name, cells in found.items()}


def _matrix(
    title: str, cells: _Cells, comparison: Comparison, language: Language, linked: Collection[tuple[int, int]]
) -> Html:
    places = range(len(comparison.runs))
    headers = [element("th", language.text("matrix_corner"), scope="col", class_="corner")]
    headers += [element("th", run_label(place), scope="col", title=comparison.runs[place].name) for place in places]
    rows = [
        element(
            "tr",
            element("th", run_label(i, comparison.runs[i]), scope="row"),
            *[_cell(i, j, cells, language, linked) for j in places],
        )
        for i in places
    ]
    inner = table(headers, element("tbody", *rows), label=title, class_="matrix")
    return element("div", element("h3", element("bdi", title)), inner)


def _cell(row: int, column: int, cells: _Cells, language: Language, linked: Collection[tuple[int, int]]) -> Html:
    """Row minus column: how much better the row's run is."""
    places = min(row, column), max(row, column)
    one = cells.get(places)
    if row == column or one is None or one.judgement is None:
        return element("td", "·" if row == column else "—", class_="self")
    # A comparison is second minus first; a row that stands before its column is read the other way round.
    is_mirrored = row < column
    kind = _MIRRORED.get(one.judgement.verdict, one.judgement.verdict) if is_mirrored else one.judgement.verdict
    difference = one.result.micro if isinstance(one, GroupComparison) else one.result.difference if one.result else 0.0
    value = -difference if is_mirrored else difference
    metric = one.metric[0] if one.metric else ""
    share = (
        one.a is not None and one.b is not None and in_points(one.a) and in_points(one.b) and metric not in STATISTICS
    )
    text = signed_points(value) if share else signed(value).strip()
    p = one.result.p if one.result else None
    first, second = map(run_number, places)
    sentence = comparison_sentence(one, language, first, second)
    shown = [element("span", MARKS[kind], class_="sign", aria_hidden="true"), " ", text]
    target = f"#pair-{first}-{second}" if places in linked else None
    inner = element("a", *shown, href=target) if target else element("span", *shown)
    strength = " strong" if p is not None and p < 0.001 else ""
    return element(
        "td",
        inner,
        element("span", f" {p_value(p)}", class_="unseen") if p is not None else None,
        class_=f"cell {VERDICTS[kind]}{strength}",
        title=sentence,
    )
