"""What starting costs: CPU and wall seconds of whole processes, interleaved, minimum of several rounds.

    python bench/start.py [--rounds 5]

One document of one task with the bundled model of 1.25M parameters is nearly nothing but a start. It is set beside
a bare import of torch and transformers' auto class, and beside transformers loading and calling the same model. The
promise, at most 1.3 times the bare import, is about data that were read before; the first time, `datasets` reads them.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import proctor

MODEL = Path(proctor.__file__).parent / "benchmarks" / "demo" / "model"
LIMIT = 1.3
BARE = "import torch, transformers; transformers.AutoModelForCausalLM"
LOAD = (
    f"{BARE}; model = transformers.AutoModelForCausalLM.from_pretrained({str(MODEL)!r}, dtype=torch.float32); "
    f"transformers.AutoTokenizer.from_pretrained({str(MODEL)!r}); model(torch.tensor([[1, 2, 3]]))"
)
RUN = ["-m", "proctor", "run", "--tasks", "demo_text_sums", "--limit", "1", "--device", "cpu", "--no_store"]
COMMANDS = {
    "import torch, transformers (auto class)": ["-c", BARE],
    "transformers: load and call the model": ["-c", LOAD],
    "proctor run, one document, hf": [*RUN, "--model", "hf", "--model_args", f"pretrained={MODEL},dtype=float32"],
    "proctor run, one document, dummy": [*RUN, "--model", "dummy"],
}


def measure(arguments: list[str], cache: str) -> tuple[float, float]:
    """CPU and wall seconds of one process."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PROCTOR_CACHE": cache}
    # Installed packages have their bytecode; a clone has it after its first run, unless that is forbidden.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as cache:
        first = measure(COMMANDS["proctor run, one document, hf"], cache)
        # Files younger than two seconds are known by their content; after that, and one more load, by their stamps.
        measure(COMMANDS["proctor run, one document, dummy"], cache)
        taken: dict[str, list[tuple[float, float]]] = {}
        for _ in range(rounds):
            for name, arguments in COMMANDS.items():
                taken.setdefault(name, []).append(measure(arguments, cache))
    base = min(cpu for cpu, _ in next(iter(taken.values())))
    for name, times in taken.items():
        cpu, wall = min(cpu for cpu, _ in times), min(wall for _, wall in times)
        print(f"{name:42} {cpu:6.2f} s CPU ({cpu / base:4.2f} x)  {wall:6.2f} s wall")
    print(f"{'the first time, data not yet read':42} {first[0]:6.2f} s CPU ({first[0] / base:4.2f} x)")
    kept = min(cpu for cpu, _ in taken["proctor run, one document, hf"]) <= LIMIT * base
    print(f"at most {LIMIT} x: {'ok' if kept else 'TOO SLOW'}")
    return not kept


if __name__ == "__main__":
    raise SystemExit(main())
