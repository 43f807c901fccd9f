"""The differences of two runs, task by task, as a table with a dot plot around no difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from proctor.analysis.compare_text import MARKS
from proctor.analysis.comparison import Comparison, GroupComparison, PairComparison, TaskComparison
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.wording import in_points, number, probability, signed, span
from proctor.html_report.language import Language, signed_points
from proctor.html_report.markup import Child, Html, element, isolated, joined
from proctor.html_report.pieces import VERDICTS, run_label, run_number, table
from proctor.html_report.svg import Dot, Scale, axis, definitions, scale_around, strip

MOST_TASKS = 400
"""Tasks of a pair that have a row; of more, those with the largest differences."""


def difference_table(pair: PairComparison, comparison: Comparison, language: Language) -> Html:
    """The table.

    Args:
        pair: Two runs.
        comparison: All of them.
        language: Of the words.
    """
    tasks = sorted(pair.tasks, key=_by_difference)
    if len(tasks) > MOST_TASKS:
        half = MOST_TASKS // 2
        tasks = [*tasks[:half], *tasks[-half:]]
    scale = _scale([*pair.groups, *tasks])
    ticks = scale.ticks(4) if scale else []
    a, b = run_number(pair.a), run_number(pair.b)
    plot = axis(scale, [(tick, signed_points(tick).removesuffix(".0")) for tick in ticks],
                language.text("differences_plot", a=a, b=b)) if scale else ""  # fmt: skip
    numeric = [run_label(pair.a), run_label(pair.b), f"{b} − {a}", "95 %"]
    last = [language.text("only", run=a), language.text("only", run=b), "p", language.text("p_corrected")]
    headers: list[Child] = [language.text("task"), *(_numeric(one) for one in numeric)]
    headers += [
        element("th", plot, scope="col", class_="plot"),
        *(_numeric(one) for one in last),
        language.text("verdict"),
    ]
    backdrop = f"g{a}{b}"
    plotted, names = (scale, backdrop), _names(pair, comparison)
    groups = element("tbody", *[_row(one, names, pair.b, plotted, language) for one in pair.groups], class_="groups")
    body = element("tbody", *[_row(one, names, pair.b, plotted, language) for one in tasks])
    label = language.text("differences_plot", a=a, b=b)
    made = table(headers, groups if pair.groups else None, body, label=label, class_="differences")
    return joined(definitions(0, scale, backdrop, ticks, 0), made)


def _numeric(text: Child) -> Html:
    return element("th", text, scope="col", class_="num")


def _by_difference(one: TaskComparison) -> tuple[bool, float]:
    return one.result is None, -(one.result.difference if one.result else 0)


def _in_points(one: GroupComparison | TaskComparison) -> bool:
    known = [value for value in (one.a, one.b) if value is not None]
    return len(known) == 2 and all(map(in_points, known)) and not (one.metric and one.metric[0] in STATISTICS)


def _interval(one: GroupComparison | TaskComparison) -> tuple[float, float] | None:
    if isinstance(one, GroupComparison):
        return one.interval
    return one.result.interval if one.result else None


def _difference(one: GroupComparison | TaskComparison) -> float | None:
    if isinstance(one, GroupComparison):
        return one.result.micro
    return one.result.difference if one.result else None


def _scale(rows: Sequence[GroupComparison | TaskComparison]) -> Scale | None:
    values = list[float]()
    for one in rows:
        difference, interval = _difference(one), _interval(one)
        if difference is not None and _in_points(one):
            values += [difference, *(interval or ())]
    return scale_around(values, zero=True) if values else None


def _verdict(one: GroupComparison | TaskComparison, language: Language) -> Html:
    if one.judgement is None:
        return element("td", language.text("no_test"), class_="unresolved")
    kind = VERDICTS[one.judgement.verdict]
    return element("td", f"{MARKS[one.judgement.verdict]} {language.text(f'verdict_{kind}')}", class_=kind)


def _names(pair: PairComparison, comparison: Comparison) -> dict[str, Html]:
    """What tasks are called here, outside of their groups: with the group where an alias alone is not clear."""
    run = comparison.runs[pair.a]
    above = {member: group for group, members in run.groups.items() for member in members}
    aliases = Counter(one.alias for one in pair.tasks)
    names = dict[str, Html]()
    for one in pair.tasks:
        group = above.get(one.task) if aliases[one.alias] > 1 else None
        more = element("span", " ", isolated(run.alias(group)), class_="ci") if group else None
        names[one.task] = joined(isolated(one.alias), more)
    return names


def _row(
    one: GroupComparison | TaskComparison,
    names: Mapping[str, Html],
    place: int,
    plot: tuple[Scale | None, str],
    language: Language,
) -> Html:  # fmt: skip
    difference, interval = _difference(one), _interval(one)
    scale, backdrop = plot
    shown = None
    if scale is not None and difference is not None and _in_points(one):
        shown = strip([Dot(place, difference, interval)], scale, backdrop=backdrop)
    if isinstance(one, GroupComparison):
        p, corrected = one.result.p, None
    else:
        p, corrected = one.result.p if one.result else None, one.p_adjusted
    counts = one.counts
    sides = (f"{counts.only_a:,}", f"{counts.only_b:,}") if counts else ("", "")
    texts = (number(one.a), number(one.b), signed(difference).strip(), span(interval, 3))
    after = (*sides, probability(p), "" if corrected is None else probability(corrected))
    title = one.reason if isinstance(one, TaskComparison) else None
    name = names[one.task] if isinstance(one, TaskComparison) else isolated(one.alias)
    return element(
        "tr",
        element("th", name, scope="row", title=title),
        *[element("td", text) for text in texts[:3]],
        element("td", element("i", texts[3])),
        element("td", shown, class_="plot"),
        *[element("td", text) for text in after],
        _verdict(one, language),
    )
