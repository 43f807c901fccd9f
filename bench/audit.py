"""What audits and comparisons of stored runs cost: CPU seconds and peak memory of whole processes.

    python bench/audit.py [--documents 14042] [--subjects 57] [--shots 0] [--rounds 3]

Two runs of an exam in the shape of MMLU are generated (57 subjects, four options, letters scored; documents and
prompts as long as MMLU's), with their samples: ``proctor audit`` reads one of them, ``proctor compare`` both. The
promise is below 3 CPU seconds and 200 MB each, and that numpy's presence changes no digit: each command runs once more
where numpy cannot be imported, and must print the same. ``--shots`` puts as many examples into each prompt; a samples
file has them once for each option. Exit status: 1 where the promise is broken.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS, MEGABYTES = 3.0, 200
STAMPS = ("2026-01-01T00-00-00.000001", "2026-01-02T00-00-00.000001")
_PROGRAM = """
import sys, resource
if {block}:
    sys.modules["numpy"] = None
from proctor.cli.main import main
code = main({words!r})
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, int("numpy" in sys.modules), file=sys.stderr)
sys.exit(code)
"""


def words(source: random.Random, count: int) -> str:
    """A sentence of that many words."""
    return " ".join("".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=source.randint(2, 9))) for _ in range(count))


def sample(source: random.Random, doc_id: int, head: str, skill: float) -> dict[str, object]:
    """One sample as lm-eval writes it."""
    draw = random.Random(f"{head[:60]} {doc_id}")
    question, options = words(draw, 40), [words(draw, draw.randint(2, 14)) for _ in range(4)]
    gold = draw.randrange(4)
    doc = {"question": question, "subject": "x", "choices": options, "answer": gold}
    lettered = "\n".join(f"{letter}. {text}" for letter, text in zip("ABCD", options, strict=True))
    prompt = f"{head}{question}\n{lettered}\nAnswer:"
    raw = [source.gauss(skill if place == gold else 0, 1) for place in range(4)]
    total = math.log(sum(map(math.exp, raw))) + 0.05
    lls = [value - total for value in raw]
    best = lls.index(max(lls))
    values = [[str(ll), str(place == best)] for place, ll in enumerate(lls)]
    return {
        "doc_id": doc_id,
        "doc": doc,
        "target": str(gold),
        "arguments": {f"gen_args_{i}": {"arg_0": prompt, "arg_1": f" {letter}"} for i, letter in enumerate("ABCD")},
        "resps": [[value] for value in values],
        "filtered_resps": values,
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": hashlib.sha256(json.dumps(doc).encode()).hexdigest(),
        "prompt_hash": hashlib.sha256(prompt.encode()).hexdigest(),
        "target_hash": hashlib.sha256(str(gold).encode()).hexdigest(),
        "acc": float(best == gold),
    }


def write_run(folder: Path, stamp: str, documents: int, subjects: int, shots: int, skill: float) -> int:
    """Write a run; return the bytes of its samples."""
    folder.mkdir(parents=True)
    source, size = random.Random(stamp), 0
    names = [f"mmlu_subject_{i:02}" for i in range(subjects)]
    results: dict[str, dict[str, object]] = {}
    for place, name in enumerate(names):
        count = documents // subjects + (place < documents % subjects)
        examples = random.Random(name)
        head = f"The following are questions about {name}.\n\n" + "".join(
            f"{words(examples, 40)}\n{words(examples, 30)}\nAnswer: A\n\n" for _ in range(shots)
        )
        lines = [sample(source, i, head, skill) for i in range(count)]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        size += len(text)
        (folder / f"samples_{name}_{stamp}.jsonl").write_text(text, encoding="utf-8")
        acc = sum(float(str(line["acc"])) for line in lines) / count
        results[name] = {"alias": name, "acc,none": acc, "acc_stderr,none": math.sqrt(acc * (1 - acc) / (count - 1))}
    document = {
        "results": {**results, "mmlu": {"alias": "mmlu"}},
        "group_subtasks": {"mmlu": names},
        "configs": {name: {"task": name, "output_type": "multiple_choice", "target_delimiter": " "} for name in names},
        "config": {"model": "hf", "model_args": {"pretrained": f"org/{folder.name}"}},
        "model_name": f"org/{folder.name}",
        "higher_is_better": {name: {"acc": True} for name in names},
        "date": 0.0,
    }
    (folder / f"results_{stamp}.json").write_text(json.dumps(document), encoding="utf-8")
    return size


def measure(arguments: list[str], *, block: bool) -> tuple[float, float, bool, str]:
    """CPU seconds, MB at the peak, whether numpy was loaded, and what was printed."""
    code = _PROGRAM.format(block=block, words=arguments)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    seconds, megabytes, numpy = done.stderr.splitlines()[-1].split()
    return float(seconds), float(megabytes), numpy == "1" and not block, done.stdout


def parse(run: Path) -> float:
    """CPU seconds of parsing a run's samples and nothing else."""
    start = time.process_time()
    for file in run.glob("samples_*"):
        with file.open("rb") as stream:
            for line in stream:
                json.loads(line)
    return time.process_time() - start


def main() -> int:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=14_042)
    parser.add_argument("--subjects", type=int, default=57)
    parser.add_argument("--shots", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder, name) for name in ("a", "b")]
        sizes = [
            write_run(run, stamp, given.documents, given.subjects, given.shots, skill)
            for run, stamp, skill in zip(runs, STAMPS, (1.0, 1.05), strict=True)
        ]
        print(f"{given.documents:,} documents in {given.subjects} tasks, {sizes[0] / 1e6:.0f} MB of samples a run")
        print(f"{'json.loads of a run':20} {parse(runs[0]):5.2f} CPU s, for how busy this machine is")
        kept = True
        for name, arguments in {
            "audit": ["audit", str(runs[0])],
            "compare": ["compare", *map(str, runs)],
            "compare --flips 20": ["compare", *map(str, runs), "--flips", "20"],
        }.items():
            found = [measure(arguments, block=False) for _ in range(given.rounds)]
            same = measure(arguments, block=True)[3] == found[0][3]
            seconds, megabytes = min(one[0] for one in found), max(one[1] for one in found)
            print(f"{name:20} {seconds:5.2f} CPU s {megabytes:5.0f} MB   numpy changes nothing: {same}")
            kept = kept and seconds < SECONDS and megabytes < MEGABYTES and same
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
