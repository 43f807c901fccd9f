"""Section 4: how models answer: positions, confidence, margins, lengths, orders, columns, written texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from proctor.analysis.audit_choices import ChoiceAudit
from proctor.analysis.audit_text import parts_of
from proctor.analysis.by_column import Cells
from proctor.analysis.intervals import share_interval
from proctor.analysis.run_audit import GroupAudit
from proctor.analysis.wording import number, p_value, signed, span
from proctor.html_report.cells import State
from proctor.html_report.collect import Collector, TaskQuestions
from proctor.html_report.facts import ReportFacts
from proctor.html_report.language import Language, in_one_line
from proctor.html_report.leads import lead_of
from proctor.html_report.markup import Child, Html, element, isolated
from proctor.html_report.pieces import run_label, run_number, section, table
from proctor.html_report.plots import (
    Figure,
    LengthBin,
    confusion_table,
    length_figure,
    margin_figure,
    positions_figure,
    reliability_figure,
)

MOST_PARTS, MOST_RUNS, LENGTHS, FEW = 4, 4, 5, 50
_ORDERS = ("acc_orders_mean", "acc_orders_worst", "order_consistency", "order_effect")


def answers(facts: ReportFacts, collector: Collector, language: Language) -> Html | None:
    """The section; None where nothing is known of answers.

    Args:
        facts: What there is.
        collector: The questions.
        language: Of the words.
    """
    made: list[Child] = [
        part for name in _part_names(facts)[:MOST_PARTS] for part in _part(name, facts, collector, language)
    ]
    made += [_orders(facts, language), *_columns(facts, language), _written(facts, language)]
    shown = [one for one in made if one]
    if len(facts.runs) > MOST_RUNS and _part_names(facts):
        said = language.text("first_runs", n=len(facts.runs), shown=MOST_RUNS)
        shown.insert(0, element("p", said, class_="note"))
    return section("answers", language.text("answers"), *shown) if shown else None


def _choices(facts: ReportFacts) -> list[Mapping[str, ChoiceAudit]]:
    """Of each run, the choices of each part that is said."""
    found = []
    for audit in facts.audits[:MOST_RUNS]:
        parts = [(one.group if isinstance(one, GroupAudit) else one.task, one.choices) for one in parts_of(audit)]
        found.append({name: choices for name, choices in parts if choices is not None})
    return found


def _part_names(facts: ReportFacts) -> list[str]:
    return list(dict.fromkeys(name for one in _choices(facts) for name in one))


def _part(name: str, facts: ReportFacts, collector: Collector, language: Language) -> Iterator[Child]:
    """The figures of one part of the exam, all runs beside each other."""
    found = [(place, one[name]) for place, one in enumerate(_choices(facts)) if name in one]
    tasks = _tasks(name, facts, collector)
    figures = [_together(same, language) for same in _figures(found, tasks, language) if same]
    tables = [
        confusion_table(place, one.positions, language)
        for place, one in found
        if one.positions and one.positions.n >= FEW
    ]
    if not figures and not tables:
        return
    run = facts.runs[found[0][0]]
    yield element("h3", isolated(run.alias(name)))
    yield element("div", *figures, class_="figures")
    if tables:
        yield element("div", *tables, class_="beside")


def _tasks(name: str, facts: ReportFacts, collector: Collector) -> list[TaskQuestions]:
    names = dict.fromkeys(task for run in facts.runs for task in run.leaves(name))
    return [collector.tasks[task] for task in (names or {name: None}) if task in collector.tasks]


def _figures(
    found: Sequence[tuple[int, ChoiceAudit]], tasks: Sequence[TaskQuestions], language: Language
) -> Iterator[list[Figure]]:
    """Figures by kind: of some kinds one of each run."""
    positions = [(place, one.positions) for place, one in found if one.positions is not None]
    if positions:
        tests = [(place, one.test.p) for place, one in positions if one.test.p is not None]
        each = [in_one_line(f"{run_number(place)} {p_value(p)}") for place, p in tests]
        said = language.text("positions_said", tests=", ".join(each)) if each else ""
        yield [positions_figure(positions, said, language)]
    sure = [(place, one.confidence) for place, one in found if one.confidence is not None]
    yield [reliability_figure(place, one.calibration, one.null, language) for place, one in sure]
    leads = [(place, *_leads(tasks, place)) for place, _ in found]
    yield [margin_figure(*one, language) for one in leads if len(one[1]) + len(one[2]) >= FEW]
    bins = _length_bins(tasks, [place for place, _ in found])
    if bins:
        yield [length_figure(bins, language)]


def _together(figures: Sequence[Figure], language: Language) -> Html:
    """Figures of one kind, which stay beside each other."""
    made = [figure.html(language) for figure in figures]
    return made[0] if len(made) == 1 else element("div", *made, class_=f"same of-{len(made)}")


def _leads(tasks: Sequence[TaskQuestions], run: int) -> tuple[list[float], list[float]]:
    right, wrong = list[float](), list[float]()
    for task in tasks:
        column = task.runs.get(run)
        for cell in column.cells if column else ():
            lead = lead_of(cell.steps) if cell is not None else None
            if cell is not None and lead is not None and cell.state in (State.RIGHT, State.WRONG):
                (right if cell.state is State.RIGHT else wrong).append(lead)
    return right, wrong


def _length_bins(tasks: Sequence[TaskQuestions], runs: Sequence[int]) -> list[LengthBin]:
    """Equal parts of the questions by length; none of few questions."""
    order = sorted(
        (task.lengths[place], number_, place) for number_, task in enumerate(tasks) for place in range(len(task))
    )
    if len(order) < LENGTHS * FEW:
        return []
    bounds = [len(order) * place // LENGTHS for place in range(LENGTHS + 1)]
    bins = []
    for low, high in pairwise(bounds):
        mine = order[low:high]
        scores = []
        for run in runs:
            cells = [tasks[task].runs[run].cells[place] for _, task, place in mine if _has(tasks[task], run, place)]
            states = [cell.state for cell in cells if cell is not None and cell.state in (State.RIGHT, State.WRONG)]
            if states:
                hits = sum(state is State.RIGHT for state in states)
                scores.append((run, hits / len(states), share_interval(hits, len(states))))
        bins.append(LengthBin(mine[0][0], mine[-1][0], len(mine), scores))
    return bins if all(one.scores for one in bins) else []


def _has(task: TaskQuestions, run: int, place: int) -> bool:
    column = task.runs.get(run)
    return column is not None and place < len(column.cells)


def _orders(facts: ReportFacts, language: Language) -> Html | None:
    """Scores over orders of the options, where runs have them."""
    rows = []
    for place, run in enumerate(facts.runs):
        for name, _ in run.tree():
            scores = run.scores(name)
            known = {metric: value for (metric, _), value in scores.items()}
            if "acc_orders_mean" not in known:
                continue
            values = [
                number(known.get("acc")),
                *[number(known.get(one)) for one in _ORDERS[:3]],
                signed(known.get("order_effect")).strip(),
            ]
            rows.append(
                element(
                    "tr",
                    element("th", isolated(run.alias(name)), scope="row"),
                    element("td", run_label(place)),
                    *[element("td", text, class_="num") for text in values],
                )
            )
    if not rows:
        return None
    headers = [
        language.text("task"),
        language.text("run"),
        "acc",
        *[language.text(f"orders_{one}") for one in ("mean", "worst", "consistency", "effect")],
    ]
    inner = table(headers, element("tbody", *rows), label=language.text("orders"), class_="plain")
    return element(
        "div", element("h3", language.text("orders")), inner, element("p", language.text("orders_note"), class_="note")
    )


def _columns(facts: ReportFacts, language: Language) -> Iterator[Html]:
    """Scores by the column that was named, of groups and tasks that are in none."""
    for place, audit in enumerate(facts.audits):
        for part in parts_of(audit):
            if part.cells is not None:
                yield _cells(place, part.alias, part.cells, language)


def _cells(place: int, alias: str, cells: Cells, language: Language) -> Html:
    rows = [
        element(
            "tr",
            element("th", isolated(one.value if one.value is not None else "–"), scope="row"),
            *[element("td", text, class_="num") for text in (f"{one.n:,}", number(one.score), span(one.interval, 3))],
        )
        for one in cells.cells
    ]
    title = element("h3", run_label(place), " ", isolated(alias), " · ", isolated(cells.column))
    test = (
        element("p", language.text("cells_p", p=in_one_line(p_value(cells.p))), class_="note")
        if cells.p is not None
        else None
    )
    headers = [cells.column, "n", language.text("score"), "95 %"]
    return element("div", title, table(headers, element("tbody", *rows), label=cells.column, class_="plain"), test)


def _written(facts: ReportFacts, language: Language) -> Html | None:
    """What became of written answers."""
    rows = []
    for place, audit in enumerate(facts.audits):
        for task in audit.tasks:
            if sum(task.texts.values()):
                counts = [task.texts.get("read", 0), task.texts.get("unread", 0), task.texts.get("unfinished", 0)]
                cells = [*[f"{count:,}" for count in counts], "" if task.truncated is None else f"{task.truncated:,}"]
                rows.append(
                    element(
                        "tr",
                        element("th", isolated(task.alias), scope="row"),
                        element("td", run_label(place)),
                        *[element("td", text, class_="num") for text in cells],
                    )
                )
    if not rows:
        return None
    names = [language.text(f"written_{name}") for name in ("read", "unread", "unfinished", "cut")]
    headers = [language.text("task"), language.text("run"), *names]
    inner = table(headers, element("tbody", *rows), label=language.text("written"), class_="plain")
    return element("div", element("h3", language.text("written")), inner)
