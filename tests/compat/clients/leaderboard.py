"""A leaderboard: writes results files as the command does, then reads folders of them into rows."""

import json
import re
import sys
import tempfile
from pathlib import Path

import lm_eval
from _record import save
from lm_eval.loggers import EvaluationTracker
from lm_eval.utils import (
    get_file_datetime,
    get_file_task_name,
    get_latest_filename,
    get_results_filenames,
    get_sample_results_filenames,
    handle_non_serializable,
)

path, out = sys.argv[1:]
SKIP = ("date", "git_hash", "pretty_env_info", "upper_git_hash", "lm_eval_version", "start_time", "end_time")


def stable(document):
    kept = {key: value for key, value in document.items() if key not in (*SKIP, "total_evaluation_time_seconds")}
    for key in ("transformers_version", "model_name", "model_name_sanitized"):
        kept.pop(key, None)
    kept.pop("configs", None)
    kept["config"] = {key: value for key, value in kept["config"].items() if key not in ("model_args", "device")}
    return kept


with tempfile.TemporaryDirectory() as folder:
    tracker = EvaluationTracker(output_path=folder)
    results = lm_eval.simple_evaluate(
        model="hf",
        model_args={"pretrained": path, "dtype": "float32"},
        tasks=["demo_letter", "demo_errands", "demo_tales"],
        limit=4,
        batch_size=2,
        device="cpu",
        evaluation_tracker=tracker,
        task_manager=lm_eval.tasks.TaskManager(include_path=".", include_defaults=False),
        log_samples=True,
        bootstrap_iters=0,
    )
    json.dumps(results, default=handle_non_serializable)
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name in results["configs"]:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    files = [str(file) for file in Path(folder).rglob("*.json*")]
    names = [re.sub(r"\d{4}-[\d.T:-]*\d", "DATE", Path(file).name) for file in sorted(files)]
    (file,) = get_results_filenames(files)
    rows = sorted(get_sample_results_filenames(files))
    document = json.loads(Path(get_latest_filename([file])).read_text())
    lines = [json.loads(line) for line in Path(rows[0]).read_text().splitlines()]
    seen = {
        "names": names,
        "tasks": [get_file_task_name(Path(row).name) for row in rows],
        "dates": len({get_file_datetime(Path(row).name) for row in rows}),
        "folder": len({Path(file).parent for file in files}),
        "keys": sorted(set(document)),
        "document": stable(document),
        "lines": lines,
        "versions": document["versions"],
        "hashes": sorted(document.get("task_hashes", {})),
    }
save(out, seen)
