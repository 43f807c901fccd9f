"""Documents that are done, and their score, while the others are still asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

import proctor
from proctor.models.dummy import DummyModel
from proctor.run.arrivals import AT_ONCE, LEAST_DOCUMENTS, Arrivals, can_grade_early
from proctor.run.chunks import plan_tasks
from proctor.run.progress import Quiet
from proctor.run.running_score import RunningScore
from proctor.run.status import RunStatus, WatchedProgress
from proctor.settings.config import build_config
from proctor.tasks.prompt import PromptStyle

TASK = "demo_text_isles"


@pytest.fixture(scope="module")
def plan():
    config = build_config({"model": "dummy", "tasks": [TASK]})
    (found,) = plan_tasks(proctor.load_tasks(TASK), config, PromptStyle(), Quiet)
    return found


@pytest.fixture(scope="module")
def responses(plan):
    requests = [query.request for query in plan.queries()]
    return [response for _, response in sorted(DummyModel().respond(requests), key=lambda one: one[0])]


class Clock:
    def __init__(self, step=1.0):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def arrive(plan, responses, order, clock=None):
    score, arrived = RunningScore(), [None] * len(responses)
    arrivals = Arrivals([plan], score, clock=clock or Clock(1e6))
    fair = []
    for place in order:
        arrived[place] = responses[place]
        arrivals.seen(place, arrived)
        fair.append(arrivals.has_score)
    return arrivals, score, fair


def test_in_the_order_of_the_data_set_there_is_a_score_that_ends_as_that_of_the_run(plan, responses):
    clock = Clock(0.0)
    score, arrived = RunningScore(), [None] * len(responses)
    arrivals = Arrivals([plan], score, clock=clock)
    for place in range(len(responses)):
        arrived[place] = responses[place]
        arrivals.seen(place, arrived)
        assert arrivals.has_score == (score.n >= LEAST_DOCUMENTS)
    assert arrivals.done == score.n == len(plan.documents)
    result = proctor.evaluate(model=DummyModel(), tasks=[TASK], bootstrap_iters=0)
    assert score.total / score.n == pytest.approx(float(result[TASK]["acc"]))


def test_sorted_by_length_there_is_none_until_nearly_all_are_there(plan, responses):
    order = sorted(range(len(responses)), key=lambda place: (place % 5, place))  # five lengths, here and there
    arrivals, score, fair = arrive(plan, responses, order, Clock(0.0))
    assert score.n == arrivals.done == len(plan.documents)
    assert not any(fair[1 : len(fair) * 4 // 5])
    assert fair[-1]


def test_grading_takes_its_share_of_the_time_and_no_more(plan, responses):
    # A step of grading lasts a second of this clock, as each look at it does.
    arrivals, score, _ = arrive(plan, responses, range(len(responses)), Clock(1.0))
    assert arrivals.done == len(plan.documents)
    assert 0 < score.n <= AT_ONCE
    assert not arrivals.has_score  # of so few


def test_a_document_with_a_part_of_its_responses_is_not_done(plan, responses):
    twice = replace(plan, queries_per_request=2)
    doubled = [response for response in responses for _ in range(2)]
    arrivals, score, _ = arrive(twice, doubled, range(0, len(doubled), 2))
    assert (arrivals.done, score.n) == (0, 0)


def test_code_of_a_task_is_not_run_twice(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"q": "a", "a": "b"}\n', encoding="utf-8")
    (tmp_path / "own.py").write_text("def score(doc, results):\n    return {'acc': 1.0}\n", encoding="utf-8")
    text = """
task: TASK
dataset_path: json
dataset_kwargs: {data_files: {test: rows.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "{{q}}"
doc_to_target: "{{a}}"
"""
    parts = {
        "plain": "metric_list: [{metric: exact_match}]",
        "own": "process_results: !function own.score\nmetric_list: [{metric: acc}]",
        "custom": "metric_list: [{metric: exact_match}]\nfilter_list: [{name: x, filter: [{function: custom, "
        "filter_fn: !function own.score}]}]",
    }
    for name, part in parts.items():
        (tmp_path / f"{name}.yaml").write_text(text.replace("TASK", name) + part + "\n", encoding="utf-8")
    found = {task.spec.name: can_grade_early(task) for task in proctor.load_tasks([*parts], include_path=str(tmp_path))}
    assert found == {"plain": True, "own": False, "custom": False}


@pytest.mark.parametrize("tasks", [[TASK], [TASK, "demo_text_sums"]])
def test_a_run_has_its_line_while_it_is_asked_and_the_same_scores(tasks, monkeypatch):
    monkeypatch.setattr("proctor.run.arrivals.TIME_SHARE", 1e9)  # a machine may be busy with something else
    from proctor.run.session import evaluate

    lines, status = [], RunStatus({})

    class Watched(DummyModel):
        def respond(self, requests):
            for number, response in super().respond(requests):
                yield number, response
                lines.append(status.line())

    config = build_config({"model": "dummy", "tasks": tasks, "no_store": True})
    watched = evaluate(config, progress=WatchedProgress(status, Quiet), opened=Watched(), bootstrap_iters=0)
    plain = evaluate(config, progress=Quiet, opened=DummyModel(), bootstrap_iters=0)
    assert [task.values for task in watched.tasks] == [task.values for task in plain.tasks]
    middle = lines[len(lines) * 3 // 4]
    assert " questions" in middle
    assert ("acc so far" in middle) == (len(tasks) == 1)
    total = status.document()["questions"]["total"]
    assert status.document()["questions"] == {"done": total, "total": total}
    assert lines[-1].startswith("100 %") or lines[-1].startswith("99 %")
