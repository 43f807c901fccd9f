"""Scores over orders out of samples files: those of the results file, document by document."""

from __future__ import annotations

import json
import math

import pytest

from proctor.analysis.compare import compare_runs
from proctor.analysis.comparison import CompareOptions
from proctor.analysis.stored_orders import ORDER_METRICS, order_values
from proctor.models.dummy import DummyModel
from proctor.results.open_runs import open_runs
from proctor.run.exam import load_exam
from proctor.run.finish import complete_run
from proctor.run.order_results import NAMES
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Scores

TASK = """\
task: letters
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\nAnswer:"
doc_to_choice: [A, B, C]
doc_to_target: answer
metric_list: [{metric: acc}]
"""


class Guesses(DummyModel):
    """Log-likelihoods that depend on the prompt and a salt."""

    salt = 1

    def respond(self, requests):
        for index, request in enumerate(requests):
            seed = sum(map(ord, request.context)) * 7 + self.salt
            values = [-1.0 - ((seed * (place + 3)) % 17) / 7 for place in range(len(request.continuations))]
            yield index, Scores(tuple((value, False) for value in values))


class GuessesOtherwise(Guesses):
    salt = 5


@pytest.fixture
def folder(tmp_path):
    rows = [{"question": f"Number {n}?", "choices": ["red", "blue", "green"], "answer": n % 3} for n in range(24)]
    rows.append({"question": "Last?", "choices": ["red", "None of these", "Both A and B"], "answer": 0})
    rows.append({"question": "Twice?", "choices": ["red", "red", "blue"], "answer": 1})
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(TASK, encoding="utf-8")
    return tmp_path


def stored(folder, model, orders="cyclic"):
    out = folder / type(model).__name__ / orders
    given = {"model": "dummy", "tasks": [str(folder / "letters.yaml")], "choice_orders": orders}
    config = build_config({**given, "output_path": str(out), "log_samples": True})
    exam = load_exam(config, Quiet)
    complete_run(config, lambda samples: evaluate(config, progress=Quiet, opened=model, exam=exam, samples=samples),
                 stream_samples=True)  # fmt: skip
    return open_runs([out]).runs[0]


def test_the_metrics_are_those_of_a_run():
    assert set(ORDER_METRICS) == set(NAMES)


@pytest.mark.parametrize("orders", ["cyclic", "all"])
def test_documents_give_the_score_of_the_results_file(folder, orders):
    run = stored(folder, Guesses(), orders)
    reported = run.scores("letters")
    for metric in ORDER_METRICS:
        values = order_values(run, "letters", metric)
        assert math.fsum(values.values()) / len(values) == pytest.approx(reported[metric, "none"], abs=1e-12), metric


def test_a_run_in_one_order_has_none(folder):
    assert order_values(stored(folder, Guesses(), "canonical"), "letters", "acc_orders_worst") == {}


def test_two_runs_are_compared_by_a_score_over_orders(folder):
    runs = [stored(folder, Guesses()), stored(folder, GuessesOtherwise())]
    (one,) = compare_runs(runs, CompareOptions(metric="acc_orders_mean")).pairs[0].tasks
    assert one.metric == ("acc_orders_mean", "none")
    assert (one.a, one.b) == pytest.approx([run.scores("letters")["acc_orders_mean", "none"] for run in runs])
    assert one.result.n == 26
    assert one.result.test == "sign flips"
    (worst,) = compare_runs(runs, CompareOptions(metric="acc_orders_worst")).pairs[0].tasks
    assert worst.result.test == "mcnemar"
    assert worst.result.n < 26


def test_lines_that_were_edited_have_no_value(folder):
    run = stored(folder, Guesses())
    file = run.samples_files["letters"]
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    lines[0]["order"] = [0, 0, 1]
    lines[1]["order"] = "cyclic"
    lines[2]["filtered_resps"] = [["x"]]
    lines[3]["filtered_resps"][0][0] = 10**400
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert len(order_values(run, "letters", "acc_orders_mean")) == 22
