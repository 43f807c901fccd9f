"""Compare runs on the documents that they have in common: differences, intervals, tests, verdicts."""

from __future__ import annotations

import argparse
import json
import math
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from proctor.cli.cache import add_store_flag
from proctor.cli.stored_runs import add_analysis_flags, add_runs, one_run, refuse_own_files, report_unread
from proctor.cli.values import Words
from proctor.errors import UsageError, printable

if TYPE_CHECKING:
    from proctor.analysis.comparison import Comparison, PairComparison
    from proctor.results.stored_run import StoredRun

USAGE = "proctor compare A B [C ...] [--metric NAME] [--margin M] [--cluster COLUMN] [--flips N] [--json | --markdown]"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Which runs, and how they are compared."""
    add_runs(parser, "B is compared with A; of three or more, all pairs. One folder alone: all runs in it")
    add_analysis_flags(parser)
    parser.add_argument("--by", metavar="COLUMN", help="also differences by the values of this column of the documents")
    parser.add_argument(
        "--pair_tasks",
        nargs="+",
        action=Words,
        metavar="A=B",
        help="tasks of different names that hold the same documents, as 'mmlu_*=mmlu_continuation_*'; auto: names that "
        "differ by a formulation alone (default); none. With one run: its tasks with each other",
    )
    parser.add_argument("--margin", type=float, metavar="M", help="a difference that does not matter, as in 0.01")
    parser.add_argument(
        "--correction",
        choices=("holm", "bh", "by", "none"),
        default="holm",
        help="of p-values for the number of tests (default: holm)",
    )
    parser.add_argument(
        "--interval",
        choices=("formula", "bootstrap"),
        default="formula",
        help="of means: by formula, or percentiles of 1,000 resamples (default: formula)",
    )
    parser.add_argument("--by_number", action="store_true", help="pair documents by number, whatever they hold")
    parser.add_argument("--flips", type=int, default=0, metavar="N", help="show N documents that changed sides")
    parser.add_argument("--html", metavar="FILE", help="also write the comparison as a page, with every document")
    add_store_flag(parser)


def execute(namespace: argparse.Namespace) -> int:
    """Compare, and print; a difference is no error, so the exit code is 0."""
    from proctor.analysis.compare import compare_runs
    from proctor.analysis.comparison import CompareOptions

    if namespace.flips < 0:
        raise UsageError(f"--flips {namespace.flips}: it is a number of documents, 0 or more.")
    if namespace.margin is not None and not 0 < namespace.margin < math.inf:
        raise UsageError(f"--margin {namespace.margin}: it must be above 0, as in 0.01.")
    options = CompareOptions(
        metric=namespace.metric,
        tasks=tuple(namespace.tasks or ()),
        correction=namespace.correction,
        cluster=namespace.cluster,
        margin=namespace.margin,
        by_number=namespace.by_number,
        interval=namespace.interval,
        by=namespace.by,
        pair_tasks=tuple(namespace.pair_tasks or ("auto",)),
    )
    if namespace.html is not None and not namespace.html.strip():
        raise UsageError("--html is empty; it must be the path of a file.")
    runs = _runs(namespace)
    refuse_own_files(namespace.html, runs)
    comparison = compare_runs(runs, options)
    page = _page(comparison, namespace) if namespace.html else None
    if namespace.json:
        from proctor.analysis.compare_document import comparison_document

        print(json.dumps(comparison_document(comparison), ensure_ascii=False, indent=2))
        return 0
    print("\n".join([*_lines(comparison, namespace), *(["", page] if page else [])]))
    return 0


def _page(comparison: Comparison, namespace: argparse.Namespace) -> str:
    """Write the comparison as a page; the line that says where."""
    from proctor.cli.report import save_page
    from proctor.html_report.facts import ReportOptions
    from proctor.html_report.report import make_report

    words = ["proctor", "report", *map(str, namespace.runs), "-o", namespace.html]
    options = ReportOptions(by=namespace.by, command=" ".join(map(shlex.quote, words)))
    said = save_page(namespace.html, make_report(comparison.runs, options, comparison=comparison))
    flips = any(map(_has_flips, comparison.pairs))
    return f"{said}; documents that changed sides: {printable(namespace.html)}#f=disagree" if flips else said


def _runs(namespace: argparse.Namespace) -> Sequence[StoredRun]:
    """One run for each argument; of one folder alone, all that are in it."""
    from proctor.results.open_runs import open_path

    if len(namespace.runs) > 1:
        return [one_run(path, namespace.store) for path in namespace.runs]
    opened = open_path(namespace.runs[0], store=namespace.store)
    report_unread(opened)
    if len(opened.runs) == 1 and namespace.pair_tasks not in (None, ["auto"], ["none"]):
        return [opened.runs[0]] * 2
    if len(opened.runs) < 2:
        raise UsageError(
            f"There is one run at {namespace.runs[0]!r}, and a comparison takes two.", hint="proctor compare A B"
        )
    return opened.runs


def _lines(comparison: Comparison, namespace: argparse.Namespace) -> list[str]:
    from proctor.cli.compare_tables import heading, matrix_lines, pair_lines

    lines = heading(comparison, markdown=namespace.markdown)
    if len(comparison.runs) > 2:
        return [*lines, *matrix_lines(comparison, markdown=namespace.markdown)]
    (pair,) = comparison.pairs
    lines += pair_lines(pair, comparison, markdown=namespace.markdown)
    if namespace.flips:
        lines += _flips(comparison, pair, namespace.flips)
    elif _has_flips(pair) and not namespace.markdown:
        page = "" if namespace.html else "; as a page: --html compare.html"
        lines += ["", f"Documents that changed sides: {_flips_command(namespace)}{page}"]
    return lines


def _has_flips(pair: PairComparison) -> bool:
    return any(one.counts and one.counts.only_a + one.counts.only_b for one in pair.tasks)


def _flips_command(namespace: argparse.Namespace) -> str:
    """The same comparison with the documents that changed sides: flags that choose or pair documents stay."""
    words = ["proctor", "compare", *namespace.runs]
    words += ["--metric", namespace.metric] if namespace.metric else []
    words += ["--tasks", *namespace.tasks] if namespace.tasks else []
    words += ["--pair_tasks", *namespace.pair_tasks] if namespace.pair_tasks else []
    words += ["--by_number"] if namespace.by_number else []
    words += ["--store", namespace.store] if namespace.store else []
    return printable(shlex.join([*words, "--flips", "20"]))


def _flips(comparison: Comparison, pair: PairComparison, most: int) -> list[str]:
    from proctor.analysis.flips import find_flips
    from proctor.cli.compare_tables import flip_lines

    flips, count = find_flips((comparison.runs[0], comparison.runs[1]), pair, most)
    return ["", *flip_lines(flips, count)]
