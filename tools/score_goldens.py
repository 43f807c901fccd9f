"""Write ``tests/compat/goldens/scores.json``: lm-eval's responses to the first documents of bundled tasks.

    python tools/score_goldens.py PEER_PYTHON

Every supported release of transformers must give them again (``tests/models/hf/test_hf_goldens.py``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "tests" / "compat" / "goldens" / "scores.json"
DEMO = ROOT / "src" / "proctor" / "benchmarks" / "demo"
TASKS = ("demo_text_isles", "demo_letter_folk", "demo_errands", "demo_tales")
LIMIT = 6


def ask_peer(python: str, folder: str) -> None:
    """Run lm-eval on the bundled model, one row at a time."""
    model = f"pretrained={DEMO / 'model'},dtype=float32"
    command = [python, "-m", "lm_eval", "run", "--model", "hf", "--model_args", model]
    command += ["--tasks", ",".join(TASKS), "--include_path", str(DEMO), "--device", "cpu", "--batch_size", "1"]
    command += ["--limit", str(LIMIT), "--output_path", folder, "--log_samples"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_CACHE": f"{folder}/cache"}
    subprocess.run(command, check=True, cwd=DEMO, env=environment)


def responses(folder: Path) -> dict[str, dict[str, Any]]:
    """By task and document: what the model answered, as the samples files have it."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.rglob("samples_*.jsonl")):
        task = file.name.removeprefix("samples_").rpartition("_")[0]
        for line in file.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            found.setdefault(task, {})[str(sample["doc_id"])] = sample["resps"]
    return found


def main(arguments: list[str]) -> int:
    (python,) = arguments
    with tempfile.TemporaryDirectory() as folder:
        ask_peer(python, folder)
        tasks = responses(Path(folder))
    assert set(tasks) == set(TASKS), sorted(tasks)
    document = {"lm_eval": "0.4.13", "limit": LIMIT, "tasks": tasks}
    FILE.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
