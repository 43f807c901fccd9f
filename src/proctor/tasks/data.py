"""From a task's data keys to documents: loaded once, every processed split made once.

lm-eval runs ``process_docs`` anew at every read, so that a shuffling function can score another
document than it prompted; here each split is processed once and kept.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.analysis.early_stop import document_order
from proctor.errors import Finding, TaskError, UsageError, did_you_mean
from proctor.foreign import no_exit
from proctor.plurals import counted
from proctor.results.hashes import doc_hash
from proctor.tasks.fields import bind, describe
from proctor.tasks.sources.load import load_splits
from proctor.tasks.sources.locate import SPLIT_KEYS
from proctor.tasks.sources.rows import ArrowRows, note_of, recall, remember
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

__all__ = ["Documents", "Selection", "Splits", "load_custom", "load_splits", "no_split_hint", "positions"]


class Documents(Sequence[Doc]):
    """One processed split: rows as mappings, and the names of its columns."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        features = getattr(rows, "features", None)
        # A class may give documents of any kind; only mappings have columns.
        first = rows[0] if features is None and len(rows) else None
        # Which names are columns decides how fields are read (a column's name or a template), for the whole split.
        self.columns: tuple[str, ...] = tuple(features or (first if isinstance(first, Mapping) else ()))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __iter__(self) -> Iterator[Doc]:
        return iter(self._rows)

    def pick(self, indices: Sequence[int]) -> list[Doc]:
        """The rows at ``indices``, in that order."""
        return list(self.rows(indices))

    def rows(self, indices: Sequence[int]) -> Iterator[Doc]:
        """The rows at ``indices``, read as they are asked for."""
        if isinstance(self._rows, ArrowRows):
            return self._rows.rows(indices)
        if hasattr(self._rows, "select"):
            # By the thousand: a data set that is asked for one row decodes one row, with all that goes around it.
            batches = self._rows.select(indices).iter(batch_size=1000)
            return (row for batch in batches for row in _as_rows(batch))
        return (self._rows[index] for index in indices)


def _as_rows(batch: Mapping[str, Sequence[Any]]) -> Iterator[Doc]:
    """Rows of a batch of columns."""
    names = tuple(batch)
    return (dict(zip(names, values, strict=True)) for values in zip(*batch.values(), strict=True))


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents of a task are evaluated.

    Attributes:
        limit: Their number, or below 1 a share of the split, rounded up (lm-eval); None: all.
        samples: Their positions instead, taken in ascending order and once each.
        seed: Of the random sample that ``limit`` takes; None: it takes the first ones (lm-eval).
    """

    limit: float | None = None
    samples: Sequence[int] | None = None
    seed: int | None = None


def positions(name: str, documents: Documents, selection: Selection) -> Sequence[int]:
    """The positions of the documents that are evaluated, ascending.

    Args:
        name: The task.
        documents: All its documents.
        selection: Which of them.

    Raises:
        UsageError: ``samples`` names one that there is not.
    """
    total, samples, limit = len(documents), selection.samples, selection.limit
    if samples is not None:
        outside = [index for index in samples if not 0 <= index < total]
        if outside:
            raise UsageError(
                f"--samples asks task '{name}' for document {outside[0]}, but it has {counted(total, 'document')}.",
                hint=f"Documents are counted from 0 to {total - 1}.",
            )
        return sorted(set(samples))
    if limit is None:
        return range(total)
    # lm-eval: a share is rounded up, a number rounded down, and both end at the length of the split.
    count = min(total, math.ceil(total * limit) if limit < 1.0 else int(limit))
    if selection.seed is None or count == total:
        return range(count)
    # By the document's own hash: a larger limit takes the same documents and more. What is taken is asked in the order
    # of the split, as everything else is.
    hashes = [(name, doc_hash(doc)) for doc in documents.rows(range(total))]
    return sorted(document_order(hashes, selection.seed)[:count])


class Splits:
    """A task's data set: splits by name, loaded at first use."""

    def __init__(self, spec: TaskSpec) -> None:
        self._spec = spec
        self.notes: list[Finding] = []
        """What is worth knowing about how the files were read, once they are."""
        self._raw: Mapping[str, Any] | None = None
        self._processed: dict[tuple[str, Any], Documents] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the splits that the data set has."""
        return tuple(self._load())

    def documents(self, split: str, process_docs: Any = None) -> Documents:
        """The split after ``process_docs``; an unknown split is an error with its line."""
        # Evaluation and few-shot examples may read one split by different functions.
        key = (split, process_docs)
        if key not in self._processed:
            self._processed[key] = self._process(split, process_docs)
        return self._processed[key]

    def _process(self, split: str, process_docs: Any) -> Documents:
        data = self._load()
        if split not in data:
            key, hint = _split_key(self._spec, split), no_split_hint(split, data)
            raise TaskError(self._spec.error(f"its data set has no split {split!r}.", key, hint=hint))
        rows = _materialise(data[split])
        if process_docs is None:
            return Documents(rows)
        try:
            with no_exit():
                made = bind(process_docs)(rows.data_set() if isinstance(rows, ArrowRows) else rows)
        except TaskError:
            raise
        except Exception as error:
            raise TaskError(self._spec.error(f"process_docs {describe(error)}", "process_docs")) from error
        if made is None or not hasattr(made, "__len__"):
            raise TaskError(self._spec.error("process_docs returned no documents.", "process_docs"))
        return Documents(_materialise(made))

    def _load(self) -> Mapping[str, Any]:
        if self._raw is None:
            self._raw = self._read(self._spec)
        return self._raw

    def _read(self, spec: TaskSpec) -> Mapping[str, Any]:
        if spec.data.custom is not None:
            return load_custom(spec)
        note = note_of(spec)
        known = recall(note)
        if known is None:
            loaded = load_splits(spec, self.notes)
            if not self.notes:
                # What is worth saying of the files is said in every run.
                remember(note, loaded)
                # Read as the next runs do: the rows are the same, and come at a third of what ``datasets`` takes.
                return recall(note) or loaded
            return loaded
        return known


def no_split_hint(split: Any, there: Collection[str]) -> str:
    """What to do about a split that is not there."""
    hint = did_you_mean(str(split), there) or f"It has: {', '.join(there)}."
    if tuple(there) == ("train",) and split != "train":
        hint += f" Data that name no split are 'train'; files get one by 'data_files: {{{split}: FILE}}'."
    return hint


def _split_key(spec: TaskSpec, split: str) -> str:
    for key in SPLIT_KEYS:
        if spec.raw.get(key) == split:
            return key
    return "fewshot_config" if spec.fewshot.split == split else "dataset_path"


def _materialise(rows: Any) -> Any:
    """A streamed split is read whole: its length is needed."""
    if hasattr(rows, "__len__"):
        return rows
    from datasets import Dataset

    return Dataset.from_list(list(rows))


def load_custom(spec: TaskSpec) -> Mapping[str, Any]:
    """The splits that the task's ``custom_dataset`` makes."""
    try:
        # lm-eval: the function receives the task's whole metadata, the run's model_args included.
        with no_exit():
            made = bind(spec.data.custom)(**spec.metadata, **spec.data.kwargs)
    except TaskError:
        raise
    except Exception as error:
        raise TaskError(spec.error(f"custom_dataset {describe(error)}", "custom_dataset")) from error
    if not isinstance(made, Mapping):
        raise TaskError(
            spec.error(f"custom_dataset must return a mapping of splits, not {type(made).__name__}.", "custom_dataset")
        )
    return made
