"""What ``datasets`` complains of, as a sentence with a place and a remedy."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

from proctor.errors import DataError, Finding, TaskError, did_you_mean, error_line, error_text
from proctor.tasks.spec import TaskSpec

ABSENT = ("ConnectionError", "OfflineModeIsEnabled", "LocalEntryNotFoundError", "ConnectTimeout", "ReadTimeout")

MOST_LISTED = 12
"""How many configurations of a data set are named."""

LONGEST_CAST = 400
"""Letters of Arrow's words on types that are shown; they can hold all columns of two files."""
_CAST = re.compile(r"Couldn't cast|Schema at index|Failed to parse (string|value)|truncated converting|don't match")


class AbsentDataError(DataError):
    """A data set that is neither on this machine nor within reach."""

    def __init__(self, task: str, path: str, name: str | None, reason: str) -> None:
        self.path, self.reason = path, reason
        shown = f"{path} ({name})" if name else path
        super().__init__(
            f"The data set {shown} of task '{task}' is not on this machine and {reason}.",
            hint="Run once with a network, or start in a folder that holds the data set under its hub name.",
        )

    def of(self, task: str, name: str | None) -> AbsentDataError:
        """The same of another task with the same data set."""
        return AbsentDataError(task, self.path, name, self.reason)


def explain(spec: TaskSpec, path: str, error: Exception) -> DataError | TaskError:
    """The failure of ``datasets`` to load ``path`` as one of proctor's errors."""
    text, kind = error_text(error), type(error).__name__
    name = f"{path}" + (f" ({spec.data.name})" if spec.data.name else "")
    unknown = _unknown_argument(spec, path, text)
    if unknown is not None:
        return TaskError(unknown)
    if "BuilderConfig" in text or "Config name is missing" in text:
        return TaskError(_no_configuration(spec, path, text))
    # By text and by the class's name: which class is raised depends on the versions of ``datasets`` and of the client
    # of the hub.
    if "gated" in text.lower() or "401" in text or kind == "GatedRepoError":
        return DataError(
            f"The data set {name} of task '{spec.name}' is gated or private.",
            hint="Accept its terms on its page and set HF_TOKEN (or --env_file with HF_TOKEN=...).",
        )
    if kind in ABSENT:
        from datasets import config

        reason = "the hub is switched off (HF_HUB_OFFLINE)" if config.HF_HUB_OFFLINE else "the hub cannot be reached"
        return AbsentDataError(spec.name, path, spec.data.name, reason)
    if kind in ("DatasetNotFoundError", "FileNotFoundError", "EmptyDatasetError", "DataFilesNotFoundError"):
        return TaskError(spec.error(f"the data set {name} does not exist or holds no data: {text}", "dataset_path"))
    return _of_content(spec, name, error)


def _no_configuration(spec: TaskSpec, path: str, text: str) -> Finding:
    """A configuration that the data set lacks, or that must be named.

    ``datasets`` lists all that there are, often dozens, and so for each task of a group that lacks its own.
    """
    there = re.findall(r"'([^']*)'", text.partition("vailable")[2].partition("]")[0])
    name = spec.data.name
    if name is None:
        message = f"the data set {path} has {len(there)} configurations: {_listed(there)}."
        return spec.error(message, "dataset_path", hint="dataset_name: NAME takes one of them.")
    message = f"the data set {path} has no configuration {name!r}."
    if not there:
        return spec.error(f"{message} {text}", "dataset_name")
    return spec.error(message, "dataset_name", hint=did_you_mean(name, there) or f"It has {_listed(there)}.")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_LISTED
    return ", ".join(names[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def _of_content(spec: TaskSpec, name: str, error: Exception) -> DataError:
    """A data set that was found and cannot be read."""
    text, kind = error_text(error), type(error).__name__
    if "Dataset scripts are no longer supported" in text:
        return DataError(
            f"The data set {name} of task '{spec.name}' is a script, which the installed 'datasets' does not run.",
            hint="Use a version of the data set stored as files (a parquet branch: revision: refs/convert/parquet).",
        )
    cause = error.__cause__
    # A builder that yields no row at all fails on next() of its own generator.
    if "StopIteration" in (kind, type(cause).__name__) or "corresponds to no data" in text:
        return DataError(f"The data set {name} of task '{spec.name}' holds no row.")
    # ``datasets`` wraps most failures in "An error occurred while generating the dataset", which names no cause.
    known = error if cause is None else cause
    if _CAST.search(error_text(known)):
        message = f"The columns of the data set {name} of task '{spec.name}' are not of one type in all its files"
        return DataError(f"{message}: {' '.join(error_text(known).split())[:LONGEST_CAST]}")
    why = error_line(known)
    return DataError(f"The data set {name} of task '{spec.name}' cannot be loaded: {why.rstrip()}")


def _unknown_argument(spec: TaskSpec, path: str, text: str) -> Finding | None:
    """The error of a key of dataset_kwargs that nobody takes, or None."""
    match = re.search(r"unexpected keyword argument '(\w+)'|doesn't have a '(\w+)' key", text)
    key = match and (match[1] or match[2])
    # With an offline cache the key becomes part of a configuration's name.
    named = re.search(r"for config '([^']*)'", text)
    key = key or next((name for name in spec.data.kwargs if named and f"{name}=" in named[1]), None)
    if not key or key not in spec.data.kwargs:
        return None
    return next(
        (finding for finding in unknown_arguments(spec, path)),
        spec.error(f"dataset_kwargs: {text}", "dataset_kwargs", key),
    )


def unknown_arguments(spec: TaskSpec, path: str) -> list[Finding]:
    """The errors of keys of dataset_kwargs that the builder of local files ``path`` does not take."""
    known = sorted(_arguments(path))
    return [
        spec.error(
            f"dataset_kwargs has no key {key!r}.",
            *("dataset_kwargs", key),
            hint=did_you_mean(key, known) or f"Known are: {', '.join(known)}.",
        )
        for key in spec.data.kwargs
        if key not in known
    ]


def _arguments(path: str) -> Iterable[str]:
    """What ``dataset_kwargs`` may hold: arguments of ``datasets.load_dataset``, and of what reads local files."""
    import datasets
    from datasets import packaged_modules

    own = {"path", "name", "split", "config_kwargs", "self"}
    known = set(inspect.signature(datasets.load_dataset).parameters) - own
    modules: Any = getattr(packaged_modules, "_PACKAGED_DATASETS_MODULES", {})
    if path in modules:
        builder = datasets.load.import_main_class(modules[path][0])
        config = getattr(builder, "BUILDER_CONFIG_CLASS", None)
        if dataclasses.is_dataclass(config):
            known |= {field.name for field in dataclasses.fields(config)} - {"name", "version", "description"}
    return known | {"load_from_disk"}
