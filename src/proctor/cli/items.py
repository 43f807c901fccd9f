"""Look at the items of runs: how hard they are, and which should be read again (doubtful golds, duplicates)."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from proctor.cli.cache import add_store_flag
from proctor.cli.stored_runs import add_output, one_run, refuse_own_files
from proctor.cli.values import Words

if TYPE_CHECKING:
    from proctor.analysis.run_items import ItemReport, RunItems

USAGE = "proctor items RUN [RUN ...] [--tasks NAME ...] [--output FILE] [--show N] [--json]"

WIDEST = 60
"""Characters of a question in the table."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which runs, and what is written."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="RUN",
        help="results files, samples files, folders, archives or numbers of 'proctor runs', of proctor or lm-eval",
    )
    parser.add_argument("--tasks", nargs="+", action=Words, metavar="NAME", help="only these tasks")
    add_output(parser, "write every item as a line of JSON")
    parser.add_argument("--show", type=int, default=20, metavar="N", help="how many flagged items are shown (20)")
    parser.add_argument("--json", action="store_true", help="print the flagged items as JSON")
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Look, print and write; a flag is a request to look, so the exit code is 0."""
    from proctor.analysis.run_items import item_document, run_items
    from proctor.errors import OutputError, UsageError

    if namespace.show < 0:
        raise UsageError(f"--show {namespace.show}: it is a number of items, 0 or more.")
    if namespace.output is not None and not namespace.output.strip():
        raise UsageError("--output is empty; it must be the path of a file.")
    runs = [one_run(path, namespace.store) for path in namespace.runs]
    refuse_own_files(namespace.output, runs)
    found = run_items(runs, namespace.tasks)
    if namespace.output:
        lines = [json.dumps(item_document(item, found.models), ensure_ascii=False) for item in found.items]
        try:
            Path(namespace.output).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise OutputError(
                f"The items cannot be written to {namespace.output}: {reason}.", hint="Name another --output."
            ) from error
    if namespace.json:
        print(json.dumps([item_document(item, found.models) for item in found.flagged], ensure_ascii=False, indent=2))
        return 0
    print("\n".join(item_lines(found, namespace.show)))
    return 0


def item_lines(found: RunItems, most: int) -> list[str]:
    """What was found, as text.

    Args:
        found: The items.
        most: How many flagged ones are shown.
    """
    from proctor.cli.text_tables import aligned_table
    from proctor.errors import printable
    from proctor.plurals import counted

    counts = Counter(flag for item in found.items for flag in item.flags)
    names = ", ".join(model for model in found.models if model)
    head = f"{counted(len(found.items), 'item')} under {counted(len(found.models), 'model')}"
    lines = [f"{head}: {printable(names)}" if names else head]
    lines += [f"  {count:,} {flag.replace('_', ' ')}" for flag, count in sorted(counts.items())]
    if not counts:
        lines.append("  nothing flagged")
    lines += [
        f"  {counted(count, 'item')} of {task} left out: not in every run" for task, count in found.left_out.items()
    ]
    if found.without_choices:
        lines.append(f"  no choices among options: {', '.join(found.without_choices)}")
    if found.doubts_nothing:
        lines.append("  no gold is doubted: that takes four models above chance")
    if found.few_models:
        few = counted(len(found.models), "model")
        lines.append(f"  discrimination of {few} is mostly noise; with eight or more models it means something")
    shown = found.flagged[:most]
    if shown:
        headers = ("task", "doc", "flags", "right", "discr.", "gold", "chosen", "question")
        lines += ["", aligned_table(headers, [_row(item) for item in shown], left=(0, 2, 5, 6, 7))]
        if len(found.flagged) > len(shown):
            lines.append(f"... and {len(found.flagged) - len(shown):,} more (--show, --output)")
    return lines


def _row(item: ItemReport) -> list[str]:
    gold = ", ".join([_option(item, place) for place in item.golds])
    chosen = "" if item.check is None else _option(item, item.check.plurality)
    question = " ".join(item.question.split())
    return [
        item.task,
        str(item.doc_id),
        ", ".join(item.flags),
        f"{item.difficulty:.2f}",
        "" if item.discrimination is None else f"{item.discrimination:+.2f}",
        gold,
        chosen,
        question if len(question) <= WIDEST else f"{question[:WIDEST]}...",
    ]


def _option(item: ItemReport, place: int) -> str:
    text = item.options[place] if 0 <= place < len(item.options) else ""
    return f"{place + 1} {text[:16]}".strip()
