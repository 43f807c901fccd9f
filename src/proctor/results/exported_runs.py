"""The runs within a table that ``export`` wrote as Parquet: their settings, scores and samples, as they were."""

# A table of samples is for other programs: its columns are derived, and no run could be made of them again (which
# prompts were sent, what each log-likelihood was). So a table with all its columns also has every line of the samples
# files, in the column ``sample`` as JSON, and in its metadata, as ``proctor_runs``, what the results files say. Columns
# of Parquet are read one by one: who does not ask for that one does not pay for it.
#
# Such a table is read as an archive is: its samples are unpacked into a temporary folder, where every reader finds
# files as it knows them. A table comes from somebody else, so nothing in it chooses a place, and sizes are limited.

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from proctor.errors import DataError
from proctor.files import LARGEST_DOCUMENT, MB
from proctor.results.archives import LARGEST_UNPACKED, UnpackedFolder
from proctor.results.encode import dumps
from proctor.results.files import file_names
from proctor.results.parquet_samples import opened_table
from proctor.results.read import check_sections
from proctor.results.stored_run import StoredRun

RUNS = "proctor_runs"
"""The key of the metadata."""
SAMPLE = "sample"
"""The column of the lines."""
_BLOCK = 500


def metadata_of(parts: Sequence[tuple[StoredRun, str]]) -> dict[str, str]:
    """What a table's metadata say of its runs.

    Args:
        parts: The runs and tasks whose samples it has.
    """
    tasks: dict[str, list[str]] = {}
    for run, task in parts:
        tasks.setdefault(run.source, []).append(task)
    runs = {run.source: run for run, _ in parts}
    facts = [
        {"name": run.name, "source": source, "stamp": run.stamp, "document": document_of(run, tasks[source])}
        for source, run in runs.items()
    ]
    return {RUNS: base64.b64encode(zlib.compress(dumps(facts).encode())).decode("ascii")}


def document_of(run: StoredRun, tasks: Sequence[str]) -> Mapping[str, Any]:
    """The content of a run's results file, as far as it is of some tasks; all of it where these have all samples.

    Args:
        run: The run.
        tasks: The tasks.
    """
    if set(tasks) >= set(run.samples_files):
        return run.document
    kept = {key: value for key, value in run.document.items() if key not in ("groups", "group_subtasks")}
    for section in ("results", "configs", "n-shot", "higher_is_better", "versions", "n-samples"):
        if section in kept:
            kept[section] = {task: value for task, value in run.section(section).items() if task in tasks}
    return kept


def exported_runs(file: Path) -> tuple[StoredRun, ...] | None:
    """The runs of a table, in its order; None where a file is no table with runs.

    Args:
        file: Any Parquet file.

    Raises:
        DataError: It is damaged, or holds too much.
        MissingExtraError: pyarrow is not installed.
    """
    with opened_table(file) as table:
        packed = (table.schema_arrow.metadata or {}).get(RUNS.encode())
        if packed is None or SAMPLE not in table.schema_arrow.names:
            return None
        folder, facts = UnpackedFolder(), list(_facts(file, packed))
        samples = _unpacked(file, table, [one["source"] for one in facts], folder.path)
    return tuple(
        StoredRun(
            one["name"], str(file / one["source"].lstrip("/\\")), one["stamp"], one["document"], samples[place], folder
        )
        for place, one in enumerate(facts)
    )


def _facts(file: Path, packed: bytes) -> Iterator[dict[str, Any]]:
    try:
        inflate = zlib.decompressobj()
        text = inflate.decompress(base64.b64decode(packed, validate=True), LARGEST_DOCUMENT)
        facts = json.loads(text)
    except (ValueError, zlib.error, RecursionError) as error:
        raise DataError(f"{file} does not say which runs it holds: {error}.") from error
    for one in facts if isinstance(facts, list) else [None]:
        texts = ("name", "source", "stamp")
        if (
            not isinstance(one, dict)
            or not all(isinstance(one.get(key), str) for key in texts)
            or not isinstance(one.get("document"), dict)
        ):
            raise DataError(f"{file} does not say which runs it holds: its {RUNS!r} is no list of them.")
        if one["document"]:
            check_sections(one["document"], file)
        yield one


def _unpacked(file: Path, table: Any, sources: Sequence[str], folder: Path) -> list[dict[str, Path]]:
    """Write the samples of each run and task into a file; return the files of each run by task."""
    found: list[dict[str, Path]] = [{} for _ in sources]
    places = {source: place for place, source in enumerate(sources)}
    left = LARGEST_UNPACKED
    with ExitStack() as stack:
        last: tuple[str, str] | None = None
        stream: TextIO | None = None
        for batch in table.iter_batches(batch_size=_BLOCK, columns=["run", "task", SAMPLE]):
            for row in batch.to_pylist():
                key, line = (row["run"], row["task"]), row[SAMPLE]
                if not isinstance(line, str) or not isinstance(key[1], str) or key[0] not in places:
                    raise DataError(f"{file} has a row that is of none of its runs.")
                left -= len(line.encode())
                if left < 0:
                    raise DataError(f"{file} holds more than {LARGEST_UNPACKED // MB:,} MB of samples.")
                if stream is None or key != last:
                    stack.close()
                    path = _path(folder / str(places[key[0]]), found[places[key[0]]], key[1])
                    stream, last = stack.enter_context(path.open("a", encoding="utf-8", newline="\n")), key
                stream.write(f"{line}\n")
    return found


def _path(folder: Path, files: dict[str, Path], task: str) -> Path:
    folder.mkdir(exist_ok=True)
    if task not in files:
        names = file_names([*files, task])
        files[task] = folder / f"samples_{len(files)}_{names[task]}.jsonl"
    return files[task]
