"""The items of stored runs: how hard each is, what it discriminates, what should be looked at."""

# From samples to flags
# ---------------------
#   samples of each run, task by task  ->  views by identity (doc_hash)  ->  items that all runs have
#     right by model       ->  difficulty, discrimination
#     choices by model     ->  suspicious golds (strong models agree on another option)
#     question and options ->  duplicates, contradictions, equal options; across all tasks
#
# Of a passage with several questions the passage is a part of what is compared, else its questions would all be one.
# A document that stands in several tasks (by letter and as text) is no duplicate of itself.
#
# A flag is a request to look, never a verdict. Nothing is left out of a score here: a person decides.
#
# Invariant: an item is (task, doc_hash, k). Items that not every run has are counted and left out of what compares
# models.

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from proctor.analysis.baselines import guessing_tail
from proctor.analysis.duplicates import Item, duplicate_groups, with_equal_options
from proctor.analysis.item_difficulty import (
    FEW_MODELS,
    LEAST_STRONG,
    GoldCheck,
    check_golds,
    item_statistics,
    strong_models,
)
from proctor.errors import DataError, UsageError
from proctor.results.choice_view import ChoiceView, choice_view
from proctor.results.stored_run import Identity, Sample, StoredRun

_QUESTIONS = ("question", "query", "ctx", "goal", "sentence", "premise", "prompt", "text", "input", "문제", "질문")
_LEAST_STEM = 8
"""Characters of a text beside the question that is a part of what is asked; shorter ones are labels."""


@dataclass(frozen=True, slots=True)
class ItemReport:
    """One item under several models.

    Attributes:
        task: Its task.
        doc_id: Its number in the split.
        doc_hash: What it is found by; None where the files have no hashes.
        question: The question, as far as a column is known to hold it.
        options: The texts of its options.
        golds: Positions of the right ones.
        picked: By model, the position that was chosen; None: none.
        difficulty: The share of models that are right.
        discrimination: Correlation with the number right on the task's other items; None where it does not exist.
        check: What strong models choose; None where too few models are above chance.
        flags: ``suspicious_gold``, ``duplicate``, ``duplicate_candidate``, ``contradiction``, ``equal_options``.
        stem: The question with all that the prompt shows of its document beside it, as a passage.
    """

    task: str
    doc_id: int
    doc_hash: str | None
    question: str
    options: tuple[str, ...]
    golds: tuple[int, ...]
    picked: tuple[int | None, ...]
    difficulty: float
    discrimination: float | None
    check: GoldCheck | None = None
    flags: tuple[str, ...] = ()
    stem: str = ""


@dataclass(frozen=True, slots=True)
class RunItems:
    """The items of some runs.

    Attributes:
        models: The names of the runs, in their order.
        items: Every item that all runs have, task by task.
        left_out: By task, how many items not every run has.
        without_choices: Tasks whose samples are no choices among options.
        strong: By task, how many models are strong enough to doubt a gold; below four none is doubted.
    """

    models: tuple[str, ...]
    items: tuple[ItemReport, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    without_choices: tuple[str, ...] = ()
    strong: Mapping[str, int] = field(default_factory=dict)

    @property
    def flagged(self) -> list[ItemReport]:
        """Items with a flag, suspicious golds first, the clearest first."""

        def rank(item: ItemReport) -> tuple[bool, float]:
            odds = item.check.log_odds if item.check is not None else None
            return "suspicious_gold" not in item.flags, -(odds or 0.0)

        return sorted([item for item in self.items if item.flags], key=rank)

    @property
    def doubts_nothing(self) -> bool:
        """Whether too few models are strong for a gold to be doubted."""
        return bool(self.strong) and max(self.strong.values()) < LEAST_STRONG

    @property
    def few_models(self) -> bool:
        """Whether discrimination is noise."""
        return len(self.models) < FEW_MODELS


def run_items(runs: Sequence[StoredRun], tasks: Sequence[str] | None = None) -> RunItems:
    """Read the samples of runs and look at each item.

    Args:
        runs: At least one.
        tasks: Only these; None: those that every run has.

    Raises:
        DataError: The runs have no task with samples in common, or a file cannot be read.
        UsageError: They have none of ``tasks``.
    """
    shared = [task for task in runs[0].tasks if all(task in run.samples_files for run in runs)]
    chosen = [task for task in shared if tasks is None or task in tasks]
    if not shared:
        raise DataError(
            "The runs have no samples of a common task.", hint="Samples files are written by --log_samples."
        )
    if not chosen:
        raise UsageError(
            f"The runs have no samples of {', '.join(tasks or ())}.", hint=f"They have {', '.join(shared)}."
        )
    items: list[ItemReport] = []
    left_out: dict[str, int] = {}
    strong: dict[str, int] = {}
    without: list[str] = []
    for task in chosen:
        views = [dict(_views(run, task)) for run in runs]
        if not any(views):
            without.append(task)
            continue
        common = [identity for identity in views[0] if all(identity in one for one in views)]
        absent = len(set().union(*views)) - len(common)
        if absent:
            left_out[task] = absent
        found, strong[task] = _items(task, [[one[identity] for one in views] for identity in common])
        items += found
    models = tuple([run.name for run in runs])
    return RunItems(models, tuple(_with_duplicates(items)), left_out, tuple(without), strong)


def _views(run: StoredRun, task: str) -> Iterator[tuple[Identity, tuple[Sample, ChoiceView]]]:
    """The first filter's choice of each document; documents without one are passed over."""
    config, seen = run.config(task), set[Identity]()
    for sample in run.samples(task):
        if sample.identity in seen:
            continue
        seen.add(sample.identity)
        view = choice_view(sample, config)
        if view is not None and view.golds:
            yield sample.identity, (sample, view)


def _items(task: str, rows: Sequence[Sequence[tuple[Sample, ChoiceView]]]) -> tuple[list[ItemReport], int]:
    """The reports of a task's items, and how many models are strong."""
    if not rows:
        return [], 0
    picked = [[view.picked() for _, view in row] for row in rows]
    golds = [row[0][1].golds for row in rows]
    right = [[float(choice in gold) for choice in choices] for choices, gold in zip(picked, golds, strict=True)]
    statistics = item_statistics(right)
    chances = [min(1.0, len(row[0][1].golds) / len(row[0][1].options)) for row in rows]
    hits = [sum(column) for column in zip(*right, strict=True)]
    strong = strong_models([hit / len(rows) for hit in hits], [guessing_tail(chances, int(hit)) for hit in hits])
    reports = []
    for row, choices, gold, one in zip(rows, picked, golds, statistics, strict=True):
        sample, view = row[0]
        check = _check([choices[model] for model in strong], [row[model][1] for model in strong], gold)
        reports.append(
            ItemReport(
                task=task,
                doc_id=sample.doc_id,
                doc_hash=sample.line.get("doc_hash"),
                question=_question(sample.line.get("doc"), view),
                options=view.texts,
                golds=gold,
                picked=tuple(choices),
                difficulty=one.difficulty,
                discrimination=one.discrimination.value,
                check=check,
                flags=("suspicious_gold",) if check is not None and check.flagged else (),
                stem=_stem(sample, view),
            )
        )
    return reports, len(strong)


def _check(choices: Sequence[int | None], views: Sequence[ChoiceView], gold: tuple[int, ...]) -> GoldCheck | None:
    known = [choice for choice in choices if choice is not None]
    if not known:
        return None
    chances = [view.p for view in views if view.p]
    mean = [sum(column) / len(chances) for column in zip(*chances, strict=True)] if chances else None
    (check,) = check_golds([known], [gold], probabilities=None if mean is None else [mean])
    return check


def _question(doc: Any, view: ChoiceView) -> str:
    """What the document asks: a column that is known to hold questions, else its longest text that is no option."""
    if not isinstance(doc, Mapping):
        return ""
    by_name = {str(name).lower(): value for name, value in doc.items() if isinstance(value, str)}
    for name in _QUESTIONS:
        if by_name.get(name):
            return by_name[name]
    return max((text for text in by_name.values() if text not in view.texts), key=len, default="")


def _stem(sample: Sample, view: ChoiceView) -> str:
    """All that an item asks: its question, and what the prompt shows beside it.

    Beside a question that is known by its column only longer texts count, as passages: a name of the subject is no
    part of it.
    """
    doc = sample.line.get("doc")
    question = _question(doc, view)
    if not isinstance(doc, Mapping) or not question:
        return question
    known = any(str(name).lower() in _QUESTIONS and value == question for name, value in doc.items())
    least = max(_LEAST_STEM, len(question) + 1 if known else 0)
    texts = [value for value in doc.values() if isinstance(value, str) and len(value) >= least and value != question]
    prompt = sample.prompt if texts else ""
    return "\n".join([question, *(text for text in texts if text not in view.texts and text in prompt)])


def _with_duplicates(items: Sequence[ItemReport]) -> list[ItemReport]:
    """The items with the flags of what they have in common with others, over all tasks."""
    flags: dict[int, list[str]] = {place: list(item.flags) for place, item in enumerate(items)}
    compared = [
        Item(item.stem, item.options, item.options[item.golds[0]] if item.golds[0] < len(item.options) else "")
        for item in items
    ]
    for group in duplicate_groups(compared):
        if _is_one_document([items[place] for place in group.items]):
            continue
        for place in group.items:
            # Without a question, equal options are no sign of anything.
            if compared[place].question:
                flags[place].append("duplicate" if group.certain else "duplicate_candidate")
                flags[place] += ["contradiction"] if group.contradiction else []
    for place in with_equal_options([item.choices for item in compared]):
        flags[place].append("equal_options")
    return [replace(item, flags=tuple(flags[place])) for place, item in enumerate(items)]


def _is_one_document(items: Sequence[ItemReport]) -> bool:
    """Whether items are one document in several tasks."""
    hashes = {item.doc_hash for item in items}
    return len(hashes) == 1 and None not in hashes and len({item.task for item in items}) == len(items)


def item_document(item: ItemReport, models: Sequence[str]) -> dict[str, Any]:
    """An item as a line of ``items.jsonl``.

    Args:
        item: The item.
        models: The runs' names.
    """
    check = item.check
    return {
        "task": item.task,
        "doc_id": item.doc_id,
        "doc_hash": item.doc_hash,
        "flags": list(item.flags),
        "difficulty": item.difficulty,
        "discrimination": item.discrimination,
        "question": item.question,
        "options": list(item.options),
        "golds": list(item.golds),
        "picked": [{"model": model, "option": picked} for model, picked in zip(models, item.picked, strict=True)],
        **(
            {}
            if check is None
            else {"plurality": check.plurality, "agreement": check.agreement, "log_odds": check.log_odds}
        ),
    }
