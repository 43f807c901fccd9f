"""Send stored runs to a tracker of experiments or to the Hugging Face hub."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from proctor.cli.cache import add_store_flag
from proctor.cli.flags import add_setting_flags
from proctor.cli.stored_runs import add_runs, report_unread
from proctor.cli.values import Pairs, Words
from proctor.errors import UsageError, did_you_mean, printable
from proctor.reporters.kinds import KINDS

if TYPE_CHECKING:
    from proctor.reporters.base import Reporter
    from proctor.reporters.facts import ReportedRun
    from proctor.reporters.send import Destination

USAGE = "proctor push RUN [RUN ...] --to wandb|mlflow|trackio|tensorboard|hub|hf-eval-results [flags]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which runs, and where they go."""
    add_setting_flags(parser, "push")
    add_runs(parser, "All runs of a folder are sent")
    parser.add_argument(
        "--to", nargs="+", action=Words, required=True, metavar="KIND", help=f"where: {', '.join(KINDS)}"
    )
    parser.add_argument(
        "--hf_eval_results_args",
        nargs="+",
        action=Pairs,
        default={},
        metavar="KEY=VALUE",
        help="for hf-eval-results: repo_id=ORG/MODEL, dataset=ORG/NAME, task_id=NAME, metric=NAME, folder=CLONE",
    )
    parser.add_argument("--without_samples", action="store_true", default=False, help="send scores alone")
    parser.add_argument("--yes", action="store_true", default=False, help="send what is shown without asking")
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Check everything, then send; 1 if something did not arrive."""
    from proctor.errors import ProctorError
    from proctor.reporters.facts import ReportedRun
    from proctor.reporters.send import check_destination
    from proctor.results.open_runs import open_runs

    destinations = _destinations(namespace)
    opened = open_runs(namespace.runs, store=getattr(namespace, "store", None))
    report_unread(opened)
    runs = [ReportedRun(run) for run in opened.runs]
    jobs = [(to, run) for run in runs for to in (_complete(one, run, namespace) for one in destinations)]
    ready = [(to, check_destination(to, f"--to {to.name}"), run) for to, run in jobs]
    failed = 0
    for to, reporter, run in ready:
        try:
            _push(to, reporter, run, namespace)
        except UsageError:
            raise
        except ProctorError as error:
            failed += 1
            print(f"proctor: error: {printable(str(error))}", file=sys.stderr)
    return 1 if failed else 0


def _destinations(namespace: argparse.Namespace) -> list[Destination]:
    from proctor.reporters.send import destination
    from proctor.settings.config import check_values

    for name in namespace.to:
        if name not in KINDS:
            raise UsageError(
                f"--to {name}: there is no such place to send results to.",
                hint=did_you_mean(name, KINDS) or f"There are {', '.join(KINDS)}.",
            )
    flags = {kind.setting for kind in KINDS.values()} | {"wandb_config_args"}
    own = {"hf_eval_results_args": getattr(namespace, "hf_eval_results_args", {})}
    given = {key: value for key, value in vars(namespace).items() if key in flags and key not in own}
    settings: dict[str, Any] = {**{key: {} for key in flags}, **check_values(given), **own}
    unused = [name for name in given if not any(KINDS[to].setting == name for to in namespace.to)]
    if unused and not (unused == ["wandb_config_args"] and "wandb" in namespace.to):
        kind = next((name for name, kind in KINDS.items() if kind.setting == unused[0]), "wandb")
        raise UsageError(f"--{unused[0]} belongs to --to {kind}, and --to is {' '.join(namespace.to)}.")
    return [destination(name, SimpleNamespace(**settings)) for name in dict.fromkeys(namespace.to)]


def _complete(to: Destination, run: ReportedRun, namespace: argparse.Namespace) -> Destination:
    """What `push` implies: who sends a run to the hub wants its results there, and its samples if there are any."""
    if to.name != "hub":
        return to
    samples = run.has_samples and not namespace.without_samples
    return replace(to, arguments={"push_results_to_hub": True, "push_samples_to_hub": samples, **to.arguments})


def _push(to: Destination, reporter: Reporter, run: ReportedRun, namespace: argparse.Namespace) -> None:
    from proctor.reporters.base import ShownReporter
    from proctor.reporters.send import send

    if isinstance(reporter, ShownReporter):
        print(printable(reporter.preview(run)))
        if reporter.is_remote and not _is_agreed(namespace):
            print("Nothing was sent: --yes sends it.")
            return
    place = send(to, reporter, run, samples=not namespace.without_samples)
    print(f"{printable(run.name)}: {printable(place)}")
    if not run.has_samples and not namespace.without_samples:
        print("  It has no samples: the scores were sent alone.")


def _is_agreed(namespace: argparse.Namespace) -> bool:
    if namespace.yes:
        return True
    if not sys.stdin.isatty():
        return False
    return input("Send this? [y/N] ").strip().lower() in ("y", "yes")
