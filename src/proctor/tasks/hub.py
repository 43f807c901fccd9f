"""Data sets, each described and read once for all the tasks that ask for it.

``datasets`` resolves a data set's folder, its card and its list of files anew for every
configuration, and reads the files anew for every task; for a benchmark of 57 subjects in seven
variants that is most of the time of loading it, and over a network the same questions 57 times.

What is read of files on this machine is kept under their stamps (:mod:`proctor.tasks.sources.stamps`),
in memory and in the cache of ``datasets``: a file that has changed is read anew, whatever layout it
is part of.
"""

# Two caches of one process, both keyed by a state
# ------------------------------------------------
#   _DESCRIBED   arguments of dataset_module_factory -> which files, which card, which configurations
#   _LOADED      arguments of load_dataset           -> splits
#
# The state is what shows that the data are the same: stamps of local files, and the working directory, because a
# relative name means another folder elsewhere. A name of the hub has no stamp: one process takes one revision of it.
# Where a state cannot be given (URLs, a plain file as path), nothing is cached here.
#
# On disk, ``datasets`` caches local files by name and modification time only, so each set of stamps has a cache folder
# of its own below ``<its cache>/proctor``. (``download_mode=force_redownload`` would be as safe, at the price of
# reading everything anew in every run.)

from __future__ import annotations

import copy
import dataclasses
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from proctor.hub_access import offline_if_unresolved
from proctor.tasks.sources.paths import LOCAL_BUILDERS, expand, files_of
from proctor.tasks.sources.stamps import folder_stamp, name_of, stamp

_DESCRIBED: dict[str, Any] = {}
_LOADED: dict[str, Any] = {}
_OF_LOADING = ("split", "verification_mode", "keep_in_memory", "save_infos", "streaming", "num_proc", "task")
"""Arguments of ``datasets.load_dataset`` that say nothing about which data set it is."""
_CARDS = ("README.md", "dataset_infos.json", ".huggingface.yaml")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
"""How ``datasets`` names in its cache what it read from a folder; what it read from the hub has a commit there."""


@contextmanager
def _without_log_of_failures() -> Iterator[None]:
    """Keep the readers of ``datasets`` from logging what their exception says too, which is told in a sentence."""
    readers = logging.getLogger("datasets.packaged_modules")
    before = readers.level
    readers.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        readers.setLevel(before)


def hide_bars() -> None:
    """Keep the bars of ``datasets`` out of the progress display of the run, which they would be drawn over.

    A task's ``process_docs`` draws them too, over rows that were read before and so without ``datasets``.
    """
    if not os.environ.get("PROCTOR_DATASETS_PROGRESS"):
        import datasets

        datasets.disable_progress_bars()


@_without_log_of_failures()
def load_dataset(path: str, name: str | None, **kwargs: Any) -> Any:
    """``datasets.load_dataset``, which opens the same configuration of an unchanged data set once."""
    # Files given by name are read by a builder of ``datasets`` itself, whatever the network.
    with offline_if_unresolved(None if path in LOCAL_BUILDERS else path):
        return _load_dataset(path, name, kwargs)


def _load_dataset(path: str, name: str | None, kwargs: Mapping[str, Any]) -> Any:
    import datasets

    state = _state(path, kwargs)
    if state is None:
        return datasets.load_dataset(path=path, name=name, **kwargs)
    key = repr((state, path, name, sorted(kwargs.items())))
    if key not in _LOADED:
        with _descriptions_kept(state):
            own = {**kwargs, **_own_cache(path, name, kwargs)}
            loaded = datasets.load_dataset(path=path, name=name, **own)
        # One split, or a stream, which can be read once only: the next caller must get its own.
        if not isinstance(loaded, datasets.DatasetDict):
            return loaded
        _LOADED[key] = loaded
    # Copies share the rows; a format that one task's function sets is not the next task's.
    return type(_LOADED[key])({split: copy.copy(rows) for split, rows in _LOADED[key].items()})


def cache_of_a_folder(path: str, loaded: Any) -> str | None:
    """Where rows came from if a folder that is gone was read there, by whomever; None for all other data.

    Where the hub cannot be reached, ``datasets`` takes whatever its cache holds under the last part of a
    name, and a folder's rows lie there under the folder's name.
    """
    if _is_local(path) or "://" in path:
        return None
    splits = loaded.values() if isinstance(loaded, Mapping) else [loaded]
    files = [str(file["filename"]) for rows in splits for file in getattr(rows, "cache_files", ())]
    folders = (os.path.dirname(file) for file in files)
    return next((folder for folder in folders if _FINGERPRINT.fullmatch(os.path.basename(folder))), None)


def local_builder(path: str, name: str | None, kwargs: Mapping[str, Any]) -> Any:
    """What would read a data set of this machine, with its files found but not read; None: it is elsewhere."""
    import datasets

    state = _state(path, kwargs)
    if state is None or not _is_local(path):
        return None
    # Not in the cache's own place: what is there under a name answers for a folder that has gone.
    cache = {"cache_dir": os.path.join(_cache_base(kwargs), "builders")}
    with _descriptions_kept(state):
        return datasets.load_dataset_builder(path, name, **{**_describing(kwargs), **cache})


def local_files(builder: Any) -> dict[str, list[str]]:
    """The files of this machine that a builder reads, by split."""
    data_files = None if builder is None else getattr(builder.config, "data_files", None)
    by_split: Mapping[str, Sequence[Any]] = data_files if isinstance(data_files, Mapping) else {}
    return {str(split): [str(file) for file in files] for split, files in by_split.items()}


def read_files(path: str, name: str | None, kwargs: Mapping[str, Any]) -> tuple[list[str], str]:
    """The files of this machine that a data set is read from, and the builder that reads them; none if unknown."""
    try:
        builder = local_builder(path, name, kwargs)
    except Exception:  # noqa: BLE001 - asked after a failure, which is explained without them then
        return [], ""
    if builder is None:
        return [], ""
    files = [file for split in local_files(builder).values() for file in split]
    return files, type(builder).__module__.rpartition(".")[2]


def _describing(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kwargs.items() if key not in _OF_LOADING}


def _is_local(path: str) -> bool:
    return path in LOCAL_BUILDERS or os.path.isdir(path)


def _own_cache(path: str, name: str | None, kwargs: Mapping[str, Any]) -> dict[str, str]:
    """The folder of the cache for what is read of these very files; nothing for a data set of the hub."""
    builder = local_builder(path, name, kwargs)
    if builder is None:
        return {}
    files = [file for split in local_files(builder).values() for file in split]
    cards = [os.path.join(path, card) for card in _CARDS] if os.path.isdir(path) else []
    return {"cache_dir": os.path.join(_cache_base(kwargs), name_of(stamp(file) for file in [*files, *cards]))}


def _cache_base(kwargs: Mapping[str, Any]) -> str:
    from datasets import config

    return os.path.join(str(kwargs.get("cache_dir") or config.HF_DATASETS_CACHE), "proctor")


def _state(path: str, kwargs: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """What tells that a data set is the one that was read before; None: it is to be read anew."""
    files, folder = kwargs.get("data_files"), kwargs.get("data_dir")
    if any("://" in str(file) for file in (*files_of(files or ()), folder or "")):
        return None
    if os.path.isdir(path):
        return (str(Path.cwd()), folder_stamp(path))
    if path not in LOCAL_BUILDERS:
        return None if files or folder or os.path.isfile(path) else (str(Path.cwd()),)
    named = tuple(stamp(file) for split in expand(files or ()).values() for file in split)
    return (str(Path.cwd()), named, folder_stamp(str(folder)) if folder else ())


@contextmanager
def _descriptions_kept(state: tuple[Any, ...]) -> Iterator[None]:
    """Keep what ``datasets`` finds out about a data set; another version of it may have no such step."""
    from datasets import load

    original: Callable[..., Any] | None = getattr(load, "dataset_module_factory", None)
    if original is None:
        yield
        return

    def describe(*args: Any, **kwargs: Any) -> Any:
        key = repr((state, args, sorted(kwargs.items())))
        if key not in _DESCRIBED:
            _DESCRIBED[key] = original(*args, **kwargs)
        described = _DESCRIBED[key]
        # The caller takes entries out of builder_kwargs: each gets a dictionary of its own.
        return dataclasses.replace(described, builder_kwargs=dict(described.builder_kwargs))

    setattr(load, "dataset_module_factory", describe)  # noqa: B010
    try:
        yield
    finally:
        setattr(load, "dataset_module_factory", original)  # noqa: B010
