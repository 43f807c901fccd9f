"""Try a server before a run: is it there, does it know the model, and how can continuations be scored?"""

from __future__ import annotations

import argparse

from proctor.cli.flags import add_setting_flags
from proctor.errors import UsageError, printable

USAGE = "proctor doctor --model KIND --model_args KEY=VALUE,..."
_MARKS = {"passed": "ok", "failed": "FAILED", "skipped": "-"}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The model and the file of the environment, as ``run`` has them."""
    add_setting_flags(parser, "doctor")


def execute(namespace: argparse.Namespace) -> int:
    """Try, and say what came of it; 1 where something that a run needs has failed."""
    from proctor.cli.run import read_config

    config = read_config(vars(namespace), needs_tasks=False)

    from proctor.models import model_kind
    from proctor.models.protocols import CheckableModel
    from proctor.run.model import open_configured

    model = None if model_kind(config.model).computes_here else open_configured(config, lazily=True)
    if not isinstance(model, CheckableModel):
        raise UsageError(
            f"'{config.model}' runs within proctor: there is no server to try.",
            hint="proctor preview --plan shows how a run would score.",
        )
    checks = model.check()
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{check.name:<{width}}  {_MARKS[check.state]:<6}  {printable(check.detail)}")
        if check.remedy:
            print(f"{'':<{width}}  {'':<6}  -> {printable(check.remedy)}")
    decisive = [check for check in checks if check.name in ("scoring", "text")]
    return int(any(check.state == "failed" for check in decisive))
