"""What an audit says: for each part of a run its score and what it is worth, then what is wrong or missing."""

# A run is said in parts. A part is a group that is in no other group, or a task that is in none; a group whose choices
# are partly by letter and partly by text falls into its members, because positions and confidence mean different things
# in the two. Tasks inside of a part are silent unless something is wrong with them.
#
# Tests of tasks inside are corrected (Holm) over the tasks of the run: of 57 subjects, three have p < 0.05 by chance.
# The test of a part is the one that was stated before.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from proctor.analysis.audit_choices import ChoiceAudit, ConfidenceAudit
from proctor.analysis.baseline_text import above_chance, baseline_sentences, label, majority_sentence
from proctor.analysis.column_text import cells_sentence, cluster_sentences, without_clusters
from proctor.analysis.formulations import LOW_MASS
from proctor.analysis.multiplicity import adjusted
from proctor.analysis.positions import PositionBias
from proctor.analysis.run_audit import GroupAudit, RunAudit, ScoreAudit, TaskAudit
from proctor.analysis.task_scores import name_of
from proctor.analysis.wording import in_points, named, number, p_value, points
from proctor.plurals import counted

Part: TypeAlias = GroupAudit | TaskAudit

FEW = 300
"""Documents below which what chance gives is said before the calibration error."""
MOST_TIES = 0.01
MASS_TOLERANCE = 0.01
"""By how much a mean of probabilities may exceed 1: log-likelihoods in half precision do so by a little."""
STOPPED_TESTS = (
    "The run stopped early: its intervals and the p of its score against chance hold whenever a run stops. The tests "
    "of positions and confidence and the MDE are of a number of documents that is fixed before, and are left out."
)
PROMPT = "Is it the prompt or the harness, and not the model?"


def parts_of(audit: RunAudit) -> tuple[Part, ...]:
    """The parts in which a run is said.

    Args:
        audit: The run.
    """
    groups, tasks = {one.group: one for one in audit.groups}, {one.task: one for one in audit.tasks}
    members = audit.run.groups

    seen = set[str]()

    def below(name: str) -> Iterator[Part]:
        # A group that contains itself can stand in a file that was edited.
        if name in seen:
            return
        seen.add(name)
        group = groups.get(name)
        if group is not None and not _is_mixed(group, tasks):
            yield group
            # What the group's score leaves out stands beside it.
            yield from (tasks[task] for task in audit.run.leaves(name) if task in tasks and task not in group.tasks)
        elif name in members:
            for member in members[name]:
                yield from below(member)
        elif name in tasks:
            yield tasks[name]

    roots = [name for name, depth in audit.run.tree() if depth == 0]
    return tuple(part for root in roots for part in below(root))


def _is_mixed(group: GroupAudit, tasks: dict[str, TaskAudit]) -> bool:
    kinds = {choices.by_label for task in group.tasks if (choices := tasks[task].choices)}
    return len(kinds) > 1


def part_lines(part: Part) -> Iterator[str]:
    """A part in sentences.

    Args:
        part: A group or task.
    """
    score = part.score if isinstance(part, GroupAudit) else part.main
    if score is None:
        yield f"No score: {part.reason if isinstance(part, TaskAudit) else 'none was found'}."
        return
    yield score_sentence(score, part.choices)
    clean = part.clean if isinstance(part, GroupAudit) else part.main_clean
    if clean is not None:
        out = (score.n or 0) - (clean.n or 0)
        yield f"Without {counted(out, 'excluded document')}: {score_sentence(clean)}"
    choices = part.choices
    if choices is not None:
        yield from baseline_sentences(choices)
        if choices.positions is not None:
            yield position_sentence(choices.positions)
        yield from _mass_sentences(choices)
        if choices.confidence is not None:
            yield confidence_sentence(choices.confidence)
    if score.mark:
        yield STOPPED_TESTS
    if isinstance(part, GroupAudit):
        if part.lacking:
            yield f"By its results file alone, as {named(part.lacking)}."
    else:
        if part.reason:
            yield f"By its results file alone: {_phrase(part.reason)}."
        yield from cluster_sentences([part])
        yield from task_warnings(part)
    if part.cells is not None:
        yield cells_sentence(part.cells)
    if part.detectable is not None:
        yield f"To be distinguished from this one, another model must differ by {points(part.detectable)} (MDE)."


def score_sentence(score: ScoreAudit, choices: ChoiceAudit | None = None) -> str:
    """A score, its interval, and what guessing gives.

    Args:
        score: The score.
        choices: Of multiple choice.
    """
    documents = "" if score.n is None else f" on {counted(score.n, 'document')}"
    if score.interval is None:
        return f"{name_of(score.metric)} {number(score.score, 3)}{documents}; no interval: {score.reason}."
    sure = f"95 %: {number(score.interval[0], 3)} to {number(score.interval[1], 3)}"
    sure += f", {counted(score.clusters.clusters, 'cluster')}" if score.clusters else ""
    sure += ", at every look of a run that stopped early" if score.method == "sequence" else ""
    text = f"{name_of(score.metric)} {number(score.score, 3)}{documents} ({sure})"
    chance = choices.chance if choices else None
    if chance is None:
        return f"{text}."
    if chance.p_above > 0.05:
        facts = f"chance, {number(chance.chance, 3)} ({p_value(chance.p_above)})."
        if chance.acc <= chance.chance:
            return f"{text}: at or below {facts} {PROMPT}"
        return f"{text}: not shown to be above {facts}"
    corrected = "" if chance.corrected.value is None else f"; corrected for it {number(chance.corrected.value, 3)}"
    return f"{text}; chance {number(chance.chance, 3)} ({p_value(chance.p_above)}){corrected}."


def position_sentence(positions: PositionBias, p: float | None = None, tests: int = 1) -> str:
    """Chosen against gold positions.

    Args:
        positions: Of a task or group.
        p: The p-value, corrected; None: its own.
        tests: How many tests it was corrected for.
    """
    p = positions.test.p if p is None else p
    if p is None:
        return f"Positions cannot be tested: {positions.test.reason}."
    test = f"Stuart-Maxwell {p_value(p)}{f', Holm over {tests} tasks' if tests > 1 else ''}"
    if p > 0.05:
        return f"Positions are chosen as often as they are right, as far as can be seen ({test})."
    place, chosen, gold = preferred_position(positions)
    return (
        f"{label(place)} is chosen in {100 * chosen:.0f} % of documents and is the gold of {100 * gold:.0f} % ({test}):"
        " what is chosen depends on where it stands."
    )


def preferred_position(positions: PositionBias) -> tuple[int, float, float]:
    """The position that is chosen most beyond what it is right: its place, the shares chosen and right.

    Args:
        positions: Of a task or group.
    """
    shares = list(zip(positions.chosen_share, positions.gold_share, strict=True))
    place = max(range(len(shares)), key=lambda at: shares[at][0] - shares[at][1])
    return place, *shares[place]


def _mass_sentences(choices: ChoiceAudit) -> Iterator[str]:
    if choices.mass is None or choices.format_rate is None:
        return
    if choices.mass > 1 + MASS_TOLERANCE:
        yield (
            f"The labels together have a probability of {number(choices.mass, 3)}, which cannot be: these "
            "log-likelihoods are not those of one distribution, so that nothing follows from their size."
        )
    elif choices.mass < LOW_MASS:
        yield (
            f"All labels together have {100 * choices.mass:.3g} % of the probability, so that their ranking is decided "
            "in the tail of the distribution. Usual reasons: a space too many or missing, no chat template, no "
            f"instruction. {PROMPT}"
        )
    else:
        yield (
            f"The model writes one of the labels with probability {number(choices.mass, 3)}; greedily in "
            f"{100 * choices.format_rate:.0f} % of documents."
        )


def confidence_sentence(confidence: ConfidenceAudit) -> str:
    """Whether the model knows when it is right.

    Args:
        confidence: Of a task or group.
    """
    found, null = confidence.calibration, confidence.null
    gap = points(abs(found.overconfidence))
    sure = "overconfident" if found.overconfidence > 0 else "underconfident"
    chance = f"{number(null.expected, 3)} expected by chance, {p_value(null.p)}"
    if null.p is None:
        verdict = f"ECE {number(found.ece, 3)} ({number(null.expected, 3)} expected by chance)"
    elif null.p > 0.05:
        verdict = f"calibrated as far as can be seen: ECE {number(found.ece, 3)} ({chance})"
    elif found.n < FEW:
        verdict = f"{sure} by {gap}. By chance ECE is {number(null.expected, 3)} on so few documents; it is "
        verdict += f"{number(found.ece, 3)} ({p_value(null.p)})"
    else:
        verdict = f"{sure} by {gap}. ECE {number(found.ece, 3)} ({chance})"
    half = confidence.selective.get(0.5)
    surer = "" if half is None or found.n < 4 else f" The surer half is right in {100 * half:.0f} %."
    start = f"Confidence {number(found.mean_confidence, 2)}, accuracy {number(found.accuracy, 2)}"
    return f"{start}: {verdict}.{surer}"


def task_warnings(task: TaskAudit) -> Iterator[str]:
    """What is wrong with a task's documents, whatever its score.

    Args:
        task: The task.
    """
    total = sum(task.texts.values())
    unread, unfinished = task.texts.get("unread", 0), task.texts.get("unfinished", 0)
    if total and (unread or unfinished or task.truncated):
        facts = [f"{unread:,} unread", f"{unfinished:,} unfinished" if unfinished else "",
                 f"{task.truncated:,} truncated" if task.truncated else ""]  # fmt: skip
        text = f"Of {counted(total, 'text')}: {', '.join(fact for fact in facts if fact)}; these are not simply wrong."
        yield f"{text} {PROMPT}" if 2 * (unread + unfinished) > total else text
    yield from (f"{text[0].upper()}{text[1:]}." for text in task.contradictions)
    if task.unscored:
        yield f"{counted(task.unscored, 'document')} could not be scored."
    if task.not_finite:
        yield f"{counted(task.not_finite, 'score')} left out: not a number."
    choices = task.choices
    if choices is None:
        return
    if choices.unknown:
        yield f"Of {counted(choices.unknown, 'choice')} the gold is not known from the samples."
    if choices.disagreements:
        yield f"In {counted(choices.disagreements, 'document')} the score is not that of the likeliest option."
    if choices.n and choices.ties > MOST_TIES * choices.n:
        share = 100 * choices.ties / choices.n
        yield f"In {share:.0f} % of documents options have equal scores, and the first of them counts as chosen."


def inner_warnings(audit: RunAudit, said: Sequence[Part]) -> Iterator[str]:
    """What is wrong with tasks that are inside of a part.

    Args:
        audit: The run.
        said: The parts, which have been said.
    """
    inside = [one for one in audit.tasks if not any(one is part for part in said)]
    for task in inside:
        for text in task_warnings(task):
            yield f"{task.task}: {text}"
    yield from cluster_sentences(inside)
    yield from without_clusters(audit)
    yield from _positions_inside(inside)
    yield from _conspicuous_inside(inside)
    at_chance = _at_chance(inside)
    if at_chance:
        yield f"Not shown to be above chance (Holm over {len(inside)} tasks): {named(at_chance, 8)}."
    if audit.not_there:
        yield f"{counted(audit.not_there, 'document')} in {audit.options.exclude} are none of those looked at."
    # That a run has no samples is said of a group once.
    stated = {task for part in said if isinstance(part, GroupAudit) for task in part.lacking}
    missing = [one for one in inside if one.reason and (one.damaged or one.task not in stated)]
    yield from (f"{one.task}: by its results file alone, for {_phrase(one.reason)}." for one in missing[:5])


def _phrase(reason: str | None) -> str:
    return (reason or "").removesuffix(".")


def _positions_inside(tasks: Sequence[TaskAudit]) -> Iterator[str]:
    tested = [(task, task.choices.positions) for task in tasks if task.choices and task.choices.positions]
    corrected = adjusted([positions.test.p for _, positions in tested])
    for (task, positions), p in zip(tested, corrected, strict=True):
        if p is not None and p <= 0.05:
            yield f"{task.task}: {position_sentence(positions, p, len(tested))}"


def _conspicuous_inside(tasks: Sequence[TaskAudit]) -> Iterator[str]:
    for task in tasks:
        if task.choices and task.choices.majority and task.choices.majority.baseline.conspicuous:
            yield f"{task.task}: {majority_sentence(task.choices.majority)}"
        if task.choices and task.choices.longest and task.choices.longest.conspicuous:
            acc = number(task.choices.longest.acc, 3)
            yield f"{task.task}: Always the longest option is right in {acc}, {above_chance(task.choices.longest)}."


def _at_chance(tasks: Sequence[TaskAudit]) -> list[str]:
    tested = [(task.task, task.choices.chance.p_above) for task in tasks if task.choices and task.choices.chance]
    corrected = adjusted([p for _, p in tested])
    return [name for (name, _), p in zip(tested, corrected, strict=True) if p is not None and p > 0.05]


def brief_line(part: Part) -> str | None:
    """A part in one line; None where it has no interval.

    Args:
        part: A group or task.
    """
    score = part.score if isinstance(part, GroupAudit) else part.main
    if score is None or score.interval is None:
        return None
    low, high = score.interval
    facts = [f"{name_of(score.metric)} {number(score.score, 3)} (95 %: {number(low, 3)} to {number(high, 3)})"]
    choices = part.choices
    if choices and choices.chance:
        facts.append(f"chance {number(choices.chance.chance, 2)}")
    if choices and choices.confidence and choices.confidence.null.p is not None and in_points(score.score):
        gap = choices.confidence.calibration.overconfidence
        word = "overconfident" if gap > 0 else "underconfident"
        resolved = choices.confidence.null.p <= 0.05
        facts.append(f"{word} by {points(abs(gap))}" if resolved else "calibrated as far as can be seen")
    if choices and choices.positions and choices.positions.test.p is not None:
        p = choices.positions.test.p
        facts.append(f"positions {'as' if p > 0.05 else 'unlike'} the golds ({p_value(p)})")
    if part.detectable is not None:
        facts.append(f"can detect differences of {points(part.detectable)} or more")
    return f"{part.alias}: {'; '.join(facts)}."
