"""The file for a model's page: made, shown, written, proposed."""

from __future__ import annotations

import pytest
import yaml
from hub_stand_in import hub_stand_in
from huggingface_hub import parse_eval_result_entries

from proctor.errors import UsageError
from proctor.reporters.base import ReporterError
from proctor.reporters.eval_results import eval_results
from proctor.reporters.facts import ReportedRun
from proctor.results.stored_run import StoredRun


def test_the_hubs_own_reader_reads_it(reported):
    [entry] = parse_eval_result_entries(yaml.safe_load(eval_results(reported, {"source_url": "https://example.org"})))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("lab/quiz", "default", 0.5)
    assert (entry.date, entry.source_url) == ("2023-11-14T22:13:20Z", "https://example.org")
    assert entry.notes == "lm-evaluation-harness task all, acc"


def run_of(configs, results=None):
    results = results or {name: {"acc,none": 0.5, "em,strict": 0.25} for name in configs}
    return ReportedRun(
        StoredRun("lab/tiny", "here", "", {"results": results, "configs": configs, "n-shot": {"a": 5}}, {})
    )


def test_a_part_of_a_data_set_and_what_is_given():
    run = run_of({"a": {"dataset_path": "lab/all", "dataset_name": "part"}})
    [made] = yaml.safe_load(eval_results(run, {"metric": "em"}))
    assert made["dataset"] == {"id": "lab/all", "task_id": "part"}
    assert (made["value"], made["notes"]) == (0.25, "lm-evaluation-harness task a, em (strict), 5-shot")
    [made] = yaml.safe_load(eval_results(run, {"dataset": "x/y", "task_id": "z", "notes": "no tools"}))
    assert (made["dataset"], made["notes"]) == ({"id": "x/y", "task_id": "z"}, "no tools")


def test_what_cannot_be_known_is_asked_for():
    with pytest.raises(UsageError, match="not known which data set of the hub 'a' belongs to"):
        eval_results(run_of({"a": {"dataset_path": "json"}}), {})
    two = run_of({"a": {"dataset_path": "x/a"}, "b": {"dataset_path": "x/b"}})
    assert len(yaml.safe_load(eval_results(two, {}))) == 2
    with pytest.raises(UsageError, match="dataset and task_id are of one task, and the run has 2"):
        eval_results(two, {"dataset": "x/y"})
    with pytest.raises(UsageError, match="'a' has no metric 'f1'; it has acc, em"):
        eval_results(two, {"metric": "f1"})
    with pytest.raises(ReporterError, match="no scores"):
        eval_results(run_of({}, {"a": {}}), {})


def test_shown_and_not_sent_without_a_yes(push, results_file, tmp_path):
    with hub_stand_in() as hub:
        place = {"HF_ENDPOINT": hub.address, "HF_HUB_OFFLINE": "0", "HF_HOME": tmp_path, "HF_TOKEN": "hf_abcDEF1234567"}
        said = push(results_file, "--to", "hf-eval-results", **place)
        assert "# lab/tiny: .eval_results/all.yaml\n- dataset:\n    id: lab/quiz" in said
        assert "Nothing was sent: --yes sends it." in said
        assert hub.proposed == {}
        said = push(results_file, "--to", "hf-eval-results", "--yes", **place)
        assert f"{hub.address}/lab/tiny/discussions/1" in said
        assert list(hub.proposed["lab/tiny"]) == [".eval_results/all.yaml"]
        assert hub.repositories == {}


def test_into_a_clone(push, results_file, tmp_path):
    words = ("--hf_eval_results_args", f"folder={tmp_path}")
    push(results_file, "--to", "hf-eval-results", *words, HF_HUB_OFFLINE="1")
    assert (tmp_path / ".eval_results" / "all.yaml").read_text().startswith("- dataset:")


def test_a_folder_is_no_repository(push, make_run, tmp_path):
    file = make_run(tmp_path / "run", name="out/models/checkpoint-7")
    place = {"HF_HUB_OFFLINE": "0", "HF_HOME": tmp_path, "HF_TOKEN": "hf_abcDEF1234567"}
    said = push(file, "--to", "hf-eval-results", code=2, **place)
    assert "'out/models/checkpoint-7' is no repository of a model on the hub" in said
