#!/usr/bin/env python3
"""The cells of bench/scoring.py on a GPU: Llamas of 1B and 8B shape with random weights in bfloat16.

    .venv/bin/python bench/gpu.py --peer-python PEER/bin/python
    .venv/bin/python bench/gpu.py --peer-python PEER/bin/python --models 8b --cases mmlu hellaswag

What it needs: one CUDA device (a 1B model takes about 2.5 GB of its memory and an 8B model 16 GB,
besides batches), as much disk below --work for the weights, and two environments with a torch that
sees the device: proctor[hf] and lm_eval[hf] 0.4.13. Nothing is downloaded; data and tokenizer come
from $PROCTOR_SHARED (else ../shared), and are generated where that is absent.

It prints, and writes to bench/results/: wall seconds of the call that answers requests (a GPU's
work is no CPU time), the ratio lm-eval over proctor, input tokens answered a second (each
program's time over the same tokens, shared or not), how large a part of the device's measured
bfloat16 matrix rate the least possible operations would be, and how far scores are apart. Both
take the softmax in the model's dtype, as lm-eval does, so differences of some tenths of a nat
are bfloat16's own; --softmax-dtype float32 gives proctor the better one. ``bench/scoring.py
report`` puts these cells into docs/performance.md as a table of their own.

lm-eval's batch size is 'auto' unless told: its own search for the largest that fits is then part
of its time, as it is for its users; --batch-size 32 is a fairer guess for short prompts.

Exit status: 0, or 2 where a program failed or there is no device.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scoring import RESULTS, pick, work_folder
from side_by_side.cases import CASES, GPU_SHAPES, Case
from side_by_side.cell import Setting, measure

from peer import Failed, peer_python  # isort: skip

DEFAULT_CASES = ("mmlu", "hellaswag", "hellaswag-10", "arc-25", "winogrande", "lambada", "gsm8k")
COLUMNS = ("ratio", "lm-eval s", "proctor s", "lm-eval tok/s", "proctor tok/s", "of rate", "apart", "changed", "mode")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure every chosen cell."""
    options = parser().parse_args(argv)
    try:
        common = setting(options)
        check_device(common.device)
        cases = pick(options.cases, CASES, DEFAULT_CASES, "case")
        shapes = pick(options.models, GPU_SHAPES, GPU_SHAPES, "model")
    except Failed as failure:
        print(f"gpu: {failure}", file=sys.stderr)
        return 2
    print(f"{'case':14}{'model':>6}" + "".join(f"{column:>15}" for column in COLUMNS), flush=True)
    outcomes = [measure_cell(case, shape, common, options) for shape in shapes for case in cases]
    return max(outcomes)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    found.add_argument("--cases", nargs="+", metavar="CASE", help=f"default: {' '.join(DEFAULT_CASES)}")
    found.add_argument("--models", nargs="+", metavar="MODEL", help=f"of {', '.join(GPU_SHAPES)}; default: all")
    found.add_argument("--limit", type=int, metavar="N", help="documents a task; default: by case and model")
    found.add_argument("--device", default="cuda:0")
    found.add_argument("--threads", type=int, default=8, help="CPU threads of each program (8)")
    found.add_argument("--repeats", type=int, default=1, help="runs of each program; medians count (1)")
    found.add_argument("--batch-size", default="auto", help="lm-eval's (auto); for generation use a number")
    found.add_argument("--proctor-batch-size", default="auto", help="proctor's where it scores (auto)")
    found.add_argument("--softmax-dtype", default="", help="proctor's softmax; default: the model's dtype, as lm-eval")
    found.add_argument("--gen-tokens", type=int, default=128, help="tokens to generate (128)")
    found.add_argument("--peer-python", metavar="PATH", help="a Python that has lm_eval 0.4.13 ($PEER_PYTHON)")
    found.add_argument("--stand-in", action="store_true", help="generated data even where real data is there")
    found.add_argument("--work", type=Path, default=work_folder(), help="where models, data and logs are kept")
    found.add_argument("--results", type=Path, default=RESULTS, help="where a cell's file is written")
    return found


def setting(options: argparse.Namespace) -> Setting:
    """What holds for all cells."""
    return Setting(
        peer=peer_python(options.peer_python),
        work=options.work.absolute(),
        threads=options.threads,
        device=options.device,
        batch_size=options.batch_size,
        own_batch_size=options.proctor_batch_size,
        own_arguments=f"softmax_dtype={options.softmax_dtype}" if options.softmax_dtype else "",
        gen_tokens=options.gen_tokens,
        repeats=max(1, options.repeats),
        stand_in=options.stand_in,
    )


def check_device(device: str) -> None:
    """Fail before anything is built; torch is asked in a process of its own, so that none stays in this one."""
    code = f"import torch; torch.zeros(1, device={device!r})"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if asked.returncode:
        reason = (asked.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Failed(f"torch cannot use the device {device}: {reason}")


def measure_cell(case: Case, shape: Any, common: Setting, options: argparse.Namespace) -> int:
    """Measure one cell, write its file and print its line; the exit status."""
    try:
        cell = measure(case, shape, common, limit=options.limit)
    except Failed as failure:
        print(f"{case.name} on {shape.name}: {failure}", file=sys.stderr, flush=True)
        return 2
    options.results.mkdir(parents=True, exist_ok=True)
    file = options.results / f"{case.name}-{shape.name}-{common.device.partition(':')[0]}.json"
    file.write_text(json.dumps(cell, indent=1) + "\n", encoding="utf-8")
    print(line(cell), flush=True)
    return 0


def line(cell: Mapping[str, Any]) -> str:
    """One cell as a line of the table on the terminal."""
    theirs, ours = (cell["runs"][program][-1] for program in ("lm-eval", "proctor"))
    # The same tokens for both: what the inputs have without sharing.
    tokens = ours["trie"]["flat"] if "trie" in ours else None
    limit, apart = cell.get("fraction_of_limit"), cell["difference"]
    values = (
        f"{cell['ratios']['scoring_wall']:.1f}x",
        f"{theirs['scoring_wall']:.1f}",
        f"{ours['scoring_wall']:.1f}",
        f"{tokens / theirs['scoring_wall']:,.0f}" if tokens else "-",
        f"{tokens / ours['scoring_wall']:,.0f}" if tokens else "-",
        f"{limit:.0%}" if limit is not None else "-",
        f"{apart['largest']:.2f}",
        f"{apart['changed']}/{apart['documents']}",
        str(ours["report"].get("mode", "-")),
    )
    return f"{cell['case']:14}{cell['model']['name']:>6}" + "".join(f"{value:>15}" for value in values)


if __name__ == "__main__":
    raise SystemExit(main())
