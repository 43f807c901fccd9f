"""The one ending of a run: check the place for results, run, write, note in the store, report what failed.

The command line, :func:`proctor.evaluate`, ``regrade`` and scripts that use lm-eval's
``EvaluationTracker`` all end here, so that none of them can lose what a run has cost:

- before anything is loaded or asked, the place for results is tried by writing there (:func:`check_output`);
- after the last response nothing raises because of a file: :class:`FinishedRun` holds the scores,
  and ``failure`` if a file could not be written. Results that could not be written where they were
  wanted are written to a new folder for temporary files, and the failure says so;
- a results file is complete or absent (:func:`proctor.results.files.write_results` renames it into place).

Invariant: whoever called for scores gets them, whatever happened to the files.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from proctor.errors import OutputError
from proctor.results.env import environment
from proctor.results.files import check_writable, save_run, stamp_of
from proctor.results.packed_samples import PARQUET, pack_run
from proctor.results.parquet_samples import check_pyarrow
from proctor.results.samples import Samples
from proctor.results.schema import experiment_facts, results_document
from proctor.run.command import command_note
from proctor.run.run_store import note_results, regradable_run
from proctor.run_result import RunResult
from proctor.settings.config import RunConfig

log = logging.getLogger("proctor")


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run whose files are written, or could not be.

    ``config``: the settings as they were. ``document``: the results file's content.
    ``failure``: what could not be written, and what to do about it.
    """

    config: RunConfig
    result: RunResult
    document: Mapping[str, Any]
    failure: OutputError | None = None

    @property
    def exit_code(self) -> int:
        """0, or 1 if a document could not be graded, the model gave NaN, or a file could not be written."""
        return 1 if self.result.failed or self.result.not_a_number or self.failure is not None else 0


def check_output(output_path: str | Path | None, config: RunConfig | None = None) -> None:
    """Try to write where results will go, before anything is loaded.

    Args:
        output_path: a folder or a ``.json`` file; None for a run that writes no files.
        config: the run's settings; with them the model's own folder is tried, too, if it exists.

    Raises:
        OutputError: results cannot be written there.
        MissingExtraError: samples are wanted as Parquet, and pyarrow is not installed.
    """
    if output_path is None:
        return
    if config is not None and config.log_samples == PARQUET:
        check_pyarrow()
    model = None if config is None else experiment_facts(config.model, config.model_args)["model_name_sanitized"]
    check_writable(output_path, model)


def complete_run(
    config: RunConfig, run: Callable[[Samples | None], RunResult], *, stream_samples: bool = False
) -> FinishedRun:
    """Check where results go, run, and write what came out.

    Args:
        config: the settings; ``output_path`` and ``log_samples`` say what is written and where.
        run: evaluates; it gets what takes the records of samples files, or None.
        stream_samples: write samples while they are graded, instead of from the result's records.

    Returns:
        The scores in any case, and what could not be written.

    Raises:
        OutputError: results cannot be written; nothing was asked.
    """
    check_output(config.output_path, config)
    samples = _open_samples(config) if stream_samples else None
    try:
        # BaseException, below: a run that is stopped by Ctrl-C has samples on the disk, and their place is to be said.
        result = run(samples)
    except BaseException:
        _close_samples(samples)
        raise
    try:
        return write_run(config, result, samples)
    except KeyboardInterrupt as stop:
        note_stop(stop, config, result, "the same command writes the results")
        raise


def note_stop(stop: KeyboardInterrupt, config: RunConfig, result: RunResult, what: str) -> None:
    """Say of a stop after the last response which command goes on, if that command finds the responses."""
    if regradable_run(config, result.started) is None:
        what = "the same command begins again"
    stop.add_note(command_note(what))


def write_run(config: RunConfig, result: RunResult, samples: Samples | None = None) -> FinishedRun:
    """Write the files of a run that is done, and note in the store where they are; nothing is raised for a file."""
    document = results_document(result, environment(started=result.started))
    if config.output_path is None:
        return FinishedRun(config, result, document)
    saved = save_run(result, document, config.output_path, log_samples=bool(config.log_samples), samples=samples)
    saved = pack_run(saved, config.log_samples)
    written, failure = saved.results, saved.failure
    if failure is not None:
        _close_samples(samples)
        if written is None:
            written, place = _write_elsewhere(
                result, document, with_samples=bool(config.log_samples) and samples is None
            )
            failure = OutputError(failure.message, hint=_lines(failure.hint, place))
        failure = OutputError(failure.message, hint=_lines(failure.hint, _remedy(config, result)))
    if written is not None:
        note_results(config, result.started, str(written))
        log.info("Results are in %s%s", written, ", samples beside it." if saved.samples else ".")
    output_error = None if failure is None else str(failure)
    result = replace(result, results_file=None if written is None else str(written), output_error=output_error)
    return FinishedRun(config, result, document, failure)


def _write_elsewhere(
    result: RunResult, document: Mapping[str, Any], *, with_samples: bool
) -> tuple[Path | None, str | None]:
    """Write to a new folder for temporary files; the results file, and a sentence that says where it is."""
    folder = _make_spare_folder()
    if folder is None:
        return None, None
    saved = save_run(result, document, folder, log_samples=with_samples)
    return saved.results, None if saved.results is None else f"The results are in {saved.results} instead."


def write_for_script(write: Callable[[str], object], output_path: str) -> None:
    """Write a file for a script of lm-eval, by ``write(output_path)``; a failure is an error in the log.

    lm-eval: a script has its scores already, and goes on.
    """
    try:
        write(output_path)
    except OutputError as failure:
        log.error("%s", failure)
        folder = _make_spare_folder()
        if folder is not None:
            with suppress(OutputError):
                write(folder)
                log.error("It is in a folder below %s instead.", folder)


def _make_spare_folder() -> str | None:
    """A new folder for temporary files; None where none can be made."""
    try:
        return tempfile.mkdtemp(prefix="proctor-results-")
    except OSError:
        return None


def _remedy(config: RunConfig, result: RunResult) -> str | None:
    """How to get the files without asking the model again."""
    number = regradable_run(config, result.started)
    if number is None:
        return None
    form = config.log_samples
    samples = f" --log_samples{f' {form}' if isinstance(form, str) else ''}" if form else ""
    return f"The responses are stored: 'proctor regrade {number} --output_path FOLDER{samples}' writes the files."


def _lines(*sentences: str | None) -> str | None:
    return "\n  ".join(sentence for sentence in sentences if sentence) or None


def _open_samples(config: RunConfig) -> Samples | None:
    """What takes the records of samples files while the run goes on, if they are wanted."""
    if not config.log_samples or config.output_path is None:
        return None
    return Samples(config.output_path, stamp_of(datetime.now()))


def _close_samples(samples: Samples | None) -> None:
    """After a run without its end, or samples that could not be renamed: say where the unfinished files are."""
    if samples is not None:
        samples.close()
        for file in samples.unfinished():
            log.warning("The samples until then are in %s", file)
