"""Scores of other formulations: added to a task's own scores, which they leave as they are."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from proctor.analysis.draws import source_of
from proctor.analysis.formulation_pairs import NO_CHOICE, FormulationAnswers, FormulationPair, formulation_pairs
from proctor.analysis.formulations import LOW_MASS, Normalization, normalized_scores
from proctor.analysis.probabilities import first_highest
from proctor.plurals import counted
from proctor.records import FormulationOutcome
from proctor.run.added_scores import CLEAN
from proctor.run.document_marks import DocumentMarks
from proctor.run.formulation_values import FormulationValues
from proctor.run.variant_scores import FORMULATION_SCORES, Means
from proctor.run_result import TaskResult, Value
from proctor.tasks.formulations import CHOICES_ONLY, FORMULATIONS, TASK

log = logging.getLogger("proctor")

Outcomes = Sequence[FormulationOutcome]

_MANNERS = {"letter": "by letter", "text": "as text", "hybrid": "as hybrid", "generate": "in writing"}
_NORMALIZED: Mapping[str, Normalization] = {"acc_norm_text": "char", "acc_bytes_text": "byte"}
_ONE_PLACE, _ENOUGH = 0.9, 20
"""Share of documents with the right option at one position, of so many at least, above which letters mean little."""


@dataclass(frozen=True, slots=True)
class FormulationResult:
    """The formulations of one task, or of a group's documents together.

    Attributes:
        name: The task or group.
        filter: The filter under which its own formulation is compared.
        own: Which one its own is.
        left_out: Documents that have no score in all of them.
        answers: What each gave on the documents that have, the own one first.
        scores: What was added to its scores.
        pairs: Each two formulations; the last ones are with and without the question.
        is_stopped: Whether the run stopped early: then no test of a fixed number of documents holds.
        clusters: What each document belongs to; None: documents are independent.
    """

    name: str
    filter: str
    own: str
    left_out: int
    answers: Mapping[str, FormulationAnswers]
    scores: Mapping[str, Value]
    pairs: Sequence[FormulationPair]
    is_stopped: bool = False
    clusters: Sequence[Hashable] | None = None

    @property
    def n(self) -> int:
        """Documents that have a score in all formulations."""
        return len(self.answers[self.own].right)

    @property
    def sentences(self) -> list[str]:
        """What was found."""
        # Of the pairs those with the task's own formulation; the file has all.
        pairs = [pair for pair in self.pairs if pair.a.name == self.own]
        lines = [f"{self.name}: {f'{one.finding}.' if self.is_stopped else one.sentence}" for one in pairs]
        if pairs and self.is_stopped:
            lines.append(f"{self.name}: the run stopped early, so that these differences have no test.")
        share, alone = self.scores.get("choices_only_share"), self.scores.get("acc_choices_only")
        if alone is not None and share is not None:
            lines.append(
                f"{self.name}: without the question {alone.value:.3f} are right; of {share.n:,} documents that are "
                f"right with it, {share.value:.0%} are right without it."
            )
        mass = self.scores.get("choice_mass")
        if mass is not None and mass.value < LOW_MASS:
            lines.append(
                f"{self.name}: the model writes one of the letters with probability {mass.value:.3f}: their ranking is "
                "decided among replies that it hardly ever gives."
            )
        return lines


def formulation_results(
    result: TaskResult,
    values: FormulationValues,
    wanted: Sequence[str],
    seed: int,
    *,
    is_stopped: bool = False,
    marks: DocumentMarks | None = None,
) -> tuple[TaskResult, FormulationResult | None]:
    """A task's scores with those of its other formulations.

    Args:
        result: Its scores; those that are there stay as they are.
        values: What its documents gave in each formulation.
        wanted: The formulations that were asked for by name.
        seed: For random signs, where a test draws some.
        is_stopped: Whether the run left out documents of the task.
        marks: Which of its documents are excluded, and which belong together.
    """
    if not values:
        return result, None
    outcomes = values.outcomes()
    if not outcomes[TASK]:
        log.warning("Task '%s': no document has a score in all its formulations.", result.name)
        return result, None
    documents, marks = values.documents(), marks or DocumentMarks(result.name)
    clusters = None if marks.clusters is None else [marks.clusters[doc] for doc in documents]
    answers = _answers(outcomes, values.right(), wanted)
    scores = _scores(outcomes, answers, Means(clusters))
    own, pairs = outcomes[TASK][0].own, pairs_of(result.name, answers, seed, clusters)
    details = FormulationResult(
        *(result.name, values.filter, own, values.left_out, answers, scores, pairs, is_stopped, clusters)
    )
    _warn(details, outcomes[TASK], wanted)
    directions: dict[str, bool | None] = {name: FORMULATION_SCORES[name] for name in scores}
    if marks.excluded is not None:
        rows = [row for row, doc in enumerate(documents) if doc not in marks.excluded]
        clean = _scores_of_rows(rows, outcomes, values.right(), wanted, clusters)
        scores = {**scores, **{f"{name}{CLEAN}": value for name, value in clean.items()}}
        directions |= {f"{name}{CLEAN}": FORMULATION_SCORES[name] for name in clean}
    added = {**result.values, **{(name, values.filter): value for name, value in scores.items()}}
    return replace(result, values=added, higher_is_better={**result.higher_is_better, **directions}), details


def _scores_of_rows(
    rows: Sequence[int],
    outcomes: Mapping[str, Outcomes],
    right: Sequence[float],
    wanted: Sequence[str],
    clusters: Sequence[Hashable] | None,
) -> dict[str, Value]:
    """The scores of some documents alone; nothing where there are none."""
    if not rows:
        return {}
    chosen = {name: [found[row] for row in rows] for name, found in outcomes.items()}
    answers = _answers(chosen, [right[row] for row in rows], wanted)
    return _scores(chosen, answers, Means(None if clusters is None else [clusters[row] for row in rows]))


def pairs_of(
    name: str, answers: Mapping[str, FormulationAnswers], seed: int, clusters: Sequence[Hashable] | None = None
) -> list[FormulationPair]:
    """Each two formulations, and the own one with and without the question.

    Args:
        name: The task or group.
        answers: What each gave on the same documents, the own one first.
        seed: For random signs, where a test draws some.
        clusters: What each document belongs to; None: documents are independent.
    """
    own = next(iter(answers))
    main = [answers[one] for one in dict.fromkeys([own, *FORMULATIONS]) if one in answers]
    pairs = formulation_pairs(main, source_of(seed, name, "formulations"), clusters)
    if CHOICES_ONLY in answers:
        # Another question than which formulation is best: corrected for none of the pairs above.
        pairs += formulation_pairs([main[0], answers[CHOICES_ONLY]], source_of(seed, name, CHOICES_ONLY), clusters)
    return pairs


def _answers(
    outcomes: Mapping[str, Outcomes], right: Sequence[float], wanted: Sequence[str]
) -> dict[str, FormulationAnswers]:
    """What was right and chosen, by formulation; the task's own stands under the name of its formulation."""
    own = outcomes[TASK][0].own
    answers = {own: FormulationAnswers(own, _MANNERS[own], right, _choices(outcomes[TASK]))}
    for name, found in outcomes.items():
        if name in (TASK, own):
            continue
        shown, manner = name.replace("_", " "), _MANNERS.get(name, "without the question")
        answers[name] = FormulationAnswers(shown, manner, [one.right for one in found], _choices(found))
    return answers


def _choices(outcomes: Outcomes) -> list[int]:
    return [NO_CHOICE if one.chosen is None else one.chosen for one in outcomes]


def _scores(
    outcomes: Mapping[str, Outcomes], answers: Mapping[str, FormulationAnswers], means: Means
) -> dict[str, Value]:
    """What is added to the task's scores, in the order of :data:`FORMULATION_SCORES`."""
    own = outcomes[TASK][0].own
    found = {f"acc_{name}": means.share(one.right) for name, one in answers.items()}
    letters = outcomes[TASK] if own == "letter" else outcomes.get("letter", ())
    found |= {**_of_text(outcomes.get("text", ()), means), **_of_letters(letters, means)}
    if "generate" in answers:
        found |= _of_written(answers["generate"], answers.get("letter", answers[own]), means)
    if CHOICES_ONLY in answers:
        found |= choices_only_scores(answers[own], answers[CHOICES_ONLY], means)
    return {name: found[name] for name in FORMULATION_SCORES if name in found}


def _of_text(outcomes: Outcomes, means: Means) -> dict[str, Value]:
    """The text of options under each normalization."""
    found: dict[str, Value] = {}
    for name, normalization in _NORMALIZED.items():
        ranked = [normalized_scores(one.lls, normalization, choices=one.texts) for one in outcomes]
        found |= _ranked(name, outcomes, ranked, means)
    if outcomes and all(len(one.tokens) == len(one.lls) for one in outcomes):
        ranked = [normalized_scores(one.lls, "token", tokens=one.tokens) for one in outcomes]
        found |= _ranked("acc_tokens_text", outcomes, ranked, means)
    for name, field in (("acc_mutual_info_text", "unconditional"), ("acc_pmi_text", "neutral")):
        if all(len(getattr(one, field)) == len(one.lls) for one in outcomes):
            ranked = [normalized_scores(one.lls, "pmi", unconditional=getattr(one, field)) for one in outcomes]
            found |= _ranked(name, outcomes, ranked, means)
    return found


def _ranked(name: str, outcomes: Outcomes, ranked: Sequence[Sequence[float]], means: Means) -> dict[str, Value]:
    if not ranked:
        return {}
    # A NaN is never right, as in acc; -inf minus -inf is one.
    right = [
        float(not any(map(math.isnan, scores)) and first_highest(scores) in one.golds)
        for one, scores in zip(outcomes, ranked, strict=True)
    ]
    return {name: means.share(right)}


def _of_letters(outcomes: Outcomes, means: Means) -> dict[str, Value]:
    """The probability that the model writes a letter at all; not defined where one label begins another."""
    rows = [row for row, one in enumerate(outcomes) if one.lls and not any(map(math.isnan, one.lls))]
    usable = [outcomes[row] for row in rows]
    if not usable or any(len(label) != 1 for one in usable for label in one.labels):
        return {}
    masses = [math.fsum(map(math.exp, one.lls)) for one in usable]
    greedy = [float(any(one.greedy)) for one in usable]
    return {"choice_mass": means.mean(masses, rows), "format_rate": means.share(greedy, rows)}


def _of_written(written: FormulationAnswers, scored: FormulationAnswers, means: Means) -> dict[str, Value]:
    rows = [row for row, choice in enumerate(written.choice) if choice != NO_CHOICE]
    found = {"parse_rate": means.share([float(choice != NO_CHOICE) for choice in written.choice])}
    if rows:
        same = [float(written.choice[row] == scored.choice[row]) for row in rows]
        found["agreement_parsed"] = means.share(same, rows)
        found["acc_generate_parsed"] = means.share([written.right[row] for row in rows], rows)
    return found


def choices_only_scores(
    own: FormulationAnswers, alone: FormulationAnswers, means: Means | None = None
) -> dict[str, Value]:
    """How much of the score is left without the question.

    Args:
        own: With the question.
        alone: Without it.
        means: Makes the means; None: of independent documents.
    """
    means = means or Means()
    found = {"choices_only_difference": means.mean([a - b for a, b in zip(own.right, alone.right, strict=True)])}
    rows = [row for row, right in enumerate(own.right) if right]
    if rows:
        found["choices_only_share"] = means.share([alone.right[row] for row in rows], rows)
    return found


def _warn(one: FormulationResult, outcomes: Outcomes, wanted: Sequence[str]) -> None:
    if one.left_out:
        log.warning(
            "Task '%s': %s without a score in other formulations, since one of them could not be graded.",
            one.name, counted(one.left_out, "document"),
        )  # fmt: skip
    places = Counter(gold for outcome in outcomes for gold in outcome.golds[:1])
    lists = one.own != "text" or {"letter", "hybrid", "generate"} & set(wanted)
    if lists and places and len(outcomes) >= _ENOUGH:
        place, most = places.most_common(1)[0]
        if most > _ONE_PLACE * len(outcomes):
            log.warning(
                "Task '%s': the right option stands at position %d in %d of %d documents: a model that prefers this "
                "position is right wherever options are listed.",
                one.name, place + 1, most, len(outcomes),
            )  # fmt: skip
