"""Write down which names lm-eval's own task folder defines: facts that proctor knows without the folder.

    python tools/stock_names.py FOLDER --version 0.4.13

FOLDER is `lm_eval/tasks` of that version. What is written, `src/proctor/stock/names.json.gz`, holds
no text of task files: the names of tasks, groups and tags, how many tasks a group or a tag has, and
the names of the folders. The same folder gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from proctor.tasks.index import TaskIndex, build_index
from proctor.tasks.select import find

TARGET = Path(__file__).resolve().parents[1] / "src" / "proctor" / "stock" / "names.json.gz"


def names_of(index: TaskIndex, folder: Path, version: str) -> dict[str, Any]:
    """The facts, as the package reads them; of a faulty group, what can be had."""
    return {
        "version": version,
        "tasks": [entry.name for entry in index.of_kind("task")],
        "groups": {entry.name: len(find(index, [entry.name]).selection.leaves()) for entry in index.of_kind("group")},
        "tags": {tag: len(members) for tag, members in sorted(index.tags.items())},
        "folders": sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name != "__pycache__"),
    }


def written(facts: dict[str, Any]) -> bytes:
    """The file's content: without a time or a file name in it."""
    text = json.dumps(facts, separators=(",", ":"), ensure_ascii=False)
    return gzip.compress(text.encode(), 9, mtime=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--target", type=Path, default=TARGET)
    given = parser.parse_args()
    facts = names_of(build_index([given.folder], defaults=False), given.folder, given.version)
    content = written(facts)
    given.target.write_bytes(content)
    counts = ", ".join(f"{len(facts[kind]):,} {kind}" for kind in ("tasks", "groups", "tags", "folders"))
    print(f"{given.target}: {counts}; {len(content):,} bytes")


if __name__ == "__main__":
    main()
