"""The four output types from a task file to figures, scored and merely predicted; fields that change nothing."""

from __future__ import annotations

import pytest

from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config

HEAD = "dataset_path: json\ndataset_kwargs: {data_files: {test: test.jsonl}}\ntest_split: test\ndoc_to_text: question\n"
FORMS = {
    "multiple_choice": "doc_to_choice: choices\ndoc_to_target: answer\n",
    "loglikelihood": "doc_to_target: question\n",
    "loglikelihood_rolling": "doc_to_target: question\n",
    "generate_until": "doc_to_target: question\n",
}
SCORED = {
    "multiple_choice": ["acc", "acc_norm"],
    "loglikelihood": ["perplexity", "acc"],
    "loglikelihood_rolling": ["word_perplexity", "byte_perplexity", "bits_per_byte"],
    "generate_until": ["exact_match"],
}
DECONTAMINATION = "should_decontaminate: true\ndoc_to_decontamination_query: question\n"


def run(folder, output, more="", **settings):
    path = folder / f"{output}.yaml"
    path.write_text(f"task: t\noutput_type: {output}\n" + HEAD + FORMS[output] + more, encoding="utf-8")
    config = build_config({"model": "dummy", "tasks": [str(path)], **settings})
    return evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True)


@pytest.fixture
def exam(tmp_path, write_exam):
    return write_exam(tmp_path, documents=3)


@pytest.mark.parametrize("output", FORMS)
def test_each_output_type_has_its_own_figures(exam, output):
    (task,) = run(exam, output).tasks
    assert [metric for metric, _ in task.values] == SCORED[output]
    assert task.sample_len == 3


@pytest.mark.parametrize("output", FORMS)
def test_predicting_only_keeps_the_answers_and_scores_nothing(exam, output, tmp_path):
    result = run(exam, output, predict_only=True, output_path=str(tmp_path / "out"))
    (task,) = result.tasks
    figures = {key: value.value for key, value in task.values.items()}
    # lm-eval: generated texts get the figure 999 for the metric that stands for none.
    assert figures == ({("bypass", "none"): 999} if output == "generate_until" else {})
    assert task.n_effective == 3
    records = result.records["t"]
    assert len(records) == 3
    assert all(record.responses[0] for record in records)


@pytest.mark.parametrize("output", FORMS)
def test_the_fields_of_decontamination_are_kept_and_change_nothing(exam, output):
    without, told = run(exam, output), run(exam, output, DECONTAMINATION)
    assert told.records == without.records
    assert told.tasks[0].values == without.tasks[0].values
    config = told.tasks[0].config
    assert (config["should_decontaminate"], config["doc_to_decontamination_query"]) == (True, "question")
    assert without.tasks[0].config["should_decontaminate"] is False
