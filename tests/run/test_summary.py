"""The end of a run: scores of tasks, also where one does not come about."""

from __future__ import annotations

from dummy_runs import change, run
from oracle import Oracle

from proctor.models.dummy import DummyModel
from proctor.records import Query
from proctor.run.run_store import RunStore
from proctor.run.summary import ModelFacts
from proctor.settings.config import build_config
from proctor.store.keys import identity_digest
from proctor.types import Rolling


def test_a_task_of_which_nothing_can_be_graded_has_no_figures(shaky):
    change(shaky / "own.py", "not in ('Q2', 'Q4')", "is None")
    result = run(shaky, "one", "two")
    assert result.tasks[0].values == {}
    assert (result.tasks[0].sample_len, result.failed[0].documents) == (0, 20)
    assert result.tasks[1].values


def test_an_aggregation_that_fails_leaves_the_other_figures(shaky):
    (shaky / "own.py").write_text(
        "def measure(doc, results):\n    return {'m': 1, 'n': 2}\n\ndef total(items):\n    return items['x']\n"
    )
    change(shaky / "one.yaml", "[{metric: m, aggregation: mean}]", "\n  - {metric: m, aggregation: mean}\n")
    with (shaky / "one.yaml").open("a", encoding="utf-8") as file:
        file.write("  - metric: n\n    aggregation: !function own.total\n    higher_is_better: true\n")
    result = run(shaky, "one")
    assert list(result.tasks[0].values) == [("m", "none")]
    [failed] = result.failed
    assert (failed.documents, failed.first[0].doc_id) == (0, None)
    assert "n has no score: " in failed.first[0].why


def test_what_is_known_of_the_model_is_that_of_the_store(tmp_path):
    model = Oracle()
    config = build_config({"model": "dummy", "tasks": ["a"], "store": str(tmp_path / "a.sqlite")})
    with RunStore(config, model, 1.0) as store:
        pending = store.pending([Query("a", 0, 0, 0, Rolling("x"))])
        pending.ask(model, lambda count: None)
        store.close_chunk()
        facts = ModelFacts.of(store, None)
    assert facts.info == {"model_dtype": "torch.float32"}
    assert facts.digest == identity_digest(model.identity).hex()
    assert (facts.refused, facts.prices) == ({}, None)


def test_a_run_whose_model_has_no_identity_has_no_digest(tmp_path):
    config = build_config({"model": "dummy", "tasks": ["a"], "store": str(tmp_path / "a.sqlite")})
    with RunStore(config, DummyModel(), 1.0) as store:
        assert ModelFacts.of(store, None).digest is None
