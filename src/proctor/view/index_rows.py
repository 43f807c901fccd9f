"""From a samples file to rows of the index, one sample at a time."""

# Which score is a sample's is decided when the first sample of a filter is met: the first metric that the results file
# reports under it and the sample has as a number. Everything else of a row follows from the sample alone, so a file of
# a million lines needs no more memory than one of ten.

from __future__ import annotations

import hashlib
import json
import math
import sys
import unicodedata
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proctor.analysis.flips import question_of
from proctor.html_report.cells import NONE, state_of, steps_below
from proctor.html_report.collect import target_text
from proctor.results.choice_view import ChoiceView, choice_view
from proctor.results.read import SampleLines
from proctor.results.stored_run import Sample, StoredRun, number_of
from proctor.results.text_state import text_state

COLUMNS = ("doc", "nth", "filter", "number", "offset", "length", "state", "score", "scores", "gold", "golds", "picked",
           "p", "p_gold", "margin", "best", "steps", "hash")  # fmt: skip
"""What :attr:`IndexRow.values` are."""
HASH = 16
"""Digits of a document's hash that are kept."""
_MOST_METRICS = 6


@dataclass(frozen=True, slots=True)
class Words:
    """What is shown and searched of a document: ``key`` is the same for the same texts.

    Attributes:
        question: The question as it is written.
        options: Its options.
        target: What is right, where no option is.
    """

    question: str
    options: tuple[str, ...]
    target: str | None

    @property
    def key(self) -> bytes:
        """Twelve bytes of a hash."""
        text = "\0".join([self.question, *self.options, self.target or ""])
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()

    @property
    def folded(self) -> str:
        """All of it as the search has it."""
        return fold("\n".join([self.question, *self.options, self.target or ""]))


@dataclass(frozen=True, slots=True)
class IndexRow:
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
            view = choice_view(sample, config)
            if view is not None and view.texts != view.options and not self.labels:
                self.labels = view.options
            yield IndexRow(self._values(sample, view, lines, think_end), words_of(sample, view))

    def _values(
        self, sample: Sample, view: ChoiceView | None, lines: SampleLines, think_end: str | None
    ) -> tuple[Any, ...]:
        number, metrics = self.filters.get(sample.filter) or self._meet(sample)
        scores = [number_of(sample.metrics.get(name)) for name in metrics]
        score = scores[0] if scores else None
        text = None if view is not None else text_state(sample, think_end)
        state = state_of(score, text, has_metrics=bool(sample.metrics), binary=False)
        golds: Sequence[int] = ()
        p: Sequence[float] = ()
        picked, best, steps, margin = NONE, NONE, b"", None
        if view is not None:
            golds, found = view.golds, view.picked(metrics[0] if metrics else "")
            picked = NONE if found is None or found >= NONE else found
            best, steps = steps_below(view.lls)
            p, margin = _chances(view.lls)
        known = [p[gold] for gold in golds if gold < len(p)]
        return (
            *(sample.doc_id, sample.identity[1], number, lines.number, lines.offset, lines.length),
            *(int(state), _finite(score), _packed(scores)),
            golds[0] if golds and golds[0] < NONE else NONE,
            json.dumps(golds) if len(golds) > 1 else None,
            picked,
            p[picked] if picked < len(p) else None,
            sum(known) if p and golds else None,
            *(margin, best, steps, mark_of(sample)),
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


def words_of(sample: Sample, view: ChoiceView | None) -> Words:
    """What is shown and searched of a sample's document.

    Args:
        sample: The sample.
        view: The choice in it.
    """
    named = None if view is not None and view.golds else target_text(sample.line.get("target"))
    return Words(question_of(sample), view.texts if view is not None else (), named)


def is_row_of(sample: Sample, view: ChoiceView | None, row: Mapping[str, Any]) -> bool:
    """Whether a sample is the one that a row was made of.

    Args:
        sample: What stands where the row says.
        view: The choice in it.
        row: ``doc``, ``hash`` and the ``key`` of its document.
    """
    same = sample.doc_id == row["doc"] and mark_of(sample) == row["hash"]
    return same and words_of(sample, view).key == row["key"]


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


def _chances(lls: Sequence[float]) -> tuple[Sequence[float], float | None]:
    """Of options their probabilities among each other, and the lead of the likeliest: as a choice view has them."""
    if len(lls) < 2 or not math.isfinite(sum(lls)):
        whole = ChoiceView((), (), tuple(lls), (), ())
        return whole.p, whole.margin
    top = max(lls)
    weights = [math.exp(ll - top) for ll in lls]
    total = math.fsum(weights)
    return [weight / total for weight in weights], top - sorted(lls)[-2]


def _packed(scores: Sequence[float | None]) -> bytes:
    """Numbers of eight bytes, the lowest first."""
    found = array("d", [math.nan if one is None else one for one in scores])
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
