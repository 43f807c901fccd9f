"""From a samples file to rows of the index, one sample at a time."""

# Which score is a sample's is decided when the first sample of a filter is met: the first metric that the results file
# reports under it and the sample has as a number. Everything else of a row follows from the sample alone, so a file of
# a million lines needs no more memory than one of ten.

from __future__ import annotations

import hashlib
import json
import math
import struct
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from proctor.analysis.flips import question_of
from proctor.html_report.cells import NONE, state_of, steps_below
from proctor.html_report.collect import target_text
from proctor.results.choice_view import ChoiceView, UsualChoice, choice_view, usual_choice
from proctor.results.read import SampleLines
from proctor.results.stored_run import Sample, StoredRun, number_of
from proctor.results.text_state import text_state

COLUMNS = ("doc", "nth", "filter", "number", "offset", "length", "state", "score", "scores", "gold", "golds", "picked",
           "p", "p_gold", "margin", "best", "steps", "hash")  # fmt: skip
"""What :attr:`IndexRow.values` are."""
_NO_CHOICE = (NONE, None, NONE, None, None, None, NONE, b"")
"""Of a written text, the columns from ``gold`` to ``steps``."""
Choice: TypeAlias = UsualChoice | ChoiceView
HASH = 16
"""Digits of a document's hash that are kept."""
_MOST_METRICS = 6


class Words(NamedTuple):
    """What is shown and searched of a document.

    Attributes:
        question: The question as it is written.
        options: Its options.
        target: What is right, where no option is.
    """

    question: str
    options: tuple[str, ...]
    target: str | None

    def key(self, task: str) -> bytes:
        """Sixteen bytes of hashes, the same for the same texts in the same task.

        Args:
            task: Its task. It stands first, so that keys of a file's documents are neighbours: those of texts alone
                would be all over the index of keys, and each file would write nearly all of its pages again.
        """
        text = "\0".join([self.question, *self.options, self.target or ""])
        return _hash_of_task(task) + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()

    @property
    def folded(self) -> str:
        """All of it as the search has it."""
        return fold("\n".join([self.question, *self.options, self.target or ""]))


@lru_cache(64)
def _hash_of_task(task: str) -> bytes:
    return hashlib.blake2b(task.encode("utf-8", "surrogatepass"), digest_size=4).digest()


class IndexRow(NamedTuple):
    """A sample: values by :data:`COLUMNS`, and its document."""

    values: tuple[Any, ...]
    words: Words


@dataclass(slots=True)
class FileRows:
    """The rows of one task of one run.

    Attributes:
        filters: By name its number, and the metrics whose scores rows have, the main one first.
        labels: How options are called where they are bare labels.
    """

    run: StoredRun
    task: str
    file: Path
    filters: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    def rows(self) -> Iterator[IndexRow]:
        """Each sample's row.

        Raises:
            DataError: The file cannot be read.
        """
        lines, config = SampleLines(self.file), self.run.config(self.task)
        token = self.run.section("config", "model_args").get("think_end_token")
        think_end = token if isinstance(token, str) else None
        for sample in self.run.samples(self.task, read=lambda _: lines):
            choice = usual_choice(sample, config) or choice_view(sample, config)
            if choice is not None and choice.texts != choice.options and not self.labels:
                self.labels = choice.options
            yield IndexRow(self._values(sample, choice, lines, think_end), words_of(sample, choice))

    def _values(
        self, sample: Sample, choice: Choice | None, lines: SampleLines, think_end: str | None
    ) -> tuple[Any, ...]:
        number, metrics = self.filters.get(sample.filter) or self._meet(sample)
        scores = [number_of(sample.metrics.get(name)) for name in metrics]
        score = scores[0] if scores else None
        text = None if choice is not None else text_state(sample, think_end)
        state = state_of(score, text, has_metrics=bool(sample.metrics), binary=False)
        return (
            *(sample.doc_id, sample.identity[1], number, lines.number, lines.offset, lines.length),
            *(int(state), _finite(score), _packed(scores)),
            *(_NO_CHOICE if choice is None else _choice_values(choice, metrics[0] if metrics else "")),
            mark_of(sample),
        )

    def _meet(self, sample: Sample) -> tuple[int, tuple[str, ...]]:
        reported = [metric for metric, pipeline in self.run.scores(self.task) if pipeline == sample.filter]
        there = [name for name, value in sample.metrics.items() if number_of(value) is not None]
        names = [*(name for name in reported if name in there), *there]
        found = self.filters[sample.filter] = (len(self.filters), tuple(dict.fromkeys(names))[:_MOST_METRICS])
        return found

    @property
    def main(self) -> int:
        """The number of the filter whose rows are shown: that of the first score in the results file."""
        first = (self.filters[name][0] for _, name in self.run.scores(self.task) if name in self.filters)
        return next(first, 0)

    def metrics(self) -> str:
        """What a file's row has of this, as JSON: the main filter's number, and each filter with its metrics."""
        filters = [[name, list(metrics)] for name, (_, metrics) in self.filters.items()]
        return json.dumps({"main": self.main, "filters": filters})


def words_of(sample: Sample, choice: Choice | None) -> Words:
    """What is shown and searched of a sample's document.

    Args:
        sample: The sample.
        choice: The choice in it.
    """
    named = None if choice is not None and choice.golds else target_text(sample.line.get("target"))
    return Words(question_of(sample), choice.texts if choice is not None else (), named)


def is_row_of(task: str, sample: Sample, view: ChoiceView | None, row: Mapping[str, Any]) -> bool:
    """Whether a sample is the one that a row was made of.

    Args:
        task: Its task.
        sample: What stands where the row says.
        view: The choice in it.
        row: ``doc``, ``hash`` and the ``key`` of its document.
    """
    same = sample.doc_id == row["doc"] and mark_of(sample) == row["hash"]
    return same and words_of(sample, view).key(task) == row["key"]


def mark_of(sample: Sample) -> str:
    """What a row calls its document: the first digits of its hash; its number where the file has no hashes.

    Args:
        sample: The sample.
    """
    mark = sample.identity[0]
    return mark[:HASH] if isinstance(mark, str) else f"#{mark}"


def shown_hash(mark: str) -> str | None:
    """The hash that a mark begins; None: it is a number.

    Args:
        mark: Of :func:`mark_of`.
    """
    return None if mark.startswith("#") else mark


def fold(text: str) -> str:
    """A text as the search compares it.

    Args:
        text: The text.
    """
    return unicodedata.normalize("NFC", text).casefold()


def _choice_values(choice: Choice, metric: str) -> tuple[Any, ...]:
    """The columns from ``gold`` to ``steps``."""
    lls, golds, picked = choice.lls, choice.golds, choice.picked(metric)
    weights, total, margin = _weights(lls)
    known = [weights[gold] / total for gold in golds if gold < len(weights)]
    return (
        golds[0] if golds and golds[0] < NONE else NONE,
        json.dumps(golds) if len(golds) > 1 else None,
        NONE if picked is None or picked >= NONE else picked,
        weights[picked] / total if picked is not None and picked < len(weights) else None,
        sum(known) if weights and golds else None,
        margin,
        *steps_below(lls),
    )


def _weights(lls: Sequence[float]) -> tuple[Sequence[float], float, float | None]:
    """Weights of options, whose shares are a choice view's probabilities; their sum; the lead of the likeliest."""
    if len(lls) < 2 or not math.isfinite(sum(lls)):
        whole = ChoiceView((), (), tuple(lls), (), ())
        return whole.p, 1.0, whole.margin
    top = max(lls)
    weights = [math.exp(ll - top) for ll in lls]
    return weights, math.fsum(weights), top - sorted(lls)[-2]


def _packed(scores: Sequence[float | None]) -> bytes:
    """Numbers of eight bytes, the lowest first."""
    return struct.pack(f"<{len(scores)}d", *[math.nan if one is None else one for one in scores])


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
