"""Reads results and samples files, proctor's and lm-eval 0.4's: the one home of what stands where on disk.

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
#
# lm-eval 0.4.0 to 0.4.2 have no stamps: results.json, and one <model_args>_<task>.jsonl a task, which despite its name
# holds one JSON array. Any of these files may be compressed with gzip, and samples may be Parquet: the first
# bytes say so. An editor on Windows may have put a byte order mark before the text: it is skipped.

from __future__ import annotations

import gzip
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from proctor.errors import DataError, UsageError
from proctor.files import LARGEST_DOCUMENT, LONGEST_LINE, MB, open_regular
from proctor.results.files import file_names
from proctor.results.json_array import begins_array, read_array
from proctor.results.parquet_samples import MAGIC, read_parquet_samples

SEEDS = ("random_seed", "numpy_seed", "torch_seed", "fewshot_seed")
"""Keys of the seeds in a results file's ``config``, in the order of the command line's ``--seed``."""

_SECTIONS = ("config", "configs", "group_subtasks", "n-shot")
_NAME = re.compile(r"results_(.+)\.json(?:\.gz)?|(.+)_(\d{4}-\d\d-\d\dT.+)\.json(?:\.gz)?")
UNSTAMPED = ("results.json", "results.json.gz")
"""What lm-eval 0.4.0 to 0.4.2 call their results."""
_GZIP = b"\x1f\x8b"
_decode = json.JSONDecoder().decode


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
        document = json.loads(_read_whole(file))
    except FileNotFoundError as error:
        raise DataError(f"There is no results file {file}.") from error
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
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
    check_sections(document, file)
    return document


def check_sections(document: Mapping[str, Any], file: Path) -> None:
    """Make sure that a document has what :func:`read_results` promises.

    Args:
        document: Of a results file.
        file: Where it stands.

    Raises:
        DataError: It has not.
    """
    if not isinstance(document.get("results"), dict):
        raise DataError(f"{file} is no results file: it has no 'results'.")
    for key in _SECTIONS:
        if not isinstance(document.get(key) or {}, dict):
            raise DataError(f"{file} is no results file: its {key!r} is {str(document[key])[:100]!r}.")
    known = document.get("config") or {}
    numbers = [*(document.get("n-shot") or {}).values(), *(known.get(name) for name in SEEDS)]
    if not all(one is None or type(one) is int for one in numbers):
        raise DataError(f"{file} is no results file: its seeds and numbers of examples are not whole numbers.")


def stamp_of_results(name: str) -> str | None:
    """The time in the name of a results file; "" where lm-eval before 0.4.3 wrote it; None: it has no such name.

    Args:
        name: The file's name without its folder.
    """
    if name in UNSTAMPED:
        return ""
    match = _NAME.fullmatch(name)
    return (match[1] or match[3]) if match else None


def samples_beside(file: Path, document: Mapping[str, Any]) -> Mapping[str, Path]:
    """The samples files of a run, by task; tasks that have none are left out.

    Args:
        file: Its results file.
        document: What stands in it.
    """
    stamp = stamp_of_results(file.name)
    tasks = sorted(document.get("configs") or {})
    if not stamp:
        given = (document.get("config") or {}).get("model_args")
        return _unstamped_samples(file.parent, tasks, given if isinstance(given, str) else "", anyhow=stamp == "")
    paths = {task: file.with_name(f"samples_{name}_{stamp}.jsonl") for task, name in file_names(tasks).items()}
    # The last that is there: JSON lines are written first, and go when another form is whole.
    forms = {task: (path.with_suffix(".parquet"), path.with_suffix(".jsonl.gz"), path) for task, path in paths.items()}
    return {task: path for task, known in forms.items() for path in known if path.is_file()}


def _unstamped_samples(folder: Path, tasks: Sequence[str], model_args: str, *, anyhow: bool) -> Mapping[str, Path]:
    """Files called after the model's arguments and a task, as lm-eval 0.4.0 to 0.4.2 called them.

    Args:
        folder: Where the results lie.
        tasks: The tasks of the run.
        model_args: The model's arguments as the command line had them.
        anyhow: Whether a file that ends in a task's name is taken as well: beside results.json lies one run. Beside
            results of another name several may.
    """
    made = {re.sub("/|=", "__", model_args), re.sub(r"[\"<>:/|\\?*\[\]]+", "__", model_args)} if model_args else set()
    found: dict[str, Path] = {}
    for path in sorted((*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz"))):
        name = path.name.removesuffix(".gz").removesuffix(".jsonl")
        fits = [task for task in tasks if anyhow and (name == task or name.endswith(f"_{task}"))]
        fits += [task for task in tasks if any(name == f"{one}_{task}" for one in made)]
        if fits:
            # Of two tasks that fit, the longer name is meant.
            found[max(fits, key=len)] = path
    return found


def read_samples(file: Path) -> Iterator[tuple[int, Any]]:
    """The samples of a file, one at a time: a file of a large task does not fit into memory twice.

    Args:
        file: The file: JSON lines, or one JSON array (lm-eval 0.4.0 to 0.4.2), which may be compressed with gzip; or
            Parquet.

    Returns:
        The number of each line (or place in the array), counted from 1, and its JSON value.

    Raises:
        DataError: The file cannot be read, or a line is not JSON.
    """
    return iter(SampleLines(file))


class SampleLines:
    """The samples of a file, and where the one that was read last lies in it.

    Args:
        file: As of :func:`read_samples`.

    Attributes:
        number: Of the last line, counted from 1.
        offset: The byte at which it begins; None where it cannot be found by one: in a compressed file, in an array.
        length: Its bytes.
    """

    def __init__(self, file: Path) -> None:
        self.number = 0
        self.offset: int | None = None
        self.length = 0
        self._file = file

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        file = self._file
        try:
            with open_regular(file) as raw, _plain(raw) as stream:
                if stream.read(4) == MAGIC:
                    yield from self._rows()
                    return
                stream.seek(0)
                if begins_array(stream):
                    for self.number, value in read_array(file, stream):
                        yield self.number, value
                else:
                    yield from self._lines(stream, direct=stream is raw)
        except UnicodeDecodeError as error:
            raise DataError(f"{file} is no samples file: {error}") from error
        except (EOFError, zlib.error) as error:
            raise DataError(f"{file} is incomplete or damaged: {error}") from error
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror or error}.") from error

    def _rows(self) -> Iterator[tuple[int, Any]]:
        for line in read_parquet_samples(self._file):
            self.number += 1
            yield self.number, line

    def _lines(self, stream: BinaryIO, *, direct: bool) -> Iterator[tuple[int, Any]]:
        start = 0
        while line := stream.readline(LONGEST_LINE + 1):
            self.number += 1
            if len(line) > LONGEST_LINE:
                raise DataError(f"Line {self.number} of {self._file} holds more than {LONGEST_LINE // MB:,} MB.")
            self.offset, self.length = start if direct else None, len(line)
            start += len(line)
            text = line.decode("utf-8" if self.number > 1 else "utf-8-sig")
            try:
                value = _decode(text)
            except (ValueError, RecursionError) as error:
                raise DataError(f"Line {self.number} of {self._file} is not JSON: {error}") from error
            yield self.number, value


def read_sample_at(file: Path, number: int, offset: int | None, length: int) -> Any:
    """One sample of a file.

    Args:
        file: As of :func:`read_samples`.
        number: Of :attr:`SampleLines.number`.
        offset: Of :attr:`SampleLines.offset`; None: the lines before it are read.
        length: Of :attr:`SampleLines.length`.

    Returns:
        What stands there, which is another sample where the file was changed; None: nothing that is JSON.

    Raises:
        DataError: The file cannot be read.
    """
    if offset is None:
        return next((value for place, value in read_samples(file) if place == number), None)
    try:
        with open_regular(file) as stream:
            stream.seek(offset)
            return json.loads(stream.read(min(length, LONGEST_LINE)).decode("utf-8-sig"))
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError):
        return None


@contextmanager
def _plain(raw: BinaryIO) -> Iterator[BinaryIO]:
    """A file's bytes, uncompressed; the file itself where it is not compressed."""
    compressed = raw.read(2) == _GZIP
    raw.seek(0)
    yield cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if compressed else raw


def _read_whole(file: Path) -> str:
    with open_regular(file) as raw, _plain(raw) as stream:
        data = stream.read(LARGEST_DOCUMENT + 1)
    if len(data) > LARGEST_DOCUMENT:
        raise OSError(f"it holds more than {LARGEST_DOCUMENT // MB:,} MB")
    return data.decode("utf-8-sig")


def top_names(document: Mapping[str, Any], tasks: Sequence[str]) -> list[str]:
    """What ``--tasks`` named: groups that are in no other group, and tasks that are in none.

    Args:
        document: A results file's document.
        tasks: The tasks that were evaluated.
    """
    groups = {name: members for name, members in (document.get("group_subtasks") or {}).items() if members}
    inside = {member for members in groups.values() for member in members}
    return [name for name in (*groups, *tasks) if name not in inside]
