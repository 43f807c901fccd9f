"""The reporters of a run: checked before it, used after it; what does not arrive is a warning with a command."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proctor.errors import UsageError

if TYPE_CHECKING:
    from proctor.reporters.base import Reporter
    from proctor.reporters.send import Destination
    from proctor.results.stored_run import StoredRun
    from proctor.run.finish import FinishedRun
    from proctor.settings.config import RunConfig

log = logging.getLogger("proctor")

_SETTINGS = (
    "wandb_args",
    "wandb_config_args",
    "trackio_args",
    "hf_hub_log_args",
    "mlflow_args",
    "tensorboard_dir",
)


@dataclass(frozen=True, slots=True)
class ReadyReporter:
    """A reporter that was checked, and where it sends to."""

    to: Destination
    reporter: Reporter


def prepare_reporters(config: RunConfig) -> Sequence[ReadyReporter]:
    """Everything about reporters that can be wrong before a run; without any, nothing is imported.

    Args:
        config: The run's settings.

    Raises:
        ProctorError: Results could not arrive.
    """
    if not any(getattr(config, name) for name in _SETTINGS):
        return ()
    from proctor.reporters.send import check_destination, destinations

    if str(config.hf_hub_log_args.get("push_samples_to_hub") or "").lower() == "true" and not config.log_samples:
        raise UsageError(
            "--hf_hub_log_args: push_samples_to_hub needs samples: add --log_samples --output_path FOLDER."
        )
    return tuple(ReadyReporter(to, check_destination(to)) for to in destinations(config))


def send_results(reporters: Sequence[ReadyReporter], finished: FinishedRun) -> bool:
    """Send the results of a run; scores and files are there already, whatever happens here.

    Args:
        reporters: Where they go.
        finished: The run.

    Returns:
        Whether they arrived everywhere.
    """
    if not reporters:
        return True
    from proctor.errors import ProctorError
    from proctor.reporters.facts import ReportedRun
    from proctor.reporters.send import send

    arrived = True
    for one in reporters:
        try:
            run = ReportedRun(_stored_run(finished))
            place = send(one.to, one.reporter, run)
            log.info("The results are at %s%s.", place, "" if run.has_samples else ", without samples: --log_samples "
                     "--output_path FOLDER writes these")  # fmt: skip
        except ProctorError as error:
            arrived = False
            hint = f"\n  {error.hint}" if error.hint else ""
            log.warning("%s%s\n  Later: %s", error.message, hint, push_command(one.to, finished))
    return arrived


def _stored_run(finished: FinishedRun) -> StoredRun:
    """The run as its files have it; without files its scores alone."""
    from proctor.results.open_runs import open_path
    from proctor.results.stored_run import StoredRun

    file = finished.result.results_file
    if file is not None:
        return open_path(file).runs[0]
    return StoredRun(str(finished.document.get("model_name") or "model"), "this run", "", finished.document, {})


def push_command(to: Destination, finished: FinishedRun) -> str:
    """The command that sends the results later, without secrets.

    Args:
        to: Where.
        finished: The run.
    """
    from proctor.run.run_store import regradable_run

    first, source = "", finished.result.results_file
    if source is None:
        number = regradable_run(finished.config, finished.result.started)
        if number is None:
            return "the same command with --output_path FOLDER, then 'proctor push FOLDER'"
        first, source = f"proctor regrade {number} --output_path FOLDER && ", "FOLDER"
    words = ["proctor", "push", source, "--to", to.name, *_flags(to, finished.config)]
    return first + shlex.join(words)


def _flags(to: Destination, config: RunConfig) -> Iterator[str]:
    from proctor.results.redact import redact

    names = [to.kind.setting, *(["wandb_config_args"] if to.name == "wandb" else [])]
    for name in names:
        value: Any = getattr(config, name)
        if isinstance(value, Mapping) and value:
            shown = redact(value)
            pairs = [
                f"{key}={shown[key]}" for key, one in value.items() if shown[key] == one or _is_address(shown[key])
            ]
            yield from ((f"--{name}", ",".join(pairs)) if pairs else ())
        elif value:
            yield from (f"--{name}", str(value))


def _is_address(value: Any) -> bool:
    """Whether a value is an address, which is needed even where its password is hidden."""
    return isinstance(value, str) and "://" in value
