"""From a task's data keys to documents: loaded once, every processed split made once.

lm-eval runs ``process_docs`` anew at every read, so that a shuffling function can score another
document than it prompted; here each split is processed once and kept.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from proctor.errors import DataError, TaskError, UsageError, did_you_mean
from proctor.foreign import no_exit
from proctor.tasks.fields import bind, describe
from proctor.tasks.hub import load_dataset
from proctor.tasks.spec import TaskSpec
from proctor.types import Doc

log = logging.getLogger("proctor")
LOCAL_BUILDERS = ("json", "csv", "parquet", "text", "arrow")


class Documents(Sequence[Doc]):
    """One processed split: rows as mappings, and the names of its columns."""

    def __init__(self, rows: Any) -> None:
        self._rows = rows
        features = getattr(rows, "features", None)
        # A class may give documents of any kind; only mappings have columns.
        first = rows[0] if features is None and len(rows) else None
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
        if hasattr(self._rows, "select"):
            # By the thousand: a data set that is asked for one row decodes one row, with all that goes around it.
            batches = self._rows.select(indices).iter(batch_size=1000)
            return (row for batch in batches for row in _as_rows(batch))
        return (self._rows[index] for index in indices)


def _as_rows(batch: Mapping[str, Sequence[Any]]) -> Iterator[Doc]:
    """Rows of a batch of columns."""
    names = tuple(batch)
    return (dict(zip(names, values, strict=True)) for values in zip(*batch.values(), strict=True))


def positions(name: str, total: int, limit: float | None, samples: Sequence[int] | None = None) -> Sequence[int]:
    """Which of the ``total`` documents of the task ``name`` are evaluated.

    ``limit`` below 1 is a share of the split, rounded up (lm-eval); ``samples`` are positions,
    taken in ascending order and once each.
    """
    if samples is not None:
        outside = [index for index in samples if not 0 <= index < total]
        if outside:
            raise UsageError(
                f"--samples asks task '{name}' for document {outside[0]}, but it has {total} documents.",
                hint=f"Documents are counted from 0 to {total - 1}.",
            )
        return sorted(set(samples))
    if limit is None:
        return range(total)
    return range(min(total, math.ceil(total * limit) if limit < 1.0 else int(limit)))


class Splits:
    """A task's data set: splits by name, loaded at first use."""

    def __init__(self, spec: TaskSpec) -> None:
        self._spec = spec
        self._raw: Mapping[str, Any] | None = None
        self._processed: dict[tuple[str, Any], Documents] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the splits that the data set has."""
        return tuple(self._load())

    def documents(self, split: str, process_docs: Any = None) -> Documents:
        """The split after ``process_docs``; an unknown split is a fault with its line."""
        key = (split, process_docs)
        if key not in self._processed:
            self._processed[key] = self._process(split, process_docs)
        return self._processed[key]

    def _process(self, split: str, process_docs: Any) -> Documents:
        data = self._load()
        if split not in data:
            hint = did_you_mean(split, data) or f"It has: {', '.join(data)}."
            raise TaskError(
                self._spec.fault(f"its data set has no split {split!r}.", _split_key(self._spec, split), hint=hint)
            )
        rows = _materialise(data[split])
        if process_docs is None:
            return Documents(rows)
        try:
            with no_exit():
                made = bind(process_docs)(rows)
        except TaskError:
            raise
        except Exception as error:
            raise TaskError(self._spec.fault(f"process_docs {describe(error)}", "process_docs")) from error
        if made is None or not hasattr(made, "__len__"):
            raise TaskError(self._spec.fault("process_docs returned no documents.", "process_docs"))
        return Documents(_materialise(made))

    def _load(self) -> Mapping[str, Any]:
        if self._raw is None:
            self._raw = load_custom(self._spec) if self._spec.data.custom is not None else load_splits(self._spec)
        return self._raw


def _split_key(spec: TaskSpec, split: str) -> str:
    for key in ("test_split", "validation_split", "training_split", "fewshot_split"):
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
        raise TaskError(spec.fault(f"custom_dataset {describe(error)}", "custom_dataset")) from error
    if not isinstance(made, Mapping):
        raise TaskError(
            spec.fault(f"custom_dataset must return a mapping of splits, not {type(made).__name__}.", "custom_dataset")
        )
    return made


def load_splits(spec: TaskSpec) -> Mapping[str, Any]:
    """The splits of the task's data set; whatever ``datasets`` complains of is a sentence."""
    import datasets

    if not os.environ.get("PROCTOR_DATASETS_PROGRESS"):
        datasets.disable_progress_bars()
    path, kwargs = _local_paths(spec)
    if path == "pandas":  # some versions of datasets do
        message = "the builder 'pandas' reads pickles, which run whatever is in them."
        raise TaskError(spec.fault(message, "dataset_path", hint="Write the data to parquet, csv or json files."))
    if path == "json":
        _refuse_null_rows(spec, kwargs.get("data_files"))
    if isinstance(kwargs.get("features"), Mapping) and not isinstance(kwargs["features"], datasets.Features):
        kwargs["features"] = _features(spec, kwargs["features"])
    try:
        loaded = load_dataset(path, spec.data.name, **kwargs)
    except Exception as error:
        raise _explain(spec, path, error) from error
    if not isinstance(loaded, Mapping):
        return {str(getattr(loaded, "split", None) or "train"): loaded}
    return loaded


def _refuse_null_rows(spec: TaskSpec, files: Any) -> None:
    """A file of JSON lines that begins with ``null`` ends the process within pyarrow, without a word."""
    if isinstance(files, Mapping):
        files = list(files.values())
    if isinstance(files, (list, tuple)):
        for file in files:
            _refuse_null_rows(spec, file)
    elif isinstance(files, str) and os.path.isfile(files):
        with suppress(OSError), open(files, "rb") as stream:
            if stream.read(1000).lstrip().startswith(b"null"):
                raise DataError(f"The data of task '{spec.name}' cannot be read: {files} begins with a null row.")


def _features(spec: TaskSpec, given: Mapping[str, Any]) -> Any:
    """``features`` as a task file writes them, ``{column: {dtype: string, sequence: true}}``; lm-eval fails on it."""
    import datasets

    def column(told: Any) -> Any:
        value = datasets.Value(told["dtype"])
        return datasets.Sequence(value) if told.get("sequence") else value

    try:
        return datasets.Features({name: column(told) for name, told in given.items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"features of dataset_kwargs cannot be used: {type(error).__name__}: {error}."
        hint = "Write 'COLUMN: {dtype: string}', with 'sequence: true' for lists."
        raise TaskError(spec.fault(message, "dataset_kwargs", "features", hint=hint)) from error


def _local_paths(spec: TaskSpec) -> tuple[str, dict[str, Any]]:
    """Relative local paths are those of the task file's folder if they exist there."""
    path, kwargs = spec.data.path or "", dict(spec.data.kwargs)
    folder = spec.data.folder
    if folder is None:
        return path, kwargs
    if path.startswith((".", "~")) or path.endswith((".json", ".jsonl", ".csv", ".parquet")):
        path = _beside(folder, path)
    for key in ("data_files", "data_dir"):
        if key in kwargs and (path in LOCAL_BUILDERS or not os.path.isdir(path)):
            kwargs[key] = _beside(folder, kwargs[key])
    if path.endswith((".json", ".jsonl", ".csv", ".parquet")) and os.path.isfile(path):
        suffix = path.rpartition(".")[2]
        return ("json" if suffix == "jsonl" else suffix), {"data_files": path, **kwargs}
    return path, kwargs


def _beside(folder: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _beside(folder, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_beside(folder, item) for item in value]
    if not isinstance(value, str) or "://" in value:
        return value
    value = os.path.expanduser(value)
    candidate = Path(folder) / value
    globbed = any(mark in value for mark in "*?[")
    try:
        found = any(Path(folder).glob(value)) if globbed and not os.path.isabs(value) else candidate.exists()
    except (OSError, ValueError):  # no name that a file could have
        found = False
    return str(candidate) if found else value


def _explain(spec: TaskSpec, path: str, error: Exception) -> DataError | TaskError:
    """The failure of ``datasets`` as a sentence with a remedy."""
    text = str(error)
    name = f"{path}" + (f" ({spec.data.name})" if spec.data.name else "")
    kind = type(error).__name__
    if "BuilderConfig" in text or "Config name is missing" in text:
        return TaskError(
            spec.fault(f"the data set {path} has no configuration {spec.data.name!r}. {text}", "dataset_name")
        )
    if "gated" in text.lower() or "401" in text or kind == "GatedRepoError":
        return DataError(
            f"The data set {name} of task '{spec.name}' is gated or private.",
            hint="Accept its terms on its page and set HF_TOKEN (or --env_file with HF_TOKEN=...).",
        )
    if kind in ("ConnectionError", "OfflineModeIsEnabled", "LocalEntryNotFoundError", "ConnectTimeout", "ReadTimeout"):
        from datasets import config

        reason = "the hub is switched off (HF_HUB_OFFLINE)" if config.HF_HUB_OFFLINE else "the hub cannot be reached"
        return DataError(
            f"The data set {name} of task '{spec.name}' is not on this machine and {reason}.",
            hint="Run once with a network, or start in a folder that holds the data set under its hub name.",
        )
    if kind in ("DatasetNotFoundError", "FileNotFoundError", "EmptyDatasetError", "DataFilesNotFoundError"):
        return TaskError(spec.fault(f"the data set {name} does not exist or holds no data: {text}", "dataset_path"))
    if "Dataset scripts are no longer supported" in text:
        return DataError(
            f"The data set {name} of task '{spec.name}' is a script, which the installed 'datasets' does not run.",
            hint="Use a version of the data set stored as files (a parquet branch: revision: refs/convert/parquet).",
        )
    if kind == "StopIteration":
        return DataError(f"The data set {name} of task '{spec.name}' holds no row.")
    cause = error.__cause__
    why = f"{kind}: {text}" if cause is None else f"{type(cause).__name__}: {cause}"
    return DataError(f"The data set {name} of task '{spec.name}' cannot be loaded: {why}")
