"""The documents on which two runs disagree, those first on which both were sure."""

# A document that one run gets right and the other does not says most where neither was guessing. So flips are ordered
# by the confidence of the less confident run; documents whose confidence is not known come last, in their order.
#
# The samples are read twice: once to find and order the flips, once more to fetch the texts of those that are shown.
# To keep all texts from the first time would take memory for every flip of a large run.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from proctor.analysis.comparison import CompareOptions, PairComparison
from proctor.analysis.pairs import pair
from proctor.analysis.task_scores import Metric, TaskScores, read_task
from proctor.results.choice_view import ChoiceView, choice_view
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
        key: What it is identified by.
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


def find_flips(
    runs: tuple[StoredRun, StoredRun], found: PairComparison, options: CompareOptions, most: int
) -> tuple[Sequence[Flip], int]:
    """The flips of a comparison.

    Args:
        runs: The two runs.
        found: What was compared.
        options: How.
        most: How many flips are wanted.

    Returns:
        The first of them with their texts, and how many there are.
    """
    flips = list[Flip]()
    count = 0
    for one in found.tasks:
        if one.counts is None or one.metric is None or not one.counts.only_a + one.counts.only_b:
            continue
        count += one.counts.only_a + one.counts.only_b
        # Only the first ``most`` of all tasks so far can be shown.
        flips = sorted([*flips, *_of_task(runs, one.task, one.metric, options)], key=lambda flip: -flip.confidence)[
            :most
        ]
    texts = {(flip.task, flip.key): flip for flip in flips}
    for task in {flip.task for flip in flips}:
        _add_texts(runs, task, next(one.metric for one in found.tasks if one.task == task and one.metric), texts)
    return [texts[flip.task, flip.key] for flip in flips], count


def _of_task(runs: tuple[StoredRun, StoredRun], task: str, metric: Metric, options: CompareOptions) -> list[Flip]:
    (a, first), (b, second) = (_read(run, task, metric) for run in runs)
    pairs = pair(a, b, metric, by_number=options.by_number)
    partner = {key: key for key in pairs.keys}
    if pairs.by_number:
        numbers = {document.doc_id: key for key, document in b.documents.items()}
        partner = {key: numbers[a.documents[key].doc_id] for key in pairs.keys}
    return [
        Flip(task, a.documents[key].doc_id, key, other > one, first.get(key), second.get(partner[key]))
        for key, one, other in zip(pairs.keys, pairs.a, pairs.b, strict=True)
        if one != other
    ]


def _read(run: StoredRun, task: str, metric: Metric) -> tuple[TaskScores, dict[Identity, Pick]]:
    """A task's scores, and what was picked in each document that is a choice."""
    picks: dict[Identity, Pick] = {}
    config = run.config(task)

    def visit(sample: Sample) -> None:
        if sample.filter == metric[1] and (view := choice_view(sample, config)) is not None:
            picks[sample.identity] = _pick(view, metric[0])

    return read_task(run, task, visit=visit), picks


def _pick(view: ChoiceView, metric: str) -> Pick:
    picked, p = view.picked(metric), view.p
    return Pick(picked, p[picked] if p and picked is not None else None, view.golds)


def _add_texts(
    runs: tuple[StoredRun, StoredRun], task: str, metric: Metric, flips: dict[tuple[str, Identity], Flip]
) -> None:
    by_number = {flip.doc_id: flip.key for (name, _), flip in flips.items() if name == task}
    for place, run in enumerate(runs):
        for sample in run.samples(task):
            key = sample.identity if (task, sample.identity) in flips else by_number.get(sample.doc_id)
            if sample.filter != metric[1] or key is None:
                continue
            flip = flips[task, key]
            responses = list(flip.responses)
            responses[place] = _response(sample)
            flip = replace(flip, responses=(responses[0], responses[1]))
            if not place:
                view = choice_view(sample, run.config(task))
                flip = replace(flip, question=question_of(sample), options=view.texts if view else ())
            flips[task, key] = flip


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
    arguments = sample.line.get("arguments")
    first = next(iter(arguments.values()), None) if isinstance(arguments, dict) else None
    prompt = first.get("arg_0") if isinstance(first, dict) else None
    return prompt[-300:].strip() if isinstance(prompt, str) else ""


def _response(sample: Sample) -> str:
    value = sample.line.get("filtered_resps")
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else ""
