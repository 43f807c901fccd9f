"""The tracker: a script's results as the files of a run."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest
from hub_stand_in import hub_stand_in

from proctor.compat.scripts.evaluation_tracker import EvaluationTracker
from proctor.compat.scripts.evaluator import simple_evaluate

TOKEN = "hf_abcDEF1234567xyz"


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
    assert EvaluationTracker(output_path="x", hub_results_org="org", public_repo=False).output_path == "x"


PROGRAM = """
import sys
from lm_eval import simple_evaluate
from lm_eval.loggers import EvaluationTracker
tracker = EvaluationTracker(
    output_path=sys.argv[1], hub_results_org="lab", push_results_to_hub=True, push_samples_to_hub=True,
    token=sys.argv[2], details_repo_name="details", results_repo_name="scores", point_of_contact="joe@example.org",
)
results = simple_evaluate(model="dummy", model_args="pretrained=org/model", tasks=["demo_letter_folk"], limit=3,
    evaluation_tracker=tracker)
samples = results.pop("samples")
tracker.save_results_aggregated(results=results, samples=samples)
for task in results["configs"]:
    tracker.save_results_samples(task_name=task, samples=samples[task])
if tracker.push_results_to_hub or tracker.push_samples_to_hub:
    tracker.recreate_metadata_card()
print("scores:", len(results["results"]))
"""


def run_program(address, tmp_path):
    places = {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
    environment = {**os.environ, **places, "PROCTOR_SEND_SECONDS": "20"}
    script = tmp_path / "script.py"
    script.write_text(PROGRAM)
    words = [sys.executable, "-m", "proctor.compat", str(script), str(tmp_path / "out"), TOKEN]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("scores: 1\n")
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done.stderr


@pytest.mark.slow
def test_results_and_samples_go_to_the_hub(tmp_path):
    with hub_stand_in() as hub:
        run_program(hub.address, tmp_path)
    assert set(hub.repositories) == {"lab/details-private", "lab/scores-private"}
    for name, kind in (("lab/details-private", "samples_demo_letter_folk"), ("lab/scores-private", "results")):
        files = hub.repositories[name]
        assert sorted(path.split("_2")[0] for path in files) == ["README.md", f"org__model/{kind}"]
        assert b"joe@example.org" in files["README.md"]
    assert f"Bearer {TOKEN}" in hub.tokens


@pytest.mark.slow
def test_a_hub_that_refuses_is_a_warning_with_the_command_that_sends_later(tmp_path):
    with hub_stand_in() as hub:
        hub.refusal = 403
        said = run_program(hub.address, tmp_path)
    assert said.count("The results were not sent to the Hugging Face hub") == 2
    [file] = (tmp_path / "out").rglob("results_*.json")
    assert f"Later: proctor push {file} --to hub --hf_hub_log_args hub_results_org=lab,push_results_to_hub=True" in said
    assert len(list((tmp_path / "out").rglob("samples_*.jsonl"))) == 1


def test_without_a_token_or_a_place_it_is_said(monkeypatch, tmp_path, caplog):
    from huggingface_hub import constants

    monkeypatch.setattr(logging.getLogger("proctor"), "propagate", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(ValueError, match="there is no token for the Hugging Face hub"):
        EvaluationTracker(output_path="x", push_results_to_hub=True)
    tracker = EvaluationTracker(push_results_to_hub=True, push_samples_to_hub=True, token=TOKEN)
    tracker.save_results_aggregated({"results": {}}, {})
    tracker.save_results_samples("one", [])
    assert "nothing is sent to the hub without output_path" in caplog.text


def test_what_is_known_of_a_run_is_an_attribute_and_nothing_else_is():
    tracker = EvaluationTracker().general_config_tracker
    tracker.log_experiment_args("hf", {"pretrained": "org/model"})
    assert tracker.model_source == "hf"
    with pytest.raises(AttributeError, match="no_such_fact"):
        _ = tracker.no_such_fact
