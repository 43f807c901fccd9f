"""Results and samples are read by the public converter of Every Eval Ever, which knows lm-eval's files alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import proctor

CONVERTER = "every_eval_ever"
DEMO = Path(proctor.__file__).parent / "benchmarks" / "demo" / "model"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec(CONVERTER) is None,
        reason=f"{CONVERTER} is not installed; 'make trackers' runs this test with it, from Python 3.12 on",
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of the bundled benchmark in ``results``, and what the converter makes of it in ``converted``."""
    place = tmp_path_factory.mktemp("every_eval_ever")
    (place / "lab").mkdir()
    # The converter takes names of the hub's form alone.
    (place / "lab" / "tiny").symlink_to(DEMO)
    run = ["proctor", "run", "--model", "hf", "--model_args", "pretrained=lab/tiny,dtype=float32", "--tasks"]
    run += ["demo_letter_folk,demo_errands,demo_text_sums", "--output_path", "results", "--log_samples", "--no_store"]
    convert = [f"{CONVERTER}.converters.lm_eval", "--log_path", "results", "--output_dir", "converted"]
    for words in (run, [*convert, "--include_samples"]):
        command, variables = [sys.executable, "-m", *words], {**os.environ, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return place


def converted(folder, task, suffix):
    (file,) = (folder / "converted" / task / "lab" / "tiny").glob(f"*{suffix}")
    return file.read_text(encoding="utf-8")


def test_scores_are_those_of_the_results_file(folder):
    (file,) = (folder / "results").rglob("results_*.json")
    results = json.loads(file.read_text(encoding="utf-8"))["results"]
    for task in ("demo_letter_folk", "demo_errands", "demo_text_sums"):
        document = json.loads(converted(folder, task, ".json"))
        assert document["eval_library"] == {"name": "lm_eval", "version": "0.4.13"}
        assert document["model_info"]["inference_engine"]["name"] == "transformers"
        entries = {one["evaluation_result_id"]: one["score_details"] for one in document["evaluation_results"]}
        scores = {
            key.removesuffix(",none").replace(",", ":"): value
            for key, value in results[task].items()
            if "," in key and "_stderr" not in key
        }
        assert {name: entry["score"] for name, entry in entries.items()} == scores
        errors = [entry["uncertainty"]["standard_error"]["value"] for entry in entries.values()]
        assert errors == [value for key, value in results[task].items() if "_stderr," in key]


def test_each_sample_arrives(folder):
    lines = [json.loads(line) for line in converted(folder, "demo_letter_folk", "_samples.jsonl").splitlines()]
    (file,) = (folder / "results").rglob("samples_demo_letter_folk_*.jsonl")
    samples = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(samples) == 72
    assert [line["evaluation"]["is_correct"] for line in lines] == [sample["acc"] == 1 for sample in samples]
    assert [line["metadata"]["doc_hash"] for line in lines] == [sample["doc_hash"] for sample in samples]
    assert lines[0]["input"]["choices"] == ["A", "B", "C", "D"]
    assert lines[0]["input"]["raw"] == samples[0]["arguments"]["gen_args_0"]["arg_0"]
