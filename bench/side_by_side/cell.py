"""One cell: both programs in turn on one case and one model, as whole processes; a JSON of what they cost."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from peer import Failed, shared_folder

from side_by_side.cases import Case, Shape
from side_by_side.figures import Key, as_json, compare, median, ratios
from side_by_side.standin import write_hub

BENCH = Path(__file__).resolve().parents[1]
MMLU_GROUP = "mmlu"


@dataclass(frozen=True)
class Setting:
    """What holds for all cells of a call. ``work``: where models, data and logs lie."""

    peer: str
    work: Path
    threads: int
    batch_size: str = "8"
    own_batch_size: str = "auto"
    own_arguments: str = ""
    gen_tokens: int = 128
    repeats: int = 1
    stand_in: bool = False


def data_folder(case: Case, setting: Setting) -> tuple[Path, str]:
    """Where the data sets lie, to be used as working directory; and whether they are real."""
    shared = shared_folder() / "hub"
    if shared.is_dir() and not setting.stand_in:
        return shared.resolve(), "shared"
    if MMLU_GROUP in case.tasks:
        raise Failed(f"{case.name} needs all subjects of MMLU, which are not in {shared}.")
    hub = setting.work / "hub"
    if not (hub / "done").is_file():
        subjects = {task.removeprefix("mmlu_") for task in case.tasks if task.startswith("mmlu_")}
        write_hub(hub, sorted(subjects | {"miscellaneous", "anatomy", "marketing", "management", "human_aging"}))
        (hub / "done").touch()
    return hub.resolve(), "generated"


def model_folder(shape: Shape, setting: Setting) -> Path:
    """The model's folder, built by a process of its own if it is not there."""
    source = shared_folder() / "models" / "llama-bos"
    tokenizer = str(source.resolve()) if source.is_dir() else ""
    folder = setting.work / "models" / f"{shape.name}-{'shared' if tokenizer else 'trained'}-cpu"
    if not (folder / "facts.json").is_file():
        command = [sys.executable, "-m", "side_by_side.build", shape.name, str(folder), tokenizer]
        run(command, setting, BENCH, setting.work / "build.log")
    return folder.resolve()


def run(command: Sequence[str], setting: Setting, folder: Path, log: Path) -> None:
    """Run a process; what it says goes to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            command, cwd=folder, env=environment(setting), stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise Failed(f"{' '.join(command)}\n  ended with {done.returncode}; its last words:\n{tail}")


def environment(setting: Setting) -> dict[str, str]:
    """Offline, and the same threads for both."""
    threads = str(setting.threads)
    return {
        **os.environ,
        "PYTHONPATH": str(BENCH),
        "HF_HUB_OFFLINE": "1",
        "PROCTOR_STORE": "off",
        "HF_DATASETS_CACHE": str(setting.work / "datasets"),
        "TOKENIZERS_PARALLELISM": "false",
        "RAYON_NUM_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }


def arguments(case: Case, shape: Shape, model: Path, setting: Setting, limit: int) -> list[str]:
    """The flags that both programs get."""
    found = [
        "--model",
        "hf",
        "--model_args",
        f"pretrained={model},dtype={shape.dtype}",
        "--tasks",
        ",".join(case.tasks),
    ]
    found += [
        "--device",
        "cpu",
        "--limit",
        str(limit),
        "--include_path",
        str(BENCH / "tasks"),
        "--log_samples",
    ]
    if case.shots is not None:
        found += ["--num_fewshot", str(case.shots)]
    if case.generates:
        found += ["--gen_kwargs", f"max_gen_toks={setting.gen_tokens}"]
    return found


def own(flags: Sequence[str], case: Case, setting: Setting) -> list[str]:
    """The flags of proctor: a batch size of its own where it scores, the same where it generates."""
    size = setting.batch_size if case.generates else setting.own_batch_size
    found = [*flags, "--batch_size", size]
    if setting.own_arguments:
        place = found.index("--model_args") + 1
        found[place] = f"{found[place]},{setting.own_arguments}"
    return found


def measure(case: Case, shape: Shape, setting: Setting, *, limit: int | None = None) -> dict[str, Any]:
    """Run both in turn ``repeats`` times and compare the last samples."""
    data, kind = data_folder(case, setting)
    model = model_folder(shape, setting)
    facts = json.loads((model / "facts.json").read_text(encoding="utf-8"))
    documents = limit or case.documents(shape.name)
    flags = arguments(case, shape, model, setting, documents)
    scratch = setting.work / "runs" / f"{case.name}-{shape.name}"
    shutil.rmtree(scratch, ignore_errors=True)
    job = {"shape": {**asdict(shape), "body": shape.body, "vocabulary": facts["vocabulary"]}}
    sides: dict[str, list[dict[str, Any]]] = {"proctor": [], "lm-eval": []}
    for number in range(setting.repeats):
        for program in sides:
            out = scratch / f"{program}-{number}"
            mine = own(flags, case, setting) if program == "proctor" else [*flags, "--batch_size", setting.batch_size]
            sides[program].append(run_program(program, mine, {**job, "program": program}, setting, data, out))
    last = setting.repeats - 1
    difference = compare(*(read_samples(scratch / f"{program}-{last}") for program in sides))
    shutil.rmtree(scratch, ignore_errors=True)
    return {
        "case": case.name,
        "title": case.title,
        "generates": case.generates,
        "model": facts,
        "data": kind,
        "limit": documents,
        "threads": setting.threads,
        "device": "cpu",
        "batch_size": {"lm-eval": setting.batch_size, "proctor": own(flags, case, setting)[-1]}
        | ({"model_args": setting.own_arguments} if setting.own_arguments else {}),
        "machine": machine(),
        "runs": sides,
        "difference": as_json(difference),
        "ratios": ratios(sides["proctor"], sides["lm-eval"]),
        **summary(sides),
    }


def run_program(
    program: str, flags: Sequence[str], job: Mapping[str, Any], setting: Setting, data: Path, out: Path
) -> dict[str, Any]:
    """Run one program on its flags; what it measured inside its process."""
    out.mkdir(parents=True)
    figures, order = out / "figures.json", out / "job.json"
    complete = [*flags, "--output_path", str(out / "results")]
    order.write_text(
        json.dumps({**job, "arguments": complete, "figures": str(figures), "started": time.time()}), encoding="utf-8"
    )
    python = sys.executable if program == "proctor" else setting.peer
    run([python, "-m", "side_by_side.driver", str(order)], setting, data, out / "log.txt")
    return json.loads(figures.read_text(encoding="utf-8"))


def summary(sides: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Forwarded tokens against the trie, and how near the least possible time proctor came."""
    ours = sides["proctor"][-1]
    found: dict[str, Any] = {"tokens": {program: runs[-1]["embedded_tokens"] for program, runs in sides.items()}}
    if "trie" in ours:
        nodes = ours["trie"]["nodes"]
        spent = median([run["scoring_cpu"] for run in sides["proctor"]])
        found["tokens_over_nodes"] = {program: count / nodes for program, count in found["tokens"].items()}
        found["fraction_of_limit"] = ours["least_seconds"] / max(1e-9, spent)
    return found


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"processor": name, "cores": os.cpu_count(), "python": platform.python_version()}


def read_samples(folder: Path) -> dict[Key, Mapping[str, Any]]:
    """The lines of all samples files below a folder, by task and document; of several filters the first."""
    found: dict[Key, Mapping[str, Any]] = {}
    for file in sorted(folder.rglob("samples_*.jsonl")):
        task = file.name.removeprefix("samples_").rpartition("_")[0]
        for text in file.read_text(encoding="utf-8").split("\n"):
            if not text:
                continue
            line = json.loads(text)
            found.setdefault((task, line["doc_id"]), line)
    return found
