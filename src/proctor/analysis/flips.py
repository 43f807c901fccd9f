"""The documents on which two runs disagree, those first on which both were sure."""

# A document that one run gets right and the other does not says most where neither was guessing. So flips are ordered
# by the confidence of the less confident run; documents whose confidence is not known come last, in their order.
#
# The samples are read twice: once to find and order the flips, once more to fetch the texts of those that are shown.
# To keep all texts from the first time would take memory for every flip of a large run.

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from proctor.analysis.comparison import PairComparison, TaskComparison
from proctor.analysis.task_scores import Metric
from proctor.results.choice_view import ChoiceView, choice_view
from proctor.results.prompts import prompt_of
from proctor.results.stored_run import Identity, Sample, StoredRun

_QUESTIONS = ("question", "query", "ctx", "prompt", "sentence", "premise", "goal", "text", "input", "problem", "문제")


@dataclass(frozen=True, slots=True)
class Pick:
    """Which option was picked, how sure the model was, and which is right."""

    picked: int | None
    confidence: float | None
    golds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Flip:
    """One document that only one of two runs gets right.

    Attributes:
        task: Its task.
        doc_id: Its number in the first run.
        key: What it is identified by in the first run.
        other: What it is identified by in the second run.
        b_right: Whether the second run is the one that is right.
        a: What the first run picked; None where it is no choice.
        b: What the second run picked.
        question: The document's question.
        options: The texts of its options; none where it is no choice.
        responses: What was graded in both runs, where it is no choice.
    """

    task: str
    doc_id: int
    key: Identity
    other: Identity
    b_right: bool
    a: Pick | None = None
    b: Pick | None = None
    question: str = ""
    options: tuple[str, ...] = ()
    responses: tuple[str, str] = ("", "")

    @property
    def confidence(self) -> float:
        """The confidence of the less confident run; -1 where it is not known."""
        known = [pick.confidence for pick in (self.a, self.b) if pick and pick.confidence is not None]
        return min(known) if len(known) == 2 else -1.0


def find_flips(runs: tuple[StoredRun, StoredRun], found: PairComparison, most: int) -> tuple[Sequence[Flip], int]:
    """The flips of a comparison.

    Args:
        runs: The two runs.
        found: What was compared.
        most: How many flips are wanted.

    Returns:
        The first of them with their texts, and how many there are.
    """
    flips = list[Flip]()
    count = 0
    filters: dict[str, str] = {}
    for one in found.tasks:
        if one.counts is None or one.metric is None or not one.counts.only_a + one.counts.only_b:
            continue
        count += one.counts.only_a + one.counts.only_b
        filters[one.task] = one.metric[1]
        # Only the first ``most`` of all tasks so far can be shown.
        flips = sorted([*flips, *_of_task(runs, one, one.metric)], key=lambda flip: -flip.confidence)[:most]
    texts = {(flip.task, flip.key): flip for flip in flips}
    for task in dict.fromkeys(flip.task for flip in flips):
        _add_texts(runs, task, filters[task], texts)
    return [texts[flip.task, flip.key] for flip in flips], count


def _of_task(runs: tuple[StoredRun, StoredRun], one: TaskComparison, metric: Metric) -> list[Flip]:
    pairs = one.pairs
    if pairs is None:
        return []
    rows = zip(pairs.keys, pairs.others, pairs.a, pairs.b, strict=True)
    changed = [(key, other, second > first) for key, other, first, second in rows if first != second]
    a = _picks(runs[0], one.task, metric, {key for key, _, _ in changed})
    b = _picks(runs[1], one.task, metric, {other for _, other, _ in changed})
    return [Flip(one.task, a[key][0], key, other, b_right, a[key][1], b[other][1]) for key, other, b_right in changed]


def _picks(
    run: StoredRun, task: str, metric: Metric, wanted: Collection[Identity]
) -> dict[Identity, tuple[int, Pick | None]]:
    """Of some documents, their number and what was picked in them, if they are choices."""
    config = run.config(task)
    found: dict[Identity, tuple[int, Pick | None]] = {}
    for sample in run.samples(task):
        if sample.filter == metric[1] and sample.identity in wanted:
            view = choice_view(sample, config)
            found[sample.identity] = (sample.doc_id, None if view is None else _pick(view, metric[0]))
    return found


def _pick(view: ChoiceView, metric: str) -> Pick:
    picked, p = view.picked(metric), view.p
    return Pick(picked, p[picked] if p and picked is not None else None, view.golds)


def _add_texts(
    runs: tuple[StoredRun, StoredRun], task: str, name: str, flips: dict[tuple[str, Identity], Flip]
) -> None:
    """Fetch the texts of one task's flips under a filter."""
    mine = [flip for (where, _), flip in flips.items() if where == task]
    for place, run in enumerate(runs):
        keys = {(flip.other if place else flip.key): flip.key for flip in mine}
        for sample in run.samples(task):
            key = keys.get(sample.identity)
            if sample.filter != name or key is None:
                continue
            flip = flips[task, key]
            if place:
                flips[task, key] = replace(flip, responses=(flip.responses[0], _response(sample)))
                continue
            view = choice_view(sample, run.config(task))
            texts = view.texts if view else ()
            flips[task, key] = replace(
                flip, question=question_of(sample), options=texts, responses=(_response(sample), "")
            )


def question_of(sample: Sample) -> str:
    """The question of a sample: a column of that name, or the end of its prompt.

    Args:
        sample: The sample.
    """
    doc = sample.line.get("doc")
    if isinstance(doc, dict):
        for name in _QUESTIONS:
            if isinstance(doc.get(name), str) and doc[name].strip():
                return doc[name].strip()
    return prompt_of(sample.line)[-300:].strip()


def _response(sample: Sample) -> str:
    value = sample.line.get("filtered_resps")
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""
