"""Reads results and samples files, proctor's and lm-eval 0.4's: the one home of what stands where in them.

Nothing is computed here, and no model, task file or store is touched: whoever compares, audits or grades again asks
here for what was written.
"""

# A run's files lie side by side, and only their names say that they belong together:
#
#   results_2026-11-28T10-00-00.123456.json                 lm-eval: the same name
#   samples_arc_easy_2026-11-28T10-00-00.123456.jsonl       one a task; characters that no file name holds are
#                                                           replaced (``file_names``), so a task's file is found by
#                                                           its name, and never a task's name by its file
#
# With ``--output_path NAME.json`` the results are NAME_<stamp>.json, and samples carry the stamp alone. Results that
# were given a third name have no stamp: no samples are found, rather than those of another run in the folder.

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor.errors import DataError, UsageError
from proctor.files import LARGEST_DOCUMENT, read_text, text_lines
from proctor.results.files import file_names

SEEDS = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
"""Keys of the seeds in a results file's ``config``, in the order of the command line's ``--seed``."""

_SECTIONS = ("config", "configs", "group_subtasks", "n-shot")
_NAME = re.compile(r"results_(.+)\.json|(.+)_(\d{4}-\d\d-\d\dT.+)\.json")


def find_results_file(path: Path) -> Path:
    """A results file.

    Args:
        path: The file itself, or a folder, whose newest one is taken.

    Raises:
        UsageError: There is none.
    """
    if path.is_dir():
        # The stamp in the name sorts by time; a file's own time is lost when it is copied.
        files = sorted(path.glob("results_*.json"))
        if not files:
            raise UsageError(f"There is no results_*.json in {path}.")
        return files[-1]
    if not os.path.isfile(path):
        raise UsageError(
            f"{str(path)!r} is neither a results file nor the number of a run.", hint="'proctor runs' lists both."
        )
    return path


def read_document(file: Path) -> dict[str, Any]:
    """The document of a results file as it stands there.

    Args:
        file: The file.

    Raises:
        DataError: It is not there, cannot be read, or has no ``results``.
    """
    try:
        document = json.loads(read_text(file, largest=LARGEST_DOCUMENT))
    except FileNotFoundError as error:
        raise DataError(f"There is no results file {file}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{str(file)!r} cannot be read as a results file: {error}") from error
    if not isinstance(document, dict) or "results" not in document:
        raise DataError(f"{file} is no results file: it has no 'results'.")
    return document


def read_results(file: Path) -> Mapping[str, Any]:
    """The document of a results file, its sections looked at.

    Args:
        file: The file.

    Returns:
        The document: ``results`` is there and a mapping; ``config``, ``configs``, ``group_subtasks`` and ``n-shot``
        are mappings or absent; seeds and numbers of few-shot examples are whole numbers or null.

    Raises:
        DataError: It cannot be read, or is no results file.
    """
    document = read_document(file)
    if not isinstance(document["results"], dict):
        raise DataError(f"{file} is no results file: it has no 'results'.")
    for key in _SECTIONS:
        if not isinstance(document.get(key) or {}, dict):
            raise DataError(f"{file} is no results file: its {key!r} is {str(document[key])[:100]!r}.")
    known = document.get("config") or {}
    numbers = [*(document.get("n-shot") or {}).values(), *(known.get(name) for name in SEEDS)]
    if not all(one is None or type(one) is int for one in numbers):
        raise DataError(f"{file} is no results file: its seeds and numbers of examples are not whole numbers.")
    return document


def samples_beside(file: Path, document: Mapping[str, Any]) -> Mapping[str, Path]:
    """The samples files of a run, by task; tasks that have none are left out.

    Args:
        file: Its results file.
        document: What stands in it.
    """
    match = _NAME.fullmatch(file.name)
    stamp = (match[1] or match[3]) if match else ""
    names = file_names(sorted(document.get("configs") or {}))
    paths = {task: file.with_name(f"samples_{name}_{stamp}.jsonl") for task, name in names.items()}
    return {task: path for task, path in paths.items() if path.is_file()}


def read_samples(file: Path) -> Iterator[tuple[int, Any]]:
    """The lines of a samples file, one at a time: a file of a large task does not fit into memory twice.

    Args:
        file: The file.

    Returns:
        The number of each line, counted from 1, and its JSON value.

    Raises:
        DataError: The file cannot be read, or a line is not JSON.
    """
    try:
        for number, line in enumerate(text_lines(file), 1):
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"Line {number} of {file} is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is no samples file: {error}") from error
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}.") from error


def top_names(document: Mapping[str, Any], tasks: Sequence[str]) -> list[str]:
    """What ``--tasks`` named: groups that are in no other group, and tasks that are in none.

    Args:
        document: A results file's document.
        tasks: The tasks that were evaluated.
    """
    groups = {name: members for name, members in (document.get("group_subtasks") or {}).items() if members}
    inside = {member for members in groups.values() for member in members}
    return [name for name in (*groups, *tasks) if name not in inside]
