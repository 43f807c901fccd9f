#!/usr/bin/env python3
"""How much less scoring costs than with lm-eval, cell by cell: a case (tasks, shots) on a model.

    make bench
    .venv/bin/python bench/scoring.py --peer-python PEER/bin/python --cases mmlu hellaswag --models 15m
    .venv/bin/python bench/scoring.py report

Both programs run in turn as whole processes, through their own command lines, on the same model
(random weights, built on first use), data and number of threads. Measured inside each process:
CPU and wall seconds of the call that answers requests (tokenising included), the tokens that pass
the model, peak memory. Compared: every log-probability, prediction and text. CPU seconds are what
counts: they hold on a machine with other work, to about a quarter.

Data comes from hub/ in $PROCTOR_SHARED (else ../shared); without it, or with --stand-in, it is
generated. Each cell is a file in bench/results/; ``report`` writes the table and the chart of
docs/performance.md from these files and runs nothing.

Exit status: 0, or 1 where predictions changed, scores are further apart than --tolerance or proctor
was slower, or 2 where a program failed or could not be started.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from side_by_side.cases import CASES, SHAPES, Case, Shape
from side_by_side.cell import Setting, measure
from side_by_side.report import read_cells, write_report

from peer import ROOT, Failed, peer_python  # isort: skip

RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the chosen cells, or write the report."""
    options = parser().parse_args(argv)
    if options.list:
        print(listing())
        return 0
    try:
        if options.verb == "report":
            return report(options.results)
        return measure_cells(cells(options), setting(options), options)
    except Failed as failure:
        print(f"scoring: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    found.add_argument("verb", nargs="?", choices=("run", "report"), default="run")
    found.add_argument("--cases", nargs="+", metavar="CASE", help="only these; --list shows them")
    found.add_argument("--models", nargs="+", metavar="MODEL", help=f"of {', '.join(SHAPES)}; default: 15m")
    found.add_argument("--limit", type=int, metavar="N", help="documents a task; default: by case and model")
    found.add_argument("--list", action="store_true", help="list cases with their documents a task")
    found.add_argument("--threads", default="1", help="a number, or 'all' (1)")
    found.add_argument("--repeats", type=int, default=1, help="runs of each program; medians count (1)")
    found.add_argument("--batch-size", default="8", help="lm-eval's, and both programs' where they generate (8)")
    found.add_argument("--proctor-batch-size", default="auto", help="proctor's where it scores (auto)")
    found.add_argument("--proctor-args", default="", metavar="K=V,...", help="more --model_args for proctor alone")
    found.add_argument("--gen-tokens", type=int, default=128, help="tokens to generate (128)")
    found.add_argument("--peer-python", metavar="PATH", help="a Python that has lm_eval 0.4.13 ($PEER_PYTHON)")
    found.add_argument("--stand-in", action="store_true", help="generated data even where real data is there")
    found.add_argument("--work", type=Path, default=work_folder(), help="where models, data and logs are kept")
    found.add_argument("--results", type=Path, default=RESULTS, help="where a cell's file is written or read")
    found.add_argument("--tolerance", type=float, default=1e-4, help="largest difference of a log-probability (1e-4)")
    return found


def work_folder() -> Path:
    """A cache of the user's: models are large."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "proctor-bench"


def setting(options: argparse.Namespace) -> Setting:
    """What holds for all cells."""
    return Setting(
        peer=peer_python(options.peer_python),
        work=options.work.absolute(),
        threads=threads(options.threads),
        batch_size=options.batch_size,
        own_batch_size=options.proctor_batch_size,
        own_arguments=options.proctor_args,
        gen_tokens=options.gen_tokens,
        repeats=max(1, options.repeats),
        stand_in=options.stand_in,
    )


def threads(text: str) -> int:
    """A number of threads; ``all``: as many as this process may use."""
    if text == "all":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise Failed(f"--threads {text}: it must be a number of at least 1, or 'all'.")
    return int(text)


def pick(names: Sequence[str] | None, known: Mapping[str, Any], default: Iterable[str], what: str) -> list[Any]:
    """The values of these names, in the order given."""
    unknown = [name for name in names or () if name not in known]
    if unknown:
        raise Failed(f"there is no {what} {', '.join(unknown)}; there are {', '.join(known)}.")
    return [known[name] for name in names or default]


def cells(options: argparse.Namespace) -> list[tuple[Case, Shape]]:
    """Every chosen case on every chosen model."""
    usual = [name for name, case in CASES.items() if not case.only_named]
    chosen = pick(options.cases, CASES, usual, "case")
    return [(case, shape) for shape in pick(options.models, SHAPES, ["15m"], "model") for case in chosen]


def listing() -> str:
    """Cases and their documents a task for each model."""
    lines = [f"{'case':14}{''.join(f'{name:>10}' for name in SHAPES)}  tasks"]
    for case in CASES.values():
        counts = "".join(f"{case.documents(name):>10}" for name in SHAPES)
        lines.append(f"{case.name:14}{counts}  {', '.join(case.tasks)}{' (only by name)' if case.only_named else ''}")
    return "\n".join(lines)


def measure_cells(chosen: Sequence[tuple[Case, Shape]], common: Setting, options: argparse.Namespace) -> int:
    """Measure each cell, write its file and print its line; the worst outcome is the exit status."""
    status = 0
    print(HEADER, flush=True)
    options.results.mkdir(parents=True, exist_ok=True)
    for case, shape in chosen:
        try:
            cell = measure(case, shape, common, limit=options.limit)
        except Failed as failure:
            print(f"{case.name} on {shape.name}: {failure}", file=sys.stderr, flush=True)
            status = 2
            continue
        name = f"{case.name}-{shape.name}-{common.threads}t.json"
        (options.results / name).write_text(json.dumps(cell, indent=1) + "\n", encoding="utf-8")
        print(line(cell), flush=True)
        status = max(status, 0 if holds(cell, options.tolerance) else 1)
    return status


COLUMNS = ("ratio", "lm-eval s", "proctor s", "wall", "memory", "tok/node", "of limit", "apart", "changed", "mode")
HEADER = f"{'case':14}{'model':>9}" + "".join(f"{column:>11}" for column in COLUMNS)


def line(cell: Mapping[str, Any]) -> str:
    """One cell as a line of the table on the terminal."""
    theirs, ours = cell["runs"]["lm-eval"][-1], cell["runs"]["proctor"][-1]
    ratios, apart = cell["ratios"], cell["difference"]
    nodes, limit = cell.get("tokens_over_nodes"), cell.get("fraction_of_limit")
    values = (
        f"{ratios['scoring_cpu']:.1f}x",
        f"{theirs['scoring_cpu']:.1f}",
        f"{ours['scoring_cpu']:.1f}",
        f"{ratios['process_wall']:.1f}x",
        f"{ratios['peak_bytes']:.1f}x",
        f"{nodes['proctor']:.3f}" if nodes else "-",
        f"{limit:.0%}" if limit is not None else "-",
        f"{apart['largest']:.0e}",
        f"{apart['changed']}/{apart['documents']}",
        str(ours["report"].get("mode", "-")),
    )
    return f"{cell['case']:14}{cell['model']['name']:>9}" + "".join(f"{value:>11}" for value in values)


def holds(cell: Mapping[str, Any], tolerance: float) -> bool:
    """Nothing changed, nothing is missing, and lm-eval was not faster."""
    apart = cell["difference"]
    equal = apart["changed"] == apart["near_ties"] and not apart["missing"] and apart["documents"] > 0
    return equal and apart["largest"] <= tolerance and cell["ratios"]["scoring_cpu"] >= 1


def report(folder: Path) -> int:
    """Write the generated part of the page and its chart."""
    found = read_cells(folder)
    if not found:
        raise Failed(f"there are no results in {folder}; measure first.")
    for path in write_report(found, PAGE):
        print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
