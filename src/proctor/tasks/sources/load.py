"""A task's data keys to splits: files of this machine in whatever form people have them, else ``datasets``.

Whatever is wrong is a sentence with the file and what to do; what was read otherwise than it stands
(an old encoding, semicolons, merged cells) is a note.
"""

# The ladder of readers
# ---------------------
#   spec.data -- locate --> LoadArguments(path, kwargs)             which files or which name of the hub is meant
#                                |
#          folder of save_to_disk?  -- load_saved -->  splits       its Arrow files would be taken for other data
#          Excel's workbooks?       -- load_workbooks --> splits    no builder of ``datasets`` reads them
#          text files (json, csv, text) of this machine?
#                    -- prepare --> copies in UTF-8 with commas     only of those that need one
#                                |
#                         datasets.load_dataset                     cached by hub.load_dataset
#                                |
#          it failed?  diagnose (a parser with lines) -> unlike_columns (types per file) -> explain (its own words)
#
# Each rung takes only what the one below would misread or fail on; whatever no rung takes goes to ``datasets`` as
# lm-eval would hand it over. Failures are examined after the fact and not before: checking every row of every file
# first would cost more than reading them, and nearly all files are right.
#
# Invariant: a message names files as the user knows them. ``LoadArguments.files`` pairs each file with the copy that is
# read in its place, and copies are put back into names of files before anything is shown.

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from proctor.errors import DataError, Finding, ProctorError, TaskError, did_you_mean
from proctor.tasks.hub import cache_of_a_folder, hide_bars, load_dataset, local_builder, local_files, read_files
from proctor.tasks.sources import paths
from proctor.tasks.sources.columns import unlike_columns
from proctor.tasks.sources.diagnose import diagnose
from proctor.tasks.sources.explain import explain
from proctor.tasks.sources.json_field import look_for_field
from proctor.tasks.sources.locate import LoadArguments, locate
from proctor.tasks.sources.prepare import TEXTS, ReadOptions, mirror, prepare
from proctor.tasks.sources.saved import is_saved, load_saved
from proctor.tasks.sources.unreadable import refuse_holes, refuse_special_files
from proctor.tasks.sources.workbooks import load_workbooks, workbooks_of
from proctor.tasks.spec import TaskSpec

log = logging.getLogger("proctor")


def load_splits(spec: TaskSpec, notes: list[Finding] | None = None) -> Mapping[str, Any]:
    """The splits of the task's data set.

    Args:
        spec: the task.
        notes: takes what is worth knowing about how its files were read; None: that is logged.

    Raises:
        TaskError: a data key of the task is wrong.
        DataError: the data cannot be had or read; the message names the file.
    """
    findings: list[Finding] = []
    splits = _load(spec, findings)
    if notes is None:
        for note in findings:
            log.warning("%s", note)
    else:
        notes += findings
    return splits


def _load(spec: TaskSpec, notes: list[Finding]) -> Mapping[str, Any]:
    hide_bars()
    source = locate(spec)
    if os.path.isdir(source.path) and (saved := _saved_folder(spec, source)) is not None:
        return load_saved(saved)
    books = workbooks_of(spec, source, notes)
    if books is not None:
        return load_workbooks(spec, source, books, notes)
    # ``datasets`` takes only a Features object, which YAML has no way to write.
    if isinstance(source.kwargs.get("features"), Mapping):
        source = replace(source, kwargs={**source.kwargs, "features": _features(spec, source.kwargs["features"])})
    try:
        source = _prepared(spec, source, notes)
        loaded = load_dataset(source.path, spec.data.name, **source.kwargs)
    except ProctorError:
        raise
    except Exception as error:
        # A broken line first: where a file cannot be parsed, types of its columns mean nothing.
        trouble = diagnose(source.files, source.builder) or unlike_columns(*_files(spec, source))
        if trouble is not None:
            hint = trouble.hint or _other_builder(source)
            raise DataError(f"Task '{spec.name}': {trouble.message}", hint=hint) from error
        raise _with_originals(explain(spec, source.path, error), source.files) from error
    # Only the loaded rows show this: ``datasets`` falls back on its cache without a sign.
    if (cached := cache_of_a_folder(source.path, loaded)) is not None:
        _refuse_cached_folder(spec, source.path, cached)
    if not isinstance(loaded, Mapping):
        return {str(getattr(loaded, "split", None) or "train"): loaded}
    return loaded


def _files(spec: TaskSpec, source: LoadArguments) -> tuple[Sequence[tuple[str, str]], str]:
    """The files of this machine that a source is read from, as :class:`LoadArguments` has them, and what reads them."""
    if source.files:
        return source.files, source.builder
    named, kind = read_files(source.path, spec.data.name, source.kwargs)
    return [(file, file) for file in named], kind


def _refuse_cached_folder(spec: TaskSpec, path: str, cached: str) -> None:
    """Rows of a folder that is gone are other data than the name stands for; lm-eval scores them in silence."""
    finding = spec.error(
        f"the folder {path!r} is not there, and the hub cannot be asked. The cache of 'datasets' holds rows "
        f"that were read from a folder of that name ({cached}).",
        "dataset_path",
        hint="Put the folder back, or start where it is. --strict_lm_eval scores the cached rows.",
    )
    if not spec.strict:
        raise TaskError(finding)
    log.warning("%s", finding)


def _saved_folder(spec: TaskSpec, source: LoadArguments) -> str | None:
    """The folder of ``save_to_disk`` that is meant, or None."""
    inner = os.path.join(source.path, str(spec.data.name)) if spec.data.name else source.path
    folder = next((one for one in (source.path, inner) if is_saved(one)), None)
    from_disk = bool(source.kwargs.get("load_from_disk"))
    if folder is None:
        if from_disk:
            message = f"load_from_disk is said, but {source.path} is no folder that save_to_disk wrote."
            raise TaskError(spec.error(message, "dataset_kwargs", "load_from_disk"))
        return None
    rest = sorted(source.kwargs.keys() - {"load_from_disk"})
    if rest:
        message = f"{source.path} was written by save_to_disk, which leaves no choice of {', '.join(rest)}."
        raise TaskError(spec.error(message, "dataset_kwargs", rest[0], hint="Leave it out."))
    if folder == source.path and spec.data.name and inner != folder:
        message = f"{source.path} was written by save_to_disk and has no configurations, so no {spec.data.name!r}."
        raise TaskError(spec.error(message, "dataset_name", hint="Leave dataset_name out."))
    return folder


def _prepared(spec: TaskSpec, source: LoadArguments, notes: list[Finding]) -> LoadArguments:
    """The source with copies in the place of text files that ``datasets`` could not read as they are."""
    refuse_special_files(spec, (source.path, source.kwargs.get("data_files")))
    encoding = source.kwargs.get("encoding")
    kwargs = {key: value for key, value in source.kwargs.items() if key != "encoding"}
    # Who passes encoding_errors wants pandas or ``datasets`` to deal with odd bytes; nothing is prepared then.
    builder = None if "encoding_errors" in kwargs else local_builder(source.path, spec.data.name, kwargs)
    # The last part of its module (datasets.packaged_modules.csv.csv) says what reads a folder; it has no other sign.
    kind = "" if builder is None else type(builder).__module__.rpartition(".")[2]
    by_split = {split: list(filter(os.path.isfile, files)) for split, files in local_files(builder).items()}
    refuse_holes(spec, by_split)
    if kind not in TEXTS:
        return source
    wanted = ReadOptions(kind, encoding, plain=_names_separator(builder, kwargs))
    copies: dict[str, str] = {}
    for file in dict.fromkeys(file for files in by_split.values() for file in files):
        copies[file] = _prepare(spec, file, wanted, notes)
        if kind == "json":
            look_for_field(spec, file, copies[file], kwargs.get("field"), notes)
    changed = {file: copy for file, copy in copies.items() if copy != file}
    # A folder's README may name files by pattern, so copies cannot be listed in data_files: the whole folder is
    # mirrored by links, and keeps its README, with copies in the place of some of its files.
    if changed and os.path.isdir(source.path):
        path = mirror(source.path, changed)
        return LoadArguments(path, kwargs, kind, tuple(copies.items()))
    if changed:
        kwargs["data_files"] = {split: [copies.get(file, file) for file in files] for split, files in by_split.items()}
    return LoadArguments(source.path, kwargs, kind, tuple(copies.items()))


def _names_separator(builder: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether the task or the data set's README says how a CSV's cells are told apart, or what it has for a header."""
    said = {"sep", "delimiter", "names", "column_names", "header", "skiprows", "quoting", "quotechar"} & kwargs.keys()
    return bool(said) or getattr(builder.config, "sep", ",") != ","


def _prepare(spec: TaskSpec, file: str, wanted: ReadOptions, notes: list[Finding]) -> str:
    try:
        ready = prepare(file, wanted)
    except DataError as error:
        raise DataError(f"Task '{spec.name}': {error.message}", hint=error.hint) from error
    except (LookupError, TypeError) as error:
        message = f"there is no encoding {wanted.encoding!r}."
        hint = did_you_mean(str(wanted.encoding), ("cp949", "euc-kr", "utf-8", "utf-16", "cp1252"))
        raise TaskError(spec.error(message, "dataset_kwargs", "encoding", hint=hint)) from error
    key = "dataset_kwargs" if "data_files" in spec.data.kwargs else "dataset_path"
    hint = "Save it as UTF-8, or say so in the task file: 'dataset_kwargs: {encoding: cp949}'."
    notes += [spec.error(note, key, hint=hint if "CP949" in note else None) for note in ready.notes]
    return ready.path


def _other_builder(source: LoadArguments) -> str | None:
    """The remedy where names of files say that another builder is meant."""
    named = {paths.builder_of(file) for file, _ in source.files} - {None, source.builder}
    return f"The file's name says {named.pop()}: write so as dataset_path." if len(named) == 1 else None


def _with_originals(error: DataError | TaskError, files: Sequence[tuple[str, str]]) -> DataError | TaskError:
    """The error with the names of files as the user knows them."""
    if isinstance(error, TaskError) or not any(copy in error.message for _, copy in files):
        return error
    message = error.message
    for file, copy in files:
        message = message.replace(copy, file)
    return DataError(message, hint=error.hint)


def _features(spec: TaskSpec, given: Mapping[str, Any]) -> Any:
    """``features`` as a task file writes them, ``{column: {dtype: string, sequence: true}}``; lm-eval fails on it."""
    import datasets

    if isinstance(given, datasets.Features):
        return given

    def column(feature: Any) -> Any:
        value = datasets.Value(feature["dtype"])
        return datasets.Sequence(value) if feature.get("sequence") else value

    try:
        return datasets.Features({name: column(feature) for name, feature in given.items()})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"features of dataset_kwargs cannot be used: {type(error).__name__}: {error}."
        hint = "Write 'COLUMN: {dtype: string}', with 'sequence: true' for lists."
        raise TaskError(spec.error(message, "dataset_kwargs", "features", hint=hint)) from error
