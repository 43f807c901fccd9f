"""The hub: a stand-in on loopback, through ``huggingface_hub`` itself."""

from __future__ import annotations

import json

import pytest
from hub_stand_in import OWNER, hub_stand_in

from proctor.errors import UsageError
from proctor.reporters.hub_reporter import HubReporter, repository_names

TOKEN = "hf_abcDEF1234567xyz"


@pytest.fixture
def hub():
    with hub_stand_in() as server:
        yield server


@pytest.fixture
def to_hub(hub, push, tmp_path):
    def run(*words, **more):
        place = {"HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": "0", "HF_HOME": tmp_path / "home", "HF_TOKEN": TOKEN}
        place["HUGGING_FACE_HUB_TOKEN"] = None
        return push(*words, "--to", "hub", **{**place, **more})

    return run


def test_results_samples_and_card_in_one_commit_private(hub, to_hub, results_file):
    said = to_hub(results_file)
    name = f"{OWNER}/lm-eval-results-private"
    assert f"{hub.address}/datasets/{name}" in said
    files = hub.repositories[name]
    assert sorted(path.split("_2026")[0] for path in files) == [
        "README.md",
        "lab__tiny/results",
        "lab__tiny/samples_quiz",
    ]
    assert hub.private[name] is True
    assert f"Bearer {TOKEN}" in hub.tokens
    assert sum(path.endswith("/commit/main") for _, path in hub.requests) == 1
    [results] = [data for path, data in files.items() if "results_" in path]
    assert json.loads(results)["results"]["quiz"]["acc,none"] == 0.5
    [samples] = [data for path, data in files.items() if "samples_" in path]
    assert len(samples.splitlines()) == 4
    assert b"lab__tiny__quiz" in files["README.md"]


def test_lm_evals_arguments(hub, to_hub, results_file):
    words = "hub_results_org=lab,details_repo_name=d,results_repo_name=r,public_repo=True,gated=True"
    to_hub(results_file, "--hf_hub_log_args", words)
    assert {name: hub.private[name] for name in hub.repositories} == {"lab/r": False, "lab/d": False}
    assert hub.settings == {"lab/r": {"gated": "auto"}, "lab/d": {"gated": "auto"}}
    assert all("README.md" in files for files in hub.repositories.values())
    assert not any("samples" in path for path in hub.repositories["lab/r"])


def test_secrets_of_a_file_of_lm_eval_do_not_leave(hub, to_hub, make_run, tmp_path):
    to_hub(make_run(tmp_path / "run", api_key="sk-abcDEF12345"))
    sent = b"".join(data for files in hub.repositories.values() for data in files.values())
    assert b"pretrained" in sent
    assert b"sk-abcDEF12345" not in sent


def test_a_run_without_samples_sends_its_scores_and_says_so(hub, to_hub, make_run, tmp_path):
    file = make_run(tmp_path / "run", samples=False)
    assert "It has no samples: the scores were sent alone." in to_hub(file)
    said = to_hub(file, "--hf_hub_log_args", "push_samples_to_hub=True", code=1)
    assert "the run has no samples" in said


def test_a_token_that_may_not_write_is_a_sentence(hub, to_hub, results_file):
    hub.refusal = 403
    said = to_hub(results_file, "--hf_hub_log_args", "hub_results_org=lab", code=1)
    assert "The results were not sent to the Hugging Face hub" in said
    assert TOKEN not in said


def test_no_hub_there(push, results_file, tmp_path):
    place = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0", "HF_HOME": tmp_path, "HF_TOKEN": TOKEN}
    assert "The results were not sent to the Hugging Face hub" in push(results_file, "--to", "hub", code=1, **place)


def test_no_token_and_no_network_are_said_before(to_hub, results_file):
    assert "there is no token for the Hugging Face hub" in to_hub(results_file, code=2, HF_TOKEN=None)
    assert "HF_HUB_OFFLINE is set" in to_hub(results_file, code=2, HF_HUB_OFFLINE="1")


def test_nothing_is_to_be_sent():
    with pytest.raises(UsageError, match="nothing is to be sent"):
        HubReporter({"hub_results_org": "lab"}).check()
    with pytest.raises(UsageError, match="public_repo is 'perhaps'"):
        HubReporter({"public_repo": "perhaps"})


def test_names_of_repositories_are_lm_evals():
    assert repository_names({}) == ("lm-eval-results", "lm-eval-results")
    assert repository_names({"details_repo_name": "d"}) == ("d", "d")
    assert repository_names({"results_repo_name": "r"}) == ("lm-eval-results", "r")
    assert repository_names({"hub_repo_name": "h", "details_repo_name": "d"}) == ("h", "h")
