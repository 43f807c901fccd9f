"""The one sentence of a report: what came out."""

from __future__ import annotations

import math
from collections.abc import Iterator

from proctor.analysis.comparison import Comparison, GroupComparison, PairComparison, TaskComparison, members_of
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.own_settings import short_name
from proctor.analysis.run_audit import ScoreAudit
from proctor.analysis.task_scores import name_of
from proctor.analysis.verdicts import Verdict
from proctor.analysis.wording import in_points, number, p_value, signed, span
from proctor.html_report.facts import ReportFacts, Row
from proctor.html_report.heat import is_whole
from proctor.html_report.language import Language, in_one_line
from proctor.html_report.pieces import VERDICTS, run_number

_MOST = 4
"""Scores that one sentence names."""


def outcome(facts: ReportFacts, rows: tuple[Row, ...], language: Language) -> str:
    """What came out, in a sentence or two.

    Args:
        facts: What there is.
        rows: The tree of scores.
        language: Of the sentence.
    """
    roots = [row for row in rows if row.depth == 0 and row.first is not None]
    if not roots:
        return language.text("outcome_nothing")
    if facts.comparison is not None and len(facts.runs) == 2:
        (pair,) = facts.comparison.pairs
        said = main_comparison(pair, facts.comparison)
        if said is not None:
            names = run_number(pair.a), run_number(pair.b)
            return " ".join(
                [comparison_sentence(said, language, *names), *_single_tasks(said, pair, names[1], language)]
            )
    if len(facts.runs) > 1:
        return _ranked(facts, roots, language)
    return _single(facts, roots, language)


def _single_tasks(
    said: GroupComparison | TaskComparison, pair: PairComparison, run: str, language: Language
) -> Iterator[str]:
    """Tasks that differ, by the corrected test, where the exam as a whole does not: else nobody looks for them."""
    if not isinstance(said, GroupComparison) or said.judgement.verdict in (Verdict.BETTER, Verdict.WORSE):
        return
    for verdict in (Verdict.WORSE, Verdict.BETTER):
        names = [one.alias for one in pair.tasks if one.judgement and one.judgement.verdict is verdict]
        if names:
            values = {"run": run, "total": len(pair.tasks), "tasks": language.named(names, _MOST)}
            yield language.text(f"outcome_tasks_{VERDICTS[verdict]}", n=len(names), **values)


def main_comparison(pair: PairComparison, comparison: Comparison) -> GroupComparison | TaskComparison | None:
    """The difference that a comparison is about: of the first group that is in no other, else of the first task.

    Args:
        pair: Two of the runs.
        comparison: All of them.
    """
    inside = members_of(comparison.runs[pair.a], pair.groups)
    groups = [one for one in pair.groups if one.group not in inside]
    tasks = [one for one in pair.tasks if one.result is not None and one.task not in inside]
    return next(iter([*groups, *tasks, *(one for one in pair.tasks if one.result is not None)]), None)


def _single(facts: ReportFacts, roots: list[Row], language: Language) -> str:
    model = short_name(facts.runs[0])
    if len(roots) > 1:
        known = [f"{row.alias} {number(score.score, 3)}" for row in roots if (score := row.scores[0])]
        return language.text("outcome_several", model=model, scores=language.named(known, _MOST))
    row, score = roots[0], roots[0].scores[0]
    if score is None:
        return language.text("outcome_nothing")
    first = _score(model, row.alias, score, language)
    if row.chance is None:
        return first
    chance = number(row.chance, 3)
    if score.interval is None or score.interval[0] > row.chance:
        return f"{first} {language.text('outcome_chance', chance=chance)}"
    if score.score > row.chance:
        return f"{first} {language.text('outcome_not_above', chance=chance)}"
    return f"{first} {language.text('outcome_at_chance', chance=chance)}"


def _score(model: str, exam: str, score: ScoreAudit, language: Language) -> str:
    values = {"model": model, "exam": exam, "metric": name_of(score.metric), "score": number(score.score, 3)}
    if score.n is None or score.interval is None:
        return language.text("outcome_score_alone", **values)
    low, high = (number(end, 3) for end in score.interval)
    return language.text("outcome_score", n=score.n, low=low, high=high, **values)


def _ranked(facts: ReportFacts, roots: list[Row], language: Language) -> str:
    """The best of several, and whether it is better than the next one beyond chance."""
    row = next((root for root in roots if sum(score is not None for score in root.scores) > 1), None)
    if row is None or row.first is None:
        return language.text("outcome_apart", n=len(facts.runs))
    partial = _partial(row)
    known = [(one.score, place) for place, one in enumerate(row.scores) if one is not None and place not in partial]
    higher = facts.runs[0].higher_is_better(row.name, row.first.metric[0])
    known.sort(key=lambda one: (-one[0] if higher else one[0], one[1]))
    said = [_best(row.alias, known, facts, language), *_left_out(row, partial, language)]
    pair = {place for _, place in known[:2]}
    found = next((one for one in facts.comparison.pairs if {one.a, one.b} == pair), None) if facts.comparison else None
    main = main_comparison(found, facts.comparison) if found and facts.comparison else None
    if found is not None and main is not None and known[0][0] != known[1][0]:
        names = (run_number(found.a), run_number(found.b))
        said.append(comparison_sentence(main, language, *names, after=row.alias))
    return " ".join(said)


def _partial(row: Row) -> list[int]:
    """Runs with clearly fewer documents than another, as of another exam; none, if one run would be left."""
    counts = {place: one.n for place, one in enumerate(row.scores) if one is not None and one.n is not None}
    fewer = [place for place, n in counts.items() if not is_whole(n, max(counts.values()))]
    return fewer if sum(one is not None for one in row.scores) - len(fewer) > 1 else []


def _best(exam: str, known: list[tuple[float, int]], facts: ReportFacts, language: Language) -> str:
    """The highest of sorted scores and the next one; of those that are equal, that they are."""
    first = known[0][0]
    equal = [run_number(place) for score, place in known if math.isclose(score, first, abs_tol=1e-9)]
    values: dict[str, str | int] = {"exam": exam, "n": len(known)}
    if len(equal) > 1:
        values |= {"score": number(first, 3), "runs": ", ".join(equal)}
        is_all = len(equal) == len(known)
        return language.text("outcome_equal", **values) if is_all else language.text("outcome_equal_best", **values)
    (best, place), (next_, second) = known[:2]
    digits = 3 if number(best, 3) != number(next_, 3) else 5
    return language.text(
        "outcome_ranked", best=f"{run_number(place)} ({short_name(facts.runs[place])})", second=run_number(second),
        score=number(best, digits), next=number(next_, digits), **values,
    )  # fmt: skip


def _left_out(row: Row, partial: list[int], language: Language) -> Iterator[str]:
    most = max((one.n for one in row.scores if one is not None and one.n is not None), default=0)
    for place in partial:
        one = row.scores[place]
        yield language.text("outcome_partial", run=run_number(place), n=one.n or 0 if one else 0, total=most)


def comparison_sentence(
    one: GroupComparison | TaskComparison, language: Language, a: str, b: str, *, after: str = ""
) -> str:
    """A difference, its size and its uncertainty.

    Args:
        one: Of a group or task.
        language: Of the sentence.
        a: What the first run is called.
        b: What the second run is called.
        after: The exam that the sentence before it has named: it is not named again.
    """
    judgement, first, second = one.judgement, one.a, one.b
    if judgement is None or first is None or second is None:
        return language.text("no_test_because", reason=one.reason or "" if isinstance(one, TaskComparison) else "")
    metric = one.metric[0] if one.metric else ""
    share = in_points(first) and in_points(second) and metric not in STATISTICS
    difference, interval, p, effect = _numbers(one)
    kind = VERDICTS[judgement.verdict]
    resolved = judgement.verdict in (Verdict.BETTER, Verdict.WORSE)
    size = _size(abs(difference) if resolved else difference, language, share=share, sign=not resolved)
    inside = _interval(interval, language, share=share)
    words = {"a": a, "b": b, "name": one.alias, "size": size, "interval": inside}
    words["on"] = "" if one.alias == after else language.text("on_exam", name=one.alias)
    words["p"] = "" if p is None else language.text("with_p", p=in_one_line(p_value(p)))
    unchanged = judgement.verdict is Verdict.NOT_RESOLVED and one.is_same
    form = "unchanged" if unchanged else kind
    text = language.text(f"compare_{form}", **words, n=_documents(one))
    if judgement.verdict is Verdict.NOT_RESOLVED and effect is not None:
        missed = _size(effect, language, share=share)
        text += " " + language.text("compare_effect", size=missed, n=_documents(one))
    return text


def _numbers(
    one: GroupComparison | TaskComparison,
) -> tuple[float, tuple[float, float] | None, float | None, float | None]:
    if isinstance(one, GroupComparison):
        return one.result.micro, one.interval, one.result.p, one.detectable_effect
    result = one.result
    if result is None:
        return 0.0, None, None, None
    return result.difference, result.interval, result.p, result.detectable_effect


def _documents(one: GroupComparison | TaskComparison) -> int:
    if isinstance(one, GroupComparison):
        return one.n
    return one.result.n if one.result else 0


def _size(value: float, language: Language, *, share: bool, sign: bool = False) -> str:
    if share:
        return language.points(value, sign=sign)
    return signed(value).strip() if sign else number(value)


def _interval(interval: tuple[float, float] | None, language: Language, *, share: bool) -> str:
    if interval is None:
        return "—"
    return language.range_of_points(interval) if share else span(interval)
