"""What other orders of the options and other formulations cost: against the task's own here, and against lm-eval's.

    python bench/orders.py --peer-python PEER/bin/python
    python bench/orders.py --peer-python PEER/bin/python --tasks mmlu_professional_law --limit 200 --modes cyclic
    python bench/orders.py --peer-python PEER/bin/python --modes text hybrid generate choices_only

Both programs run as whole processes on a Llama of random weights, MMLU 5-shot, one thread. Tokens are those that pass
the model (prefixes computed once) and do not depend on the machine; CPU seconds are those of the calls that compute
requests.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from scoring import work_folder
from side_by_side.cases import SHAPES, Case
from side_by_side.cell import Setting, arguments, data_folder, model_folder, own, run_program

from peer import Failed, peer_python  # isort: skip

TASKS = ("mmlu_anatomy", "mmlu_professional_law")
MODES = ("cyclic", "all", "text", "choices_only")
FORMULATIONS = ("letter", "text", "hybrid", "generate")


def main() -> int:
    """Measure each task, and print a line of a table for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", metavar="PATH", help="a Python that has lm_eval 0.4.13 ($PEER_PYTHON)")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), metavar="TASK")
    parser.add_argument("--modes", nargs="+", default=list(MODES), metavar="MODE", help="orders, formulations")
    parser.add_argument("--model", default="15m", choices=[name for name in SHAPES if name != "8b"])
    parser.add_argument("--limit", type=int, default=40, help="documents of a task (40)")
    parser.add_argument("--work", type=Path, default=work_folder(), help="where models, data and logs are kept")
    options = parser.parse_args()
    try:
        setting = Setting(peer=peer_python(options.peer_python), work=options.work.absolute(), threads=1)
        print("| task | mode | tokens | over one order | forwarded / distinct | CPU, s | over lm-eval's one order |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
        for task in options.tasks:
            measure(task, options.modes, options.model, options.limit, setting)
    except Failed as failure:
        print(f"orders: {failure}")
        return 2
    return 0


def measure(task: str, modes: Sequence[str], model: str, limit: int, setting: Setting) -> None:
    """One task in one order with both programs, then in the others."""
    case, shape = Case(f"orders-{task}", (task,), limit, task, 5), SHAPES[model]
    data, _ = data_folder(case, setting)
    flags = arguments(case, shape, model_folder(shape, setting), setting, limit)
    scratch = setting.work / "runs" / case.name
    shutil.rmtree(scratch, ignore_errors=True)
    job = {"shape": {**asdict(shape), "body": shape.body, "vocabulary": shape.vocabulary or 32000}, "device": "cpu"}
    peer = run_program(
        "lm-eval", [*flags, "--batch_size", "8"], {**job, "program": "lm-eval"}, setting, data, scratch / "peer"
    )
    line(task, "lm-eval, one", peer, peer, peer)
    one: dict[str, Any] | None = None
    for mode in ("canonical", *modes):
        mine = [*own(flags, case, setting), *flags_of(mode)]
        got = run_program(
            "proctor", mine, {**job, "program": "proctor"}, setting, data, scratch / mode.replace(":", "-")
        )
        one = one or got
        line(task, mode, got, one, peer)
    shutil.rmtree(scratch, ignore_errors=True)


def flags_of(mode: str) -> list[str]:
    """The flags of a mode: of orders, of a formulation, or of documents without their question."""
    if mode == "choices_only":
        return ["--choices_only"]
    return ["--formulations", mode] if mode.split(",")[0] in FORMULATIONS else ["--choice_orders", mode]


def line(task: str, mode: str, got: dict[str, Any], one: dict[str, Any], peer: dict[str, Any]) -> None:
    """A row of the table."""
    report = got.get("report") or {}
    distinct = report.get("distinct_prefixes")
    share = f"{report['forwarded_tokens'] / distinct:.3f}" if distinct else ""
    tokens = got["embedded_tokens"]
    print(
        f"| {task} | {mode} | {tokens:,} | {tokens / one['embedded_tokens']:.2f} | {share} | {got['scoring_cpu']:.1f} "
        f"| {got['scoring_cpu'] / peer['scoring_cpu']:.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    raise SystemExit(main())
