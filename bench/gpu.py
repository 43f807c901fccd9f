#!/usr/bin/env python3
"""What scoring costs on a GPU, beside lm-eval's: Llamas of 1B and 8B shape with random weights in bfloat16.

    .venv/bin/python bench/gpu.py                      on the first CUDA device, in about ten minutes
    .venv/bin/python bench/gpu.py --real MODEL_FOLDER  a checkpoint of this machine instead
    .venv/bin/python bench/gpu.py --device cpu --tiny  the same code on a tiny shape: does it run?
    .venv/bin/python bench/gpu.py report               the table of docs/performance.md, from the files alone

It needs torch, transformers and proctor, and lm_eval 0.4.13 with accelerate to compare with (without them, proctor is
measured alone). Nothing is downloaded: weights are made on the device, the tokenizer is trained on generated
sentences, and documents are generated with the lengths of the real ones. ``tools/pack_gpu_bench.py`` makes a folder
with all of it for a machine without a network. An 8B model takes 16 GB of the device's memory, besides batches.

First the device's rate at products of bfloat16 matrices is measured. Then, cell by cell, both programs answer the same
requests on the same module, and proctor the same again to see what its sharing changes. Each cell is written to a file
when it is done; a second call measures what is missing (--again: everything). In a cell:

  seconds       wall clock of the call that answers requests: tokenising, planning and probes included
  tokens        that pass the model's input embedding
  of rate       least operations over seconds, as a part of the measured rate. Operations: 2 a parameter and token and
                4 x layers x width a token and token that it sees (PaLM, arXiv:2204.02311, appendix B, forward only),
                over distinct prefixes; the head on the rows that need it
  changed       documents whose prediction is not that of ``scoring=plain`` with ``softmax_dtype=float32``; after the
                slash, how many plain scoring itself changes with a quarter of the batch. Random weights make the
                options of a document nearly equal, so both are larger than a real model's

lm-eval's batch size is given (32, halved where memory runs out), so that its search for one is not counted.

Exit status: 0, or 1 where something was left out (memory, minutes), or 2 where the device cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scoring import PAGE, RESULTS, pick
from side_by_side.cases import GPU_SHAPES, Shape
from side_by_side.gpu_cell import GpuSetting, measure_cell
from side_by_side.gpu_report import HEADING, line, write_table
from side_by_side.prompts import GPU_CASES

from peer import Failed  # isort: skip

SHAPES = ("1b", "8b")
TINY = {"seconds": 0.2, "gen_tokens": 8, "batch_size": 4}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure every chosen cell that has no file yet."""
    options = parser().parse_args(argv)
    try:
        if options.verb == "report":
            print(write_table(options.results, PAGE))
            return 0
        cases = pick(options.cases, GPU_CASES, GPU_CASES, "case")
        shapes = pick(options.models, GPU_SHAPES, ("tiny",) if options.tiny else SHAPES, "model")
        setting = make_setting(options)
    except Failed as failure:
        print(f"gpu: {failure}", file=sys.stderr)
        return 2
    print(
        f"{setting.device_name}: {setting.rate / 1e12:.3g} TFLOP/s of bfloat16 matrix products.\n{HEADING}", flush=True
    )
    models = [options.real] if options.real else shapes
    return max(measure_model(model, cases, setting, options) for model in models)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    found.add_argument("verb", nargs="?", choices=("run", "report"), default="run")
    found.add_argument("--cases", nargs="+", metavar="CASE", help=f"of {', '.join(GPU_CASES)}; default: all")
    found.add_argument("--models", nargs="+", metavar="MODEL", help=f"of {', '.join(GPU_SHAPES)}; default: 1b 8b")
    found.add_argument("--real", metavar="FOLDER", help="a checkpoint instead of random weights")
    found.add_argument("--tiny", action="store_true", help="a tiny shape and few documents, to see that all runs")
    found.add_argument("--device", default="cuda:0")
    found.add_argument("--minutes", type=float, default=10.0, help="no cell begins after these (10)")
    found.add_argument("--seconds", type=float, default=20.0, help="about what lm-eval may take in a cell (20)")
    found.add_argument("--batch-size", type=int, default=32, help="lm-eval's (32)")
    found.add_argument("--gen-tokens", type=int, default=128, help="tokens to generate (128)")
    found.add_argument("--pass-tokens", type=int, metavar="N", help="proctor's, instead of its own choice")
    found.add_argument("--again", action="store_true", help="measure cells that have a file, too")
    found.add_argument("--results", type=Path, default=RESULTS, help="where a cell's file is written")
    return found


def make_setting(options: argparse.Namespace) -> GpuSetting:
    """What holds for all cells; measures the device's rate, or says in one sentence why it cannot."""
    import torch
    from side_by_side.driver import matrix_rate

    try:
        torch.zeros(1, device=options.device)
    except (RuntimeError, AssertionError) as error:
        raise Failed(f"torch cannot use the device {options.device}: {str(error).splitlines()[0]}") from error
    on_gpu = options.device.startswith("cuda")
    given = TINY if options.tiny else {}
    return GpuSetting(
        device=options.device,
        device_name=torch.cuda.get_device_name(options.device) if on_gpu else "cpu",
        rate=matrix_rate(options.device, "bfloat16", *((2.0, 8192) if on_gpu else (0.1, 128))),
        seconds=given.get("seconds", options.seconds),
        batch_size=given.get("batch_size", options.batch_size),
        gen_tokens=given.get("gen_tokens", options.gen_tokens),
        most=12 if options.tiny else None,
        own={} if options.pass_tokens is None else {"pass_tokens": options.pass_tokens},
        deadline=time.monotonic() + 60 * options.minutes,
    )


def measure_model(model: Shape | str, cases: Sequence[Any], setting: GpuSetting, options: argparse.Namespace) -> int:
    """Measure the cells of one model that have no file; the worst outcome."""
    from side_by_side.one_module import build_subject, free, load_subject

    name = Path(model).resolve().name if isinstance(model, str) else model.name
    files = {
        case.name: options.results / f"{case.name}-{name}-{setting.device.partition(':')[0]}.json" for case in cases
    }
    left = [case for case in cases if options.again or not files[case.name].is_file()]
    if not left:
        print(f"{name}: all cells have their files in {options.results}.", flush=True)
        return 0
    try:
        subject = (load_subject if isinstance(model, str) else build_subject)(model, setting.device)
        return max(measure_and_write(case, subject, setting, files[case.name]) for case in left)
    except RuntimeError as error:
        return left_out(name, error)
    finally:
        subject = None
        free()


def measure_and_write(case: Any, subject: Any, setting: GpuSetting, file: Path) -> int:
    """Measure a cell, write its file and print its line."""
    from side_by_side.one_module import free

    if time.monotonic() > setting.deadline:
        print(
            f"{case.name} on {subject.name}: left out, the minutes are over; call again.", file=sys.stderr, flush=True
        )
        return 1
    try:
        cell = measure_cell(case, subject, setting)
    except RuntimeError as error:
        return left_out(f"{case.name} on {subject.name}", error)
    finally:
        free()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(cell, indent=1) + "\n", encoding="utf-8")
    print(line(cell), flush=True)
    return 0


def left_out(what: str, error: RuntimeError) -> int:
    """Say that memory ran out; what else goes wrong is an error of the program."""
    from proctor.models.hf.device import is_out_of_memory

    if not is_out_of_memory(error):
        raise error
    print(f"{what}: left out, memory ran out.", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
