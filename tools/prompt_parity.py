"""Are the prompts, requests and targets of every stock task whose data is here equal to lm-eval's?

    python tools/prompt_parity.py --peer-python PEER/bin/python [--tasks PATTERN ...] [--bundled]
    python tools/prompt_parity.py --peer-python PEER/bin/python --bundled --limit 3 --goldens FILE.json

Task files are lm-eval's own, read by both programs, or with ``--bundled`` proctor's definitions
against lm-eval's of the same names. Data sets are those of the hub mirror (hub/ in
$PROCTOR_SHARED, else in ../shared). No model takes part: see ``tests/compat/recorder.py``.
``--goldens`` writes, per bundled task and mode, a digest of what lm-eval asks on the first
documents, for the tests that run without it.

Exit status: 0 all equal, 1 something differs, 2 a program could not be run.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from peer import Failed, peer_python, shared_folder
from prompt_dump import recorder

ROOT = Path(__file__).resolve().parents[1]
RECORDER = ROOT / "tests" / "compat" / "recorder.py"
DUMP = ROOT / "tools" / "prompt_dump.py"
WHERE = "import importlib.util as u, pathlib; print(pathlib.Path(u.find_spec('lm_eval').origin).parent / 'tasks')"
CHUNK = 60
SECOND_NAMES = {"lighteval/squad_v2": "rajpurkar/squad_v2"}


@dataclass(frozen=True)
class Candidate:
    """A task whose data set is in the mirror. ``family``: the folder of its file below the root."""

    name: str
    family: str


@dataclass
class Family:
    """How the comparisons of one folder of tasks came out; a comparison is one task in one mode."""

    tasks: int = 0
    equal: int = 0
    requests: int = 0
    different: list[str] = field(default_factory=list)
    ours_failed: list[str] = field(default_factory=list)
    theirs_failed: list[str] = field(default_factory=list)
    neither: list[str] = field(default_factory=list)


def candidates(hub: Path, include_path: Sequence[str], patterns: Sequence[str]) -> list[Candidate]:
    """Every task whose data set and configuration the mirror has, by name."""
    from proctor.tasks.index import build_index
    from proctor.tasks.select import find

    index = build_index(include_path)
    names = [entry.name for entry in index.of_kind("task")]
    chosen = [name for name in names if not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    there: dict[str, frozenset[str]] = {}
    found = []
    for node in find(index, chosen).selection.leaves():
        path = node.config.get("dataset_path") or named_by_class(Path(index.entries[node.name].file))
        if not isinstance(path, str) or "/" not in path or not (hub / path).is_dir():
            continue
        configs = there.setdefault(path, configurations(hub / path))
        wanted = node.config.get("dataset_name")
        if wanted is None or not configs or str(wanted) in configs:
            entry = index.entries[node.name]
            found.append(Candidate(node.name, Path(entry.file).relative_to(entry.root).parts[0]))
    return sorted(found, key=lambda candidate: (candidate.family, candidate.name))


def named_by_class(file: Path) -> str | None:
    """The data set that the only class of a task's module names."""
    texts = [module.read_text(encoding="utf-8") for module in file.parent.glob("*.py")]
    found = [name for text in texts for name in re.findall(r"^    DATASET_PATH *= *['\"](.+)['\"]$", text, re.M)]
    return found[0] if len(found) == 1 else None


def mirror(hub: Path, folder: Path) -> Path:
    """A folder of links to the mirror's data sets, some of which go by a second name in the task files."""
    for data in hub.glob("*/*/"):
        name = str(data.relative_to(hub))
        for known in (name, *(second for second, first in SECOND_NAMES.items() if first == name)):
            (folder / known).parent.mkdir(parents=True, exist_ok=True)
            (folder / known).symlink_to(data.resolve(), target_is_directory=True)
    return folder


def configurations(folder: Path) -> frozenset[str]:
    """The configurations that a data set's card lists; empty: the card lists none."""
    import yaml

    card = folder / "README.md"
    parts = card.read_text(encoding="utf-8").split("---\n", 2) if card.is_file() else []
    facts = yaml.safe_load(parts[1]) if len(parts) == 3 else {}
    return frozenset(str(config["config_name"]) for config in facts.get("configs", ()))


def run(command: Sequence[str], names: Sequence[str], cwd: Path, cache: Path) -> str | None:
    """Run one side on some tasks; the end of its log where it did not get to the end."""
    environment = {
        **os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false", "HF_DATASETS_CACHE": str(cache), "LMEVAL_LOG_LEVEL": "ERROR",
    }  # fmt: skip
    done = subprocess.run(
        command, input="\n".join(names), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    return None if done.returncode == 0 else done.stderr[-600:]


def dumps(file: Path) -> dict[tuple[str, str], list[str]]:
    """The lines of a dump by task and mode."""
    lines: dict[tuple[str, str], list[str]] = {}
    if not file.is_file():
        return lines
    with file.open(encoding="utf-8") as text:
        for row in text:
            head = json.loads(row)
            lines.setdefault((head["task"], head["mode"]), []).append(row)
    return lines


def first_difference(theirs: Sequence[str], ours: Sequence[str]) -> str:
    """Where two dumps of one task and mode part, in a few lines."""
    for one, other in zip(theirs, ours, strict=False):
        if one == other:
            continue
        left, right = json.loads(one), json.loads(other)
        where = f"document {left['doc_id']}, request {left['index']}"
        for key in left:
            if json.dumps(left[key]) != json.dumps(right[key]):
                mine, yours = _around(right[key], left[key]), _around(left[key], right[key])
                return f"{where}, {key}:\n      lm-eval {yours}\n      proctor {mine}"
        return f"{where}: the lines differ"
    return f"lm-eval makes {len(theirs)} requests, proctor {len(ours)}"


def _around(value: Any, other: Any) -> str:
    """A value's text, from a little before the first letter that differs."""
    text, against = json.dumps(value, ensure_ascii=False), json.dumps(other, ensure_ascii=False)
    start = next(
        (i for i, (a, b) in enumerate(zip(text, against, strict=False)) if a != b), min(len(text), len(against))
    )
    return f"...{text[max(0, start - 60) : start + 100]}" if start > 60 else text[:160]


def compare(chunk: Sequence[Candidate], work: Path, modes: Sequence[str], families: Mapping[str, Family]) -> None:
    """Count one chunk's comparisons into its families."""
    theirs, ours = dumps(work / "theirs.jsonl"), dumps(work / "ours.jsonl")
    for candidate in chunk:
        family = families[candidate.family]
        family.tasks += 1
        for mode in modes:
            left = theirs.get((candidate.name, mode)) or theirs.get((candidate.name, "load"))
            right = ours.get((candidate.name, mode)) or ours.get((candidate.name, "load"))
            what = f"{candidate.name} [{mode}]"
            match recorder.error_of(left), recorder.error_of(right):
                case None, None:
                    family.requests += len(left or ())
                    if left == right:
                        family.equal += 1
                    else:
                        family.different.append(f"{what}: {first_difference(left or (), right or ())}")
                case None, error:
                    family.ours_failed.append(f"{what}: {error}")
                case error, None:
                    family.theirs_failed.append(f"{what}: {error}")
                case error, mine:
                    family.neither.append(f"{what}: {error} | proctor: {mine}")


def digests(chunk: Sequence[Candidate], work: Path, modes: Sequence[str]) -> dict[str, list[str | None]]:
    """What lm-eval asks of each task, mode by mode, in a few letters each."""
    theirs = dumps(work / "theirs.jsonl")
    return {
        candidate.name: [
            recorder.digest(theirs.get((candidate.name, mode)) or theirs.get((candidate.name, "load")) or ())
            for mode in modes
        ]
        for candidate in chunk
    }


def write_goldens(file: Path, tasks: Mapping[str, Sequence[str | None]], limit: int, modes: Sequence[str]) -> None:
    """One task a line: the digests of its modes with spaces between them, "-" where lm-eval fails."""
    lines = {name: " ".join(one or "-" for one in tasks[name]) for name in sorted(tasks)}
    what = {"lm_eval": "0.4.13", "documents": limit, "modes": list(modes), "tasks": lines}
    file.write_text(json.dumps(what, indent=1) + "\n", encoding="utf-8")


def report(families: Mapping[str, Family], show: int) -> int:
    """Print the counts per family, then the first of everything that is not equal."""
    print(
        f"{'family':24} {'tasks':>5} {'equal':>6} {'differ':>6} {'ours':>5} {'theirs':>6} {'both':>5} {'requests':>9}"
    )
    total = Counter[str]()
    for name, family in sorted(families.items()):
        row = {
            "tasks": family.tasks, "equal": family.equal, "differ": len(family.different),
            "ours": len(family.ours_failed), "theirs": len(family.theirs_failed), "both": len(family.neither),
            "requests": family.requests,
        }  # fmt: skip
        total.update(row)
        print(f"{name:24} " + _row(row))
    print(f"{'all':24} " + _row(total))
    for title, key in (
        ("different", "different"), ("fails in proctor only", "ours_failed"),
        ("fails in lm-eval only", "theirs_failed"), ("fails in both", "neither"),
    ):  # fmt: skip
        for name, family in sorted(families.items()):
            for text in getattr(family, key)[:show]:
                print(f"\n{title}: {name}: {text}")
    return 1 if total["differ"] or total["ours"] else 0


def _row(counts: Mapping[str, int]) -> str:
    widths = {"tasks": 5, "equal": 6, "differ": 6, "ours": 5, "theirs": 6, "both": 5, "requests": 9}
    return " ".join(f"{counts[key]:>{width}}" for key, width in widths.items())


def chunks(found: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Families stay together; a process that dies takes one chunk with it."""
    for _, family in groupby(found, key=lambda candidate: candidate.family):
        members = list(family)
        yield from (members[start : start + CHUNK] for start in range(0, len(members), CHUNK))


def check(options: argparse.Namespace, hub: Path, work: Path) -> int:
    """Dump both sides chunk by chunk, and compare."""
    peer_tasks = subprocess.run(
        [options.peer_python, "-c", WHERE], capture_output=True, text=True, check=True
    ).stdout.strip()
    include = [] if options.bundled else [peer_tasks]
    found = candidates(hub, include, options.tasks)
    families: dict[str, Family] = {candidate.family: Family() for candidate in found}
    flags = ["--limit", str(options.limit), "--modes", *options.modes]
    goldens: dict[str, list[str | None]] = {}
    for number, chunk in enumerate(chunks(found)):
        folder = work / str(number)
        folder.mkdir()
        names = [candidate.name for candidate in chunk]
        peer = [options.peer_python, str(RECORDER), "--out", str(folder / "theirs.jsonl"), *flags]
        own = [sys.executable, str(DUMP), "--out", str(folder / "ours.jsonl"), *flags]
        own += [part for path in include for part in ("--include_path", path)]
        with ThreadPoolExecutor(2) as pool:
            sides = [pool.submit(run, peer, names, hub, work / "a"), pool.submit(run, own, names, hub, work / "b")]
            ends = [side.result() for side in sides]
        for side, end in zip(("lm-eval", "proctor"), ends, strict=True):
            if end is not None:
                print(f"{side} ended early on {chunk[0].family}: {end}", file=sys.stderr)
        compare(chunk, folder, options.modes, families)
        goldens.update(digests(chunk, folder, options.modes) if options.goldens else {})
        if not options.keep:
            for file in folder.iterdir():
                file.unlink()
    if options.goldens:
        write_goldens(Path(options.goldens), goldens, options.limit, options.modes)
    return report(families, options.show)


def main() -> int:
    """Compare, or write the digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer-python", help="a Python that has lm_eval 0.4.13 ($PEER_PYTHON)")
    parser.add_argument("--tasks", nargs="+", default=[], metavar="PATTERN", help="only these tasks")
    parser.add_argument("--modes", nargs="+", choices=list(recorder.MODES), default=list(recorder.MODES))
    parser.add_argument("--limit", type=int, default=5, help="documents of each task")
    parser.add_argument("--bundled", action="store_true", help="proctor's definitions instead of lm-eval's files")
    parser.add_argument("--show", type=int, default=3, help="how many differences of a family to print")
    parser.add_argument("--goldens", metavar="FILE", help="write a digest of what lm-eval asks, per task and mode")
    parser.add_argument("--keep", help="a folder for the dumps, which are removed otherwise")
    options = parser.parse_args()
    try:
        options.peer_python = peer_python(options.peer_python)
    except Failed as failure:
        print(f"prompt_parity: {failure}", file=sys.stderr)
        return 2
    hub = shared_folder() / "hub"
    if not hub.is_dir():
        print(f"prompt_parity: there is no {hub} (set PROCTOR_SHARED to the folder of the test data)", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="prompt-parity-") as scratch:
        work = Path(options.keep or scratch).resolve()
        work.mkdir(parents=True, exist_ok=True)
        return check(options, mirror(hub, Path(scratch, "hub")), work)


if __name__ == "__main__":
    raise SystemExit(main())
