"""Folders of ``proctor new`` in lm-eval 0.4.13: the same prompts, answers and scores, by a tiny model on the CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.new.folder import task_files
from proctor.new.plan import plan_task
from proctor.new.request import request_of
from proctor.new.write import write_files

ROOT = Path(__file__).resolve().parents[2]
PEER = Path(os.environ.get("PEER_PYTHON") or ROOT / ".venv-peer" / "bin" / "python")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PEER.is_file(), reason="lm-eval 0.4.13 is not there: 'make parity' sets it up, or PEER_PYTHON"
    ),
]


def run(command, folder, out, model):
    arguments = [
        "--model",
        "hf",
        "--model_args",
        f"pretrained={model},dtype=float32",
        "--device",
        "cpu",
        "--batch_size",
        "4",
    ]
    arguments += ["--include_path", ".", "--tasks", "exam", "--gen_kwargs", "max_gen_toks=4", "--log_samples"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    done = subprocess.run(
        [*command, *arguments, "--output_path", str(out)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    ("table", "flags"),
    [
        ("five_and_four.csv", {"style": "all", "shots": 1}),
        ("five_and_four.csv", {"group": "과목"}),
        ("several.csv", {"several": "any", "style": "all"}),
        ("several_circled.csv", {"several": "all", "style": "chat"}),
        ("keeps_text.csv", {"style": "all"}),
    ],
)
def test_a_folder_gives_the_same_scores_in_lm_eval(table, flags, tmp_path, shared_models):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from parity_compare import Tolerance, compare, read_run
    finally:
        sys.path.remove(str(ROOT / "tools"))
    source = ROOT / "tests" / "tables" / table
    folder = tmp_path / "exam"
    write_files(folder, task_files(plan_task(request_of({"name": "exam", "source": str(source), **flags}))))
    model = shared_models / "llama-bos"
    run([str(PEER), "-m", "lm_eval"], folder, tmp_path / "peer", model)
    run([sys.executable, "-m", "proctor", "run", "--no_store"], folder, tmp_path / "ours", model)
    report = compare(read_run(tmp_path / "peer"), read_run(tmp_path / "ours"), Tolerance())
    assert not report.mismatches, report
