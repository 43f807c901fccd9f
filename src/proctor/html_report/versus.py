"""Section 3: two runs on the same questions, task by task around no difference; of three and more, a matrix first."""

from __future__ import annotations

from proctor.analysis.comparison import Comparison, GroupComparison, PairComparison, TaskComparison
from proctor.analysis.paired import Counts
from proctor.analysis.verdicts import Judgement, Verdict
from proctor.html_report.differences import difference_table
from proctor.html_report.facts import ReportFacts
from proctor.html_report.language import Language, percent
from proctor.html_report.markup import Child, Html, element, joined
from proctor.html_report.matrix import matrices
from proctor.html_report.outcome import comparison_sentence, main_comparison
from proctor.html_report.pair_notes import pair_notes, setting_table
from proctor.html_report.pieces import details, run_label, run_number, section, verdict

MOST_PAIRS = 28
"""Pairs that have a section, as eight runs have; of more runs, each against the first one."""
MOST_TASKS = 20
"""Tasks up to which all of them are shown of every pair; of more, of those with the first run."""


def versus(facts: ReportFacts, language: Language) -> Html | None:
    """The section; None where there is one run.

    Args:
        facts: What there is.
        language: Of the words.
    """
    if len(facts.runs) < 2:
        return None
    title = language.text("versus")
    found = facts.comparison
    if found is None:
        tasks = [task for run in facts.runs for task in run.tasks]
        apart = language.text("outcome_apart", n=len(facts.runs)) if len(set(tasks)) == len(tasks) else None
        return section("compare", title, element("p", apart or facts.no_comparison or "", class_="lede"))
    if len(found.pairs) == 1:
        # The head has said it already.
        parts = _pair(found.pairs[0], found, language)
        return section("compare", title, *(parts[1:] if _is_tested(found.pairs[0]) else parts))
    every = len(found.pairs) <= MOST_PAIRS
    shown = [pair for pair in found.pairs if every or pair.a == 0][:MOST_PAIRS]
    parts = [_folded(pair, found, language) for pair in shown]
    return section("compare", title, *matrices(found, language, [(pair.a, pair.b) for pair in shown]), *parts)


def _folded(pair: PairComparison, comparison: Comparison, language: Language) -> Html:
    main = main_comparison(pair, comparison)
    mark = verdict(main.judgement if main else None, language)
    title = joined(run_label(pair.b), " ", language.text("against"), " ", run_label(pair.a), " ", mark)
    address = f"pair-{run_number(pair.a)}-{run_number(pair.b)}"
    # The address is that of what is inside: browsers open what they go into.
    return details(title, element("div", *_pair(pair, comparison, language), id=address), class_="pair")


def _is_tested(pair: PairComparison) -> bool:
    return any(one.result for one in pair.tasks)


def _untested(pair: PairComparison, language: Language) -> Html:
    """Why there is no test at all, in place of a table without differences."""
    without = {one.no_samples for one in pair.tasks}
    (lacking,) = without if len(without) == 1 else [(False, False)]
    runs = [run_number(place) for place, lacks in zip((pair.a, pair.b), lacking, strict=True) if lacks]
    text = language.text("compare_no_samples", runs=", ".join(runs)) if runs else language.text("compare_untested")
    return element("p", text, class_="said")


def _pair(pair: PairComparison, comparison: Comparison, language: Language) -> list[Child]:
    if not _is_tested(pair):
        return [_untested(pair, language), setting_table(pair, language)]
    a, b = run_number(pair.a), run_number(pair.b)
    main = main_comparison(pair, comparison)
    sentence = comparison_sentence(main, language, a, b) if main else language.text("outcome_nothing")
    counts = _counts(pair, main)
    has_tasks = pair.a == 0 or len(pair.tasks) <= MOST_TASKS
    facts = element(
        "div",
        _four(counts, (pair.a, pair.b), language) if counts else None,
        _verdicts(pair, comparison, language),
        class_="beside",
    )
    return [
        element("p", sentence, class_="said"),
        facts,
        difference_table(pair, comparison, language)
        if has_tasks
        else element("p", language.text("pair_short"), class_="note"),
        setting_table(pair, language),
        pair_notes(pair, language),
    ]


def _counts(pair: PairComparison, main: GroupComparison | TaskComparison | None) -> Counts | None:
    """Documents by which run is right: of a group the sum of its tasks."""
    if isinstance(main, TaskComparison):
        return main.counts
    inside = set(main.tasks) if main else set()
    known = [one.counts for one in pair.tasks if one.task in inside and one.counts]
    if not known:
        return None
    return Counts(*(sum(getattr(one, name) for one in known) for name in ("both", "only_a", "only_b", "neither")))


def _four(counts: Counts, places: tuple[int, int], language: Language) -> Html:
    """The 2 x 2 table: rows are the first run, columns the second."""
    a, b = (run_label(place) for place in places)
    total = max(1, counts.both + counts.only_a + counts.only_b + counts.neither)

    def cell(count: int, kind: str) -> Html:
        share = element("span", percent(count / total), class_="ci")
        return element("td", element("span", f"{count:,}", class_="value"), " ", share, class_=f"num {kind}")

    right, wrong = language.text("right"), language.text("wrong")
    head = element(
        "tr", element("td"), element("th", b, " ", right, scope="col"), element("th", b, " ", wrong, scope="col")
    )
    first = element(
        "tr", element("th", a, " ", right, scope="row"), cell(counts.both, "both"), cell(counts.only_a, "only")
    )
    second = element(
        "tr", element("th", a, " ", wrong, scope="row"), cell(counts.only_b, "only"), cell(counts.neither, "neither")
    )
    caption = element("caption", language.text("four_caption"))
    return element("table", caption, element("thead", head), element("tbody", first, second), class_="four")


def _verdicts(pair: PairComparison, comparison: Comparison, language: Language) -> Html | None:
    judged = [one.judgement for one in pair.tasks if one.judgement is not None]
    if len(judged) < 2:
        return None
    items = []
    for kind in (Verdict.BETTER, Verdict.WORSE, Verdict.SAME, Verdict.NOT_RESOLVED):
        mine = [one for one in judged if one.verdict is kind]
        if mine or kind is not Verdict.SAME:
            items.append(
                element("li", element("b", f"{len(mine):,}", class_="count"), _kind(kind, language, any_=bool(mine)))
            )
    correction = language.text(f"correction_{comparison.options.correction}")
    title = element("p", language.text("verdicts_title", n=len(judged), correction=correction), class_="caption")
    return element("div", title, element("ul", *items), class_="verdicts")


def _kind(kind: Verdict, language: Language, *, any_: bool) -> Html:
    return (
        verdict(Judgement(kind, None), language)
        if any_
        else element("span", verdict(Judgement(kind, None), language), class_="unused")
    )
