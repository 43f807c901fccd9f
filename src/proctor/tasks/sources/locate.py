"""Where the data of a task is: a builder with files, a folder or a name of the hub, local paths resolved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proctor.errors import Finding, TaskError
from proctor.files import not_a_file
from proctor.tasks.sources import paths
from proctor.tasks.sources.explain import unknown_arguments
from proctor.tasks.spec import TaskSpec

SPLIT_KEYS = ("test_split", "validation_split", "training_split", "fewshot_split")


@dataclass(frozen=True, slots=True)
class LoadArguments:
    """What ``datasets.load_dataset`` is called with. ``files``: each text file, and the copy of it that is read."""

    path: str
    kwargs: Mapping[str, Any]
    builder: str = ""
    files: tuple[tuple[str, str], ...] = ()


def locate(spec: TaskSpec) -> LoadArguments:
    """The builder, folder or hub name and its arguments, local paths resolved; one that is not there is an error."""
    path, kwargs, folder = spec.data.path or "", dict(spec.data.kwargs), spec.data.folder
    # Refused before ``datasets`` sees it: unpickling alone runs code, and a task file of a stranger may name any file.
    if path == "pandas":  # some versions of datasets do
        message = "the builder 'pandas' reads pickles, which run whatever is in them."
        raise TaskError(spec.error(message, "dataset_path", hint="Write the data to parquet, csv or json files."))
    # ``dataset_path`` is one of four things: a builder's name (json), a path that shows itself to be one (./x, ~/x, a
    # known suffix), a folder beside the task file, else a name of the hub. "org/name" looks like a relative path, too,
    # so a bare one counts as a path only where such a folder with data is there.
    named = path not in paths.LOCAL_BUILDERS and path not in paths.WORKBOOKS
    if named and (path.startswith((".", "~", os.sep)) or paths.builder_of(path) or paths.unread_format(path)):
        path = paths.beside(folder, path)
    elif named and folder is not None:
        path = paths.data_folder_beside(folder, path) or path
    for key in ("data_files", "data_dir"):
        # Within a folder that is loaded as a whole, ``datasets`` resolves them against that folder.
        if key in kwargs and (not named or not os.path.isdir(path)):
            kwargs[key] = paths.beside(folder, kwargs[key])
    if named and not os.path.isdir(path) and "://" not in path:
        return _single_file(spec, path, kwargs)
    path = "xlsx" if path in paths.WORKBOOKS else path
    if not named:
        unknown = unknown_arguments(spec, path) if path != "xlsx" else []
        if unknown:
            raise TaskError(unknown)
        _check_files(spec, kwargs.get("data_files"))
    return LoadArguments(path, kwargs)


def _single_file(spec: TaskSpec, path: str, kwargs: Mapping[str, Any]) -> LoadArguments:
    """``dataset_path`` where it is no folder: a file, or a name of the hub."""
    builder, unread = paths.builder_of(path), paths.unread_format(path)
    if (kind := not_a_file(path)) is not None:
        raise TaskError(spec.error(f"{path} is {kind}, and no data can be read from it.", "dataset_path"))
    if os.path.isfile(path):
        if builder is None:
            message = unread or f"{path} is a file of a kind that is not read."
            hint = f"Read are {', '.join(paths.BUILDERS)}; or write 'dataset_path: json' and the file in data_files."
            raise TaskError(spec.error(message, "dataset_path", hint=hint))
        return LoadArguments(builder, {"data_files": path, **kwargs})
    if builder or unread or path.startswith((".", "~", os.sep)):
        message, hint = paths.not_there(path, spec.data.folder)
        raise TaskError(spec.error(message, "dataset_path", hint=hint))
    return LoadArguments(path, kwargs)


def _check_files(spec: TaskSpec, data_files: Any) -> None:
    """Every file that data_files names must be there; all that are not are errors at once."""
    errors: list[Finding] = []
    for file in paths.files_of(data_files or ()):
        message, hint = None, None
        if "://" in file:
            continue
        if os.path.isdir(file):
            message, hint = f"data_files names the folder {file}.", f"Write which of its files: {file}/*.json, say."
        elif (kind := not_a_file(file)) is not None:
            message = f"data_files names {file}, which is {kind}, not a file."
        elif not paths.exists(file):
            message, hint = paths.not_there(file, spec.data.folder)
        elif (unread := paths.unread_format(file)) is not None:
            message, hint = unread, "Save it as .xlsx or as CSV UTF-8."
        if message:
            errors.append(spec.error(message, "dataset_kwargs", "data_files", hint=hint))
    if errors:
        raise TaskError(errors)
