"""TensorBoard: a file of events with the scores, the table of scores, and the settings as text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from proctor.lazy import need
from proctor.plurals import counted
from proctor.reporters.base import check_folder
from proctor.reporters.facts import ReportedRun, ReportedTask
from proctor.reporters.score_rows import SCORE_COLUMNS, score_rows
from proctor.results.encode import dumps
from proctor.results.files import file_name, make_folder

MOST_SAMPLES = 50
"""Samples of a task in the text tab, which holds a page and no table."""


class TensorboardReporter:
    """Events of one run. TensorBoard's own writer is used, not TensorFlow's or torch's.

    Runs of one model's checkpoints share a folder, so that their scores are one curve over steps.

    Args:
        arguments: ``dir``: the folder of all runs.
    """

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self._folder = Path(str(arguments.get("dir") or "runs")).expanduser()
        self._step = 0
        self._writer: Any = None
        self._at: Path | None = None

    def check(self) -> None:
        """Whether the folder can be written.

        Raises:
            OutputError: It cannot.
        """
        check_folder(self._folder, "--tensorboard_dir")

    def begin(self, run: ReportedRun) -> None:
        """Open the file."""
        writer = need("tensorboard.summary.writer.event_file_writer", extra="tensorboard")
        self._step = run.step or 0
        self._at = self._folder / _curve(run)
        make_folder(self._at)
        self._writer = writer.EventFileWriter(str(self._at), filename_suffix=".proctor")

    def task(self, result: ReportedTask) -> None:
        """Write scores, and the worst samples as text."""
        protobuf = need("tensorboard.compat.proto.summary_pb2")
        self._add([protobuf.Summary.Value(tag=tag, simple_value=value) for tag, value in result.flat.items()])
        if result.table is not None:
            rows = [[str(cell) for cell in row] for row in result.table.rows[:MOST_SAMPLES]]
            text = markdown(result.table.columns, rows)
            count = f"{len(rows):,} of {counted(result.table.total, 'sample')}, the worst first"
            self._add([_text(f"{result.name}/samples", f"{count}\n\n{text}")])

    def end(self, run: ReportedRun) -> str:
        """Write the table of scores and the settings, and close."""
        settings = dumps(run.settings["cli_configs"], indent=2)
        block = "\n".join(f"    {line}" for line in settings.splitlines())
        table = markdown(SCORE_COLUMNS, score_rows(run.stored))
        self._add([_text("evaluation/eval_results", table), _text("evaluation/config", block)])
        self._close()
        return str(self._at)

    def abandon(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._close()

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        writer.close()

    def _add(self, values: list[Any]) -> None:
        if not values:
            return
        events, summaries = need("tensorboard.compat.proto.event_pb2"), need("tensorboard.compat.proto.summary_pb2")
        summary = summaries.Summary(value=values)
        self._writer.add_event(events.Event(wall_time=time.time(), step=self._step, summary=summary))


def _curve(run: ReportedRun) -> str:
    """The folder of a run: that of the model, without the number of a checkpoint."""
    name = run.name.rstrip("/")
    if run.step is not None and name.endswith(str(run.step)):
        name = name.removesuffix(str(run.step)).rstrip("-_=/.")
    return file_name(name.replace("/", "__").lstrip("._") or "model")


def _text(tag: str, text: str) -> Any:
    """A value of the text tab."""
    summaries = need("tensorboard.compat.proto.summary_pb2")
    tensors, types = need("tensorboard.compat.proto.tensor_pb2"), need("tensorboard.compat.proto.types_pb2")
    shapes = need("tensorboard.compat.proto.tensor_shape_pb2")
    data = summaries.SummaryMetadata.PluginData(plugin_name="text")
    size = shapes.TensorShapeProto(dim=[shapes.TensorShapeProto.Dim(size=1)])
    tensor = tensors.TensorProto(dtype=types.DT_STRING, string_val=[text.encode()], tensor_shape=size)
    return summaries.Summary.Value(tag=tag, metadata=summaries.SummaryMetadata(plugin_data=data), tensor=tensor)


def markdown(columns: tuple[str, ...], rows: Any) -> str:
    """A table of Markdown.

    Args:
        columns: Its heads.
        rows: Texts.
    """
    return "\n".join(_lines(columns, rows))


def _lines(columns: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;').replace(chr(10), '<br>') for cell in row)} |"
