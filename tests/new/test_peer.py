"""Folders of ``proctor new`` in lm-eval 0.4.13: the same prompts, answers and scores, by a tiny model on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from proctor.filters.pipeline import build_pipelines
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


APPLY = """
import json, sys, yaml
from lm_eval.filters import build_filter_ensemble
task, replies = yaml.safe_load(open(sys.argv[1], encoding="utf-8")), json.load(sys.stdin)
class Instance:
    def __init__(self, reply):
        self.resps, self.doc, self.filtered_resps = [reply], {}, {}
found = [Instance(reply) for reply in replies]
for entry in task["filter_list"]:
    steps = [(step.pop("function"), step or None) for step in entry["filter"]]
    build_filter_ensemble(entry["name"], steps).apply(found)
print(json.dumps([list(one.filtered_resps.values()) for one in found]))
"""


@pytest.mark.parametrize("flags", [{}, {"several": "all"}])
def test_replies_are_read_alike_by_lm_eval(flags, tmp_path):
    source = ROOT / "tests" / "tables" / ("several_circled.csv" if flags else "five_and_four.csv")
    files = task_files(plan_task(request_of({"name": "exam", "source": str(source), "style": "chat", **flags})))
    write_files(tmp_path, files)
    lines = (ROOT / "tests" / "answers" / "replies.jsonl").read_text(encoding="utf-8").splitlines()
    replies = [json.loads(line)["reply"] for line in lines] + [
        "정답: Ｂ",
        "**정답:** B",
        "정답은 A가 아니라 B입니다",
        "답변: A, C",
    ]
    command = [str(PEER), "-c", APPLY, str(tmp_path / "exam.yaml")]
    done = subprocess.run(command, input=json.dumps(replies), capture_output=True, text=True, check=True)
    pipelines = build_pipelines(yaml.safe_load(files["exam.yaml"])["filter_list"])
    ours = [list(found) for found in zip(*(one.apply([[reply] for reply in replies], [{}] * len(replies))
                                           for one in pipelines), strict=True)]  # fmt: skip
    assert ours == json.loads(done.stdout)
