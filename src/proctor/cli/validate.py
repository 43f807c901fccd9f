"""Check task files: all errors of all files at once, each with its line."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.cli.flags import add_validate_flags as add_flags
from proctor.errors import printable
from proctor.secrets import redact_text

if TYPE_CHECKING:
    from proctor.errors import Finding
    from proctor.validate import ValidationReport

__all__ = ["add_flags", "execute"]

USAGE = "proctor validate [--tasks TASK[,...]] [--include_path FOLDER] [--no_data] [--run_task_code]"


def execute(namespace: argparse.Namespace) -> int:
    """Print what is wrong; 1 if anything is."""
    from proctor.cli.run import read_config

    given = vars(namespace)
    no_data = bool(given.pop("no_data", False))
    run_code = bool(given.pop("run_task_code", False))
    config = read_config(given, needs_tasks=False)

    from proctor.run.progress import open_progress
    from proctor.validate import validate

    if config.tasks:
        print(f"Validating tasks: {list(config.tasks)}")
    verdict = validate(
        config.tasks,
        config.include_path,
        with_data=not no_data,
        run_code=run_code,
        metadata=config.metadata,
        progress=open_progress,
    )
    _print(verdict, with_data=not no_data)
    return 1 if verdict.errors else 0


def _print(verdict: ValidationReport, *, with_data: bool) -> None:
    for title, errors in (("Notes", verdict.notes), ("Errors", verdict.errors)):
        if errors:
            print(f"\n{title}:")
            _print_by_file(errors)
    print()
    if not verdict.errors:
        print("All tasks found and valid" if not verdict.unrun else "All tasks found; no errors in what was checked")
    counts = [_count(verdict.tasks, "task"), _count(verdict.groups, "group")]
    counts.append(_count(verdict.documents, "document") if with_data else "no data read")
    totals = f"{_count(len(verdict.errors), 'error')}, {_count(len(verdict.notes), 'note')}"
    if verdict.unrun:
        whose = "1 task has" if verdict.unrun == 1 else f"{verdict.unrun:,} tasks have"
        print(f"{whose} Python functions, which were not run: --run_task_code runs them and checks their results.")
    print(f"{totals} in {', '.join(counts)} ({verdict.seconds:.1f} s)")


def _print_by_file(errors: Sequence[Finding]) -> None:
    for file, of_file in groupby(errors, key=lambda finding: finding.file):
        print()
        _print_errors(_shown(file) if file else "", of_file)


def _print_errors(file: str, errors: Iterable[Finding]) -> None:
    for finding in errors:
        place = f"{file}:{finding.line}: " if finding.line else f"{file}: " if file else ""
        print(printable(redact_text(f"{place}{finding.message}")))
        for line in (finding.hint or "").splitlines():
            print(printable(redact_text(f"    {line.strip()}")))


def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
