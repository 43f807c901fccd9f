"""What a comparison says: a sentence for each difference, the verdicts counted, what must be known besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from proctor.analysis.compare_untested import untested_notes
from proctor.analysis.comparison import Comparison, GroupComparison, PairComparison, TaskComparison
from proctor.analysis.corpus_statistics import STATISTICS
from proctor.analysis.pairing_notes import number_notes, prompt_notes, same_prompts
from proctor.analysis.power import documents_needed
from proctor.analysis.row_names import row_names
from proctor.analysis.sequences import ANYTIME
from proctor.analysis.task_scores import name_of
from proctor.analysis.verdicts import Verdict
from proctor.analysis.wording import in_points, named, p_value, points, probability, range_in_points, rounded
from proctor.plurals import counted

MARKS = {Verdict.BETTER: "▲", Verdict.WORSE: "▼", Verdict.SAME: "=", Verdict.NOT_RESOLVED: "·"}
"""A mark beside the word: neither colour nor mark is ever alone."""
CORRECTIONS = {"holm": "Holm", "bh": "Benjamini-Hochberg", "by": "Benjamini-Yekutieli", "none": "not corrected"}
MOST_NAMED = 3
"""Better or worse tasks up to which their names are said."""
SMALL = 0.01
"""The difference for which the needed documents are said: one point."""


def letter(position: int) -> str:
    """What a run is called in tables: A, B, ..., Z, A1.

    Args:
        position: Its place among the runs, from 0.
    """
    return chr(65 + position % 26) + (str(position // 26) if position >= 26 else "")


_TESTS = {
    "mcnemar": "McNemar",
    "sign flips": "sign flips",
    "e-value": "e-value, valid at any time:",
    "betting": "bets, valid at any time:",
}


def task_sentence(one: TaskComparison, a: str = "A", b: str = "B") -> str:
    """A task's difference, its size and its uncertainty.

    Args:
        one: The task.
        a: What the first run is called.
        b: What the second run is called.
    """
    result, judgement = one.result, one.judgement
    if result is None or judgement is None:
        return f"No test: {one.reason}."
    share = _is_share(one)
    interval = "" if result.interval is None else f"95 %: {range_in_points(result.interval, share=share)}"
    if judgement.verdict in (Verdict.BETTER, Verdict.WORSE):
        size = points(abs(result.difference), share=share)
        facts = [interval, f"{_TESTS[result.test]} {p_value(result.p)}"]
        if one.p_adjusted is not None and one.p_adjusted > result.p:
            facts.append(f"{probability(one.p_adjusted)} corrected")
        if counts := one.counts:
            facts.append(f"{counted(counts.only_b, 'document')} right only by {b}, {counts.only_a:,} only by {a}")
        same = " That is within the margin." if judgement.same else ""
        return f"{b} is {judgement.verdict} than {a} by {size} ({'; '.join(fact for fact in facts if fact)}).{same}"
    if judgement.verdict is Verdict.SAME:
        return f"The same within the margin: {points(result.difference, share=share, sign=True)} ({interval})."
    return _not_resolved(one, interval, share=share)


def _is_share(one: TaskComparison) -> bool:
    """Whether differences are said in points: bits per byte may lie between 0 and 1, and are no share."""
    known = [value for value in (one.a, one.b) if value is not None]
    return all(map(in_points, known)) and not (one.metric and one.metric[0] in STATISTICS)


def _not_resolved(one: TaskComparison, interval: str, *, share: bool) -> str:
    result = one.result
    if result is None:
        return ""
    documents = counted(result.n, "document")
    start = _unresolved(documents, points(result.difference, share=share, sign=True), interval, is_same=one.is_same)
    if result.detectable_effect is None:
        return f"{start} {(result.reason or 'The spread of differences is unknown').capitalize()}."
    missed = points(result.detectable_effect, share=share)
    needs = ""
    if share and result.detectable_effect > SMALL:
        needed = documents_needed(result.variance, SMALL, design_effect=result.design_effect)
        needs = f"; to see 1 point takes about {rounded(needed)} documents"
    these = "this" if result.n == 1 else "these"
    return f"{start} With {these} {documents} a difference under {missed} is missed more than one time in five{needs}."


def group_sentence(one: GroupComparison, a: str = "A", b: str = "B") -> str:
    """A group's difference.

    Args:
        one: The group.
        a: What the first run is called.
        b: What the second run is called.
    """
    share = in_points(one.a) and in_points(one.b)
    result, verdict = one.result, one.judgement.verdict
    interval = "" if one.interval is None else f"95 %: {range_in_points(one.interval, share=share)}"
    agreement = _agreement(one)
    if verdict in (Verdict.BETTER, Verdict.WORSE):
        facts = [interval, f"{p_value(result.p)}"]
        size = points(abs(result.micro), share=share)
        return f"{b} is {verdict} than {a} by {size} ({'; '.join(fact for fact in facts if fact)}).{agreement}"
    if verdict is Verdict.SAME:
        return f"The same within the margin: {points(result.micro, share=share, sign=True)} ({interval}).{agreement}"
    documents = counted(one.n, "document")
    start = _unresolved(documents, points(result.micro, share=share, sign=True), interval, is_same=one.is_same)
    if one.detectable_effect is None:
        return f"{start}{agreement}"
    missed = points(one.detectable_effect, share=share)
    rest = f"a difference under {missed} is missed more than one time in five.{agreement}"
    return f"{start} With these {documents} {rest}"


def _unresolved(documents: str, difference: str, interval: str, *, is_same: bool) -> str:
    shown = f" ({interval})" if interval else ""
    return f"The same score in all {documents}{shown}." if is_same else f"Not resolved: {difference}{shown}."


def _agreement(one: GroupComparison) -> str:
    found = one.result.agreement
    if found is None or found.p > 0.05:
        return ""
    spread = one.result.macro_stderr_new_tasks
    more = "" if spread is None or not in_points(one.a) else f" (for other tasks the error is {points(spread)})"
    return f" The difference differs between its tasks (Cochran's Q, {p_value(found.p)}){more}."


def row_labels(pair: PairComparison, comparison: Comparison) -> dict[str, str]:
    """What groups and tasks are called outside of the tree, by their names.

    Args:
        pair: Two of the runs.
        comparison: All of them.
    """
    shown = {one.group for one in (*pair.groups, *pair.scored)} | {one.task for one in pair.tasks}
    return {row.name: row.label for row in row_names([comparison.runs[pair.a]], shown)}


def verdict_counts(pair: PairComparison, comparison: Comparison) -> str:
    """``57 tasks: 3 worse, 0 better (Holm, 5 %); 54 not resolved (MDE 6.0 to 11.0 points)``.

    Args:
        pair: Two of the runs.
        comparison: All of them.
    """
    judged = [(one, one.judgement.verdict) for one in pair.tasks if one.judgement]
    if not judged:
        return "No task has a test."
    count = {verdict: sum(found is verdict for _, found in judged) for verdict in Verdict}
    correction = CORRECTIONS[comparison.options.correction]
    labels = row_labels(pair, comparison)
    sides = ", ".join(f"{count[side]:,} {side}{_few(judged, side, labels)}" for side in (Verdict.WORSE, Verdict.BETTER))
    text = f"{counted(len(judged), 'task')}: {sides} ({correction}, 5 %)"
    if count[Verdict.SAME]:
        text += f"; {count[Verdict.SAME]:,} the same within the margin"
    if count[Verdict.NOT_RESOLVED]:
        text += f"; {count[Verdict.NOT_RESOLVED]:,} not resolved{_effects(pair)}"
    same = sum(one.is_same for one, _ in judged)
    if same:
        text += f"; in {'all' if same == len(judged) else f'{same:,}'} of them no document differs"
    return text + "."


def _few(judged: Sequence[tuple[TaskComparison, Verdict]], side: Verdict, labels: Mapping[str, str]) -> str:
    """The names of the tasks that have a verdict, if they are few."""
    names = [labels[one.task] for one, verdict in judged if verdict is side]
    return f" ({', '.join(names)})" if 0 < len(names) <= MOST_NAMED else ""


def _effects(pair: PairComparison) -> str:
    """The range of effects that unresolved tasks would have shown: no "no difference" without it."""
    shares = list[float]()
    for one in pair.tasks:
        result = one.result
        if result and one.judgement and one.judgement.verdict is Verdict.NOT_RESOLVED and _is_share(one):
            shares += [result.detectable_effect] if result.detectable_effect is not None else []
    if not shares:
        return ""
    low, high = 100 * min(shares), 100 * max(shares)
    return f" (MDE {low:.1f} points)" if f"{low:.1f}" == f"{high:.1f}" else f" (MDE {low:.1f} to {high:.1f} points)"


def option_notes(pair: PairComparison, comparison: Comparison) -> Iterator[str]:
    """What became of what was asked for: tasks of other names, columns that tasks lack.

    Args:
        pair: Two of the runs.
        comparison: All of them.
    """
    names, options = comparison.names_in(pair), comparison.options
    if names:
        shown = named([f"{ours} with {theirs}" for ours, theirs in names.items()])
        yield f"Paired across names, document by document: {shown}. Formulation and model are compared together."
    elif comparison.runs[pair.a].source == comparison.runs[pair.b].source:
        yield "Both are the same run."
    paired = [one for one in pair.tasks if one.pairs and one.result]
    for column, lacking in (
        (options.cluster, [one.task for one in paired if one.pairs and one.pairs.clusters is None]),
        (options.by, [one.task for one in paired if one.pairs and one.pairs.cells is None]),
    ):
        if column is not None and lacking:
            yield f"No column {column}: {named(lacking)}."
    yield from _unnamed_clusters(pair, comparison)
    stopped = [one.task for one in paired if one.result and one.result.test in ANYTIME]
    if options.by is not None and stopped:
        yield (
            f"By {options.by} without {named(stopped)}: a run stopped early there, so that how many documents a value "
            "has was not fixed before."
        )


def _unnamed_clusters(pair: PairComparison, comparison: Comparison) -> Iterator[str]:
    """Which errors are by clusters that nobody named on the command line."""
    if comparison.options.cluster is not None:
        return
    found: dict[str, list[str]] = {}
    for one in pair.tasks:
        if one.result is None or one.pairs is None or one.pairs.clusters is None or one.result.clusters is None:
            continue
        words = "as the tasks declare" if one.pairs.guessed is None else "as their documents show"
        by = "" if one.pairs.guessed is None else f" by {one.pairs.guessed}"
        count = len(set(one.pairs.clusters))
        found.setdefault(words, []).append(f"{one.task}{by} ({count:,} of {counted(one.result.n, 'document')})")
    for words, facts in found.items():
        where = f"{named(facts, 8)}; --cluster names another column"
        yield f"Errors are for documents that belong together, {words}: {where}."


def notes(pair: PairComparison, a: str = "A", b: str = "B") -> Iterator[str]:
    """What must be known to read the differences, sentence by sentence.

    Args:
        pair: Two runs.
        a: What the first one is called.
        b: What the second one is called.
    """
    yield from prompt_notes(pair)
    yield _settings(pair)
    paired = [(one, one.pairs) for one in pair.tasks if one.pairs is not None]
    yield from _stopped(pair)
    alone = [(one.task, both) for one, both in paired if both.only_a or both.only_b]
    if alone:
        first, second = sum(both.only_a for _, both in alone), sum(both.only_b for _, both in alone)
        where = named([name for name, _ in alone])
        yield f"Left out: {counted(first, 'document')} only in {a}, {second:,} only in {b} ({where})."
    lost = [(one.task, both.not_finite) for one, both in paired if both.not_finite]
    if lost:
        total = sum(count for _, count in lost)
        where = named([task for task, _ in lost])
        yield f"Left out: {counted(total, 'score')} that {'is' if total == 1 else 'are'} not a number ({where})."
    yield from number_notes(pair)
    for which, tasks in ((a, pair.only_a), (b, pair.only_b)):
        if tasks:
            yield f"Only in {which}: {counted(len(tasks), 'task')} ({named(tasks)})."
    yield from untested_notes(pair, a, b)
    for place, which in enumerate((a, b)):
        found = [text for one in pair.tasks for text in one.contradictions[place]]
        yield from (f"{which}: {text}." for text in found[:3])
        if len(found) > 3:
            yield f"{which}: and so of {counted(len(found) - 3, 'more score')}."
    others = [(one.task, name_of(one.instead_of), name_of(one.metric)) for one in pair.tasks
              if one.instead_of is not None and one.metric is not None]  # fmt: skip
    for task, missed, metric in others[:3]:
        yield f"{task}: only one of the runs has {missed} of every document; compared is {metric}."
    yield from _clusters(pair)


def _stopped(pair: PairComparison) -> Iterator[str]:
    """Which run stopped early, and what that means for the tests."""
    tasks = [one.task for one in pair.tasks if one.result and one.result.test in ANYTIME]
    if tasks:
        yield (
            f"A run stopped early, so that its number of documents was not fixed before ({named(tasks)}). Tests are "
            "therefore e-values or bets, intervals those of bets about all documents: they hold whenever a run stops."
        )


def _settings(pair: PairComparison) -> str:
    same = "Same prompts. " if same_prompts(pair) else ""
    if not pair.settings:
        return f"{same}No other setting differs."
    return f"{same}Also different: {'; '.join(map(str, pair.settings))}."


def _clusters(pair: PairComparison) -> Iterator[str]:
    counts = [(one.task, one.result.clusters) for one in pair.tasks if one.result and one.result.clusters is not None]
    few = [task for task, count in counts if 1 < count < 20]
    if few:
        yield f"Fewer than 20 clusters, so that errors are themselves uncertain: {named(few)}."
    single = [task for task, count in counts if count == 1]
    if single:
        yield f"All documents are one cluster, so that nothing is known of how clusters vary: {named(single)}."


def metric_names(comparisons: Sequence[TaskComparison]) -> str:
    """The metrics that were compared, each once.

    Args:
        comparisons: Tasks.
    """
    return ", ".join(dict.fromkeys(name_of(one.metric) for one in comparisons if one.metric))
