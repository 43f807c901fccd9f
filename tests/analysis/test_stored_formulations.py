"""Scores of formulations out of samples files: those of the results file, document by document."""

from __future__ import annotations

import json

import pytest

from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.stored_formulations import FORMULATION_METRICS, formulation_values
from proctor.models.dummy import DummyModel
from proctor.results.open_runs import open_runs
from proctor.results.stored_run import StoredRun
from proctor.run.exam import load_exam
from proctor.run.finish import complete_run
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.run.variant_scores import FORMULATION_SCORES
from proctor.settings.config import build_config
from proctor.types import Generate, Scores, Text

TASK = """\
task: letters
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nAnswer:"
doc_to_choice: [A, B]
doc_to_target: answer
metric_list: [{metric: acc}]
"""


class Guesses(DummyModel):
    """Log-likelihoods that depend on the prompt and a salt."""

    salt = 1

    def respond(self, requests):
        for index, request in enumerate(requests):
            if isinstance(request, Generate):
                yield index, Text(" A" if len(request.prompt) % 2 else " B", "stop")
                continue
            seed = sum(map(ord, request.context)) * 7 + self.salt
            values = [-1.0 - ((seed * (place + 3)) % 17) / 7 for place in range(len(request.continuations))]
            yield index, Scores(tuple((value, False) for value in values))


class GuessesOtherwise(Guesses):
    salt = 5


@pytest.fixture
def store(tmp_path):
    rows = [{"question": f"Number {n}?", "choices": ["red", "blue"], "answer": n % 2} for n in range(24)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(TASK, encoding="utf-8")

    def run(model, name, **settings):
        given = {
            "model": "dummy", "include_path": [str(tmp_path)], "tasks": "letters",
            "formulations": "text,generate,letter", "choices_only": True,
            "output_path": str(tmp_path / name), "log_samples": True, **settings,
        }  # fmt: skip
        config = build_config(given)
        exam = load_exam(config, Quiet)
        complete_run(
            config,
            lambda samples: evaluate(
                config, progress=Quiet, bootstrap_iters=0, opened=model, exam=exam, samples=samples
            ),
            stream_samples=True,
        )
        return open_runs([tmp_path / name]).runs[0]

    return run


@pytest.mark.parametrize(
    "metric", ["acc_text", "acc_letter", "acc_generate", "acc_choices_only", "acc_choices_only_text"]
)
def test_their_mean_is_the_score_of_the_results_file(store, metric):
    run = store(Guesses(), "a")
    values = formulation_values(run, "letters", metric)
    assert len(values) == 24
    assert sum(values.values()) / 24 == pytest.approx(run.scores("letters")[metric, "none"])


def test_all_metrics_are_those_of_a_results_file():
    assert set(FORMULATION_SCORES) >= FORMULATION_METRICS


def test_two_runs_are_compared_by_a_formulation(store):
    a, b = store(Guesses(), "a"), store(GuessesOtherwise(), "b")
    (one,) = compare_runs([a, b], CompareOptions(metric="acc_text")).pairs[0].tasks
    assert one.metric == ("acc_text", "none")
    assert (one.a, one.b) == pytest.approx([run.scores("letters")["acc_text", "none"] for run in (a, b)])
    assert one.result.test == "mcnemar"


def test_a_run_without_that_formulation_has_no_values(store):
    run = store(Guesses(), "a", formulations="task", choices_only=False)
    assert formulation_values(run, "letters", "acc_text") == {}
    assert formulation_values(run, "letters", "acc_letter") == {}


@pytest.mark.parametrize("rows", [None, 3, [3], [{"task": "letters", "own": 3}]])
def test_a_results_file_that_says_something_else_names_no_own_formulation(rows):
    run = StoredRun("model", "file", "", {"proctor": {"formulations": {"tasks": rows}}}, {})
    assert formulation_values(run, "letters", "acc_letter") == {}
