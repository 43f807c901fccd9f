"""A second order of a document's options: requested, keyed, filtered and recorded apart; the task's scores unmoved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from proctor.models import open_tokenizer
from proctor.models.dummy import DummyModel
from proctor.models.prefix.counts import count
from proctor.models.prefix.plan import Limits
from proctor.preview import preview as previewing
from proctor.run.exam import Exam, load_exam
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.store.keys import Keys
from proctor.tasks.data import Selection
from proctor.tasks.example import Variant
from proctor.tasks.plan import plan_task
from proctor.tasks.prompt import PLAIN
from proctor.tasks.task import Task
from proctor.types import Loglikelihood, Scores

DEMO = Path(__file__).resolve().parents[2] / "src" / "proctor" / "benchmarks" / "demo" / "model"
TASK = """\
task: letters
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nC. {{choices[2]}}\\nAnswer:"
doc_to_choice: [A, B, C]
doc_to_target: answer
metric_list: [{metric: acc}, {metric: acc_mutual_info}]
"""
GOLDS = [0, 2, 2, 1, 0]


class TwoOrders(Task):
    """Shows each document a second time, with its options the other way round."""

    def examples(self, positions, style, seed, note=None):
        for example in super().examples(positions, style, seed, note):
            yield replace(example, variants=(example.canonical, self._reversed(example)))

    def _reversed(self, example):
        shown, order = example.canonical, example.canonical.order[::-1]
        text = self.question.text({**example.doc, "choices": [example.doc["choices"][number] for number in order]})
        (turns,) = shown.contexts
        turns = (*turns[:-1], replace(turns[-1], content=text))
        return Variant((turns,), shown.options, order.index(shown.gold), order)


class FirstModel(DummyModel):
    """Prefers what stands first; without a prompt, all options are alike."""

    def respond(self, requests):
        for index, request in enumerate(requests):
            step = 1.0 if request.context else 0.0
            yield index, Scores(tuple((-1.0 - step * number, False) for number in range(len(request.continuations))))


@pytest.fixture
def config(tmp_path):
    rows = [
        {"question": f"Which tale of number {n} is the long one?", "choices": ["red", "blue", "green"], "answer": gold}
        for n, gold in enumerate(GOLDS)
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(TASK, encoding="utf-8")
    return build_config({"model": "dummy", "tasks": [str(tmp_path / "letters.yaml")]})


@pytest.fixture
def spec(config):
    return load_exam(config, Quiet).tasks[0].spec


def plan(task, limit=1):
    return plan_task(task, selection=Selection(limit), seed=0, style=PLAIN)


def run(config, task):
    exam = Exam((task,))
    return evaluate(config, progress=Quiet, bootstrap_iters=0, opened=FirstModel(), exam=exam, keep_records=True)


def test_each_variant_has_requests_of_its_own_variant_by_variant(spec):
    (planned,) = plan(TwoOrders(spec)).documents
    assert [(ask.variant, ask.role) for ask in planned.asks] == [
        (0, "option"), (0, "unconditional"), (1, "option"), (1, "unconditional"),
    ]  # fmt: skip
    first, second = planned.asks_of(0)[0].request, planned.asks_of(1)[0].request
    assert "A. red\nB. blue\nC. green\n" in first.context
    assert "A. green\nB. blue\nC. red\n" in second.context
    assert first.continuations == second.continuations == (" A", " B", " C")
    assert [query.index for query in plan(TwoOrders(spec)).queries()] == [0, 1, 2, 3]


def test_the_canonical_requests_and_their_keys_are_those_of_a_run_without_variants(spec):
    keys = Keys({"model": "m"})
    (plain,), (planned,) = plan(Task(spec)).documents, plan(TwoOrders(spec)).documents
    assert planned.asks_of(0) == plain.asks
    canonical, other = (keys.of(planned.asks_of(variant)[0].request) for variant in (0, 1))
    assert canonical == keys.of(plain.asks[0].request)
    assert set(canonical).isdisjoint(other)
    # What has no context is the same request in either order, and the store has it once.
    assert keys.of(planned.asks_of(0)[1].request) == keys.of(planned.asks_of(1)[1].request)


def test_the_planner_computes_the_stem_of_all_orders_once(spec):
    (planned,) = plan(TwoOrders(spec)).documents
    tokens = open_tokenizer("hf", {"pretrained": str(DEMO)})
    requests = [planned.asks_of(variant)[0].request for variant in (0, 1)]

    def forwarded(*some):
        return count(tokens, some, mode="tree", limits=Limits(4096, 64)).scored.forwarded

    stem = forwarded(Loglikelihood(requests[0].context.partition("\nA. ")[0], (" A",)))
    alone = [forwarded(request) for request in requests]
    assert stem > 8
    # The last tokens of the stem alone may be others where the options follow.
    assert forwarded(*requests) <= sum(alone) - (stem - 2)


def test_the_scores_of_the_task_are_those_of_the_canonical_variant_alone(config, spec):
    plain, both = run(config, Task(spec)), run(config, TwoOrders(spec))
    assert both["letters"]["acc"] == plain["letters"]["acc"] == GOLDS.count(0) / len(GOLDS)
    (before,), (after,) = plain.tasks, both.tasks
    assert after.values == before.values
    assert after.n_effective == before.n_effective == len(GOLDS)


def test_each_variant_is_graded_with_its_own_gold_and_recorded_apart(config, spec):
    plain, both = run(config, Task(spec)).records["letters"], run(config, TwoOrders(spec)).records["letters"]
    canonical = [record for record in both if record.variant == 0]
    others = [record for record in both if record.variant == 1]
    assert canonical == plain
    assert [record.doc_id for record in others] == [record.doc_id for record in canonical]
    assert [record.metrics["acc"] for record in canonical] == [float(gold == 0) for gold in GOLDS]
    assert [record.metrics["acc"] for record in others] == [float(gold == 2) for gold in GOLDS]


def test_a_filter_that_looks_at_all_documents_sees_one_variant_at_a_time(config, spec):
    class Counting:
        name = "counting"
        steps = ()

        def apply(self, responses, docs):
            assert len(responses) == len(docs)
            return [(-1.0 * len(responses), False) for _ in responses]

    task = TwoOrders(spec)
    task.pipelines = (Counting(),)
    records = run(config, task).records["letters"]
    per_variant = 6 * len(GOLDS)
    assert {value for record in records for value in record.filtered} == {(-1.0 * per_variant, False)}


def test_a_line_of_the_samples_file_names_a_further_variant(config, spec, tmp_path):
    from proctor.results.schema import sample_line

    lines = [sample_line(record) for record in run(config, TwoOrders(spec)).records["letters"]]
    assert [line.get("variant", 0) for line in lines] == [0] * 5 + [1] * 5
    assert all("variant" not in line for line in lines[:5])


def test_preview_shows_each_variant(config, spec, monkeypatch):
    monkeypatch.setattr(previewing, "bind_tasks", lambda specs, progress: [TwoOrders(spec)])
    shown = "\n".join(previewing.preview(config, progress=Quiet))
    assert "the same document, its options in the order 2 1 0" in shown
    assert shown.index("A. red\n") < shown.index("the same document") < shown.index("A. green\n")
    assert "12 requests" in shown
