"""What the results file says of a run beside its scores."""

from __future__ import annotations

import json
from dataclasses import replace

from proctor.results.redact import redact
from proctor.run.facts import score_facts
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.run_result import GroupResult, TaskResult, Value
from proctor.settings.config import RunConfig


def task(name, values):
    return TaskResult(
        name=name, alias=name, version=1, n_shot=0, n_original=9, n_effective=9, sample_len=9,
        values=values, higher_is_better={}, config={},
    )  # fmt: skip


def test_each_score_says_how_sure_it_is_and_nothing_of_it_is_hidden():
    share = Value(0.5, 0.1, 24, "proportion", (0.3, 0.7))
    parts = [
        task("secret_letters", {("acc", "none"): share}),
        GroupResult("g", "g", "1", (), {("f1", "x"): Value(1.0)}),
    ]
    found = redact(score_facts(parts))
    assert found["scores"] == [
        {"name": "secret_letters", "metric": "acc", "filter": "none", "n": 24, "method": "proportion",
         "interval": [0.3, 0.7]},
        {"name": "g", "metric": "f1", "filter": "x", "n": None, "method": None, "interval": None},
    ]  # fmt: skip
    assert json.loads(json.dumps(found)) == found


def test_a_run_without_scores_says_nothing_of_them():
    assert score_facts([task("t", {})]) == {}


def test_a_run_says_it_and_a_strict_one_does_not():
    config = RunConfig(model="dummy", tasks=("demo_letter_isles",), limit=4, no_store=True)
    [row, *_] = evaluate(config, progress=Quiet).extra["proctor"]["scores"]
    assert (row["metric"], row["n"], row["method"]) == ("acc", 4, "proportion")
    assert "scores" not in evaluate(replace(config, strict_lm_eval=True), progress=Quiet).extra["proctor"]
