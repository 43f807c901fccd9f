"""The tracker: a script's results as the files of a run."""

from __future__ import annotations

import json

import pytest

from proctor.compat.scripts.evaluation_tracker import EvaluationTracker
from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.unsupported import TrackioLogger, WandbLogger
from proctor.errors import UsageError


def test_the_tracker_writes_proctors_files(exam, tmp_path):
    tracker = EvaluationTracker(output_path=str(tmp_path / "out"))
    results = simple_evaluate("dummy", "path=org/model", tasks=["one"], task_manager=exam, evaluation_tracker=tracker)
    samples = results.pop("samples")
    tracker.save_results_aggregated(results, samples)
    tracker.save_results_samples("one", samples["one"])
    folder = tmp_path / "out" / "org__model"
    document = json.loads(next(folder.glob("results_*.json")).read_text())
    assert document["task_hashes"].keys() == {"one"}
    assert document["model_name"] == "org/model"
    (lines,) = [path.read_text().splitlines() for path in folder.glob("samples_one_*.jsonl")]
    assert json.loads(lines[0])["arguments"]["gen_args_0"]["arg_1"] == " a"
    with pytest.raises(UsageError, match="Hub"):
        EvaluationTracker(push_results_to_hub=True)
    for logger in (WandbLogger, TrackioLogger):
        with pytest.raises(UsageError, match="is not supported yet"):
            logger()


def test_without_a_place_nothing_is_written_and_the_facts_are_added(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tracker, results = EvaluationTracker(), {"results": {}}
    tracker.general_config_tracker.log_experiment_args("hf", "pretrained=org/model", system_instruction="Be brief.")
    tracker.save_results_aggregated(results)
    tracker.save_results_samples("one", [])
    tracker.recreate_metadata_card()
    assert not list(tmp_path.iterdir())
    assert results["task_hashes"] == {}
    assert (results["model_name"], results["system_instruction"]) == ("org/model", "Be brief.")
    assert float(results["total_evaluation_time_seconds"]) >= 0.0


def test_samples_files_have_the_stamp_of_their_results(exam, tmp_path):
    tracker = EvaluationTracker(output_path=str(tmp_path / "out"))
    tracker.save_results_aggregated({"results": {}})
    tracker.save_results_samples("one", simple_evaluate("dummy", tasks=["one"], task_manager=exam)["samples"]["one"])
    names = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {f"results_{tracker.date_id}.json", f"samples_one_{tracker.date_id}.jsonl"}


def test_arguments_that_it_does_not_take_are_refused():
    with pytest.raises(TypeError, match="EvaluationTracker takes no 'output_pth'"):
        EvaluationTracker(output_pth="x")
    with pytest.raises(UsageError, match="pushing to the Hugging Face Hub is not supported"):
        EvaluationTracker(output_path="x", push_samples_to_hub=True)
    assert EvaluationTracker(output_path="x", hub_results_org="org", public_repo=False).output_path == "x"


def test_what_is_known_of_a_run_is_an_attribute_and_nothing_else_is():
    tracker = EvaluationTracker().general_config_tracker
    tracker.log_experiment_args("hf", {"pretrained": "org/model"})
    assert tracker.model_source == "hf"
    with pytest.raises(AttributeError, match="no_such_fact"):
        _ = tracker.no_such_fact
