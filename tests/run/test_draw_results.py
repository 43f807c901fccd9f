"""Scores under several draws of few-shot examples: the first is the task's own, the others say how sure it is."""

from __future__ import annotations

import json
import logging
import re

import pytest
from quiz_files import write_quiz
from scripted_model import ScriptedModel
from stopped_runs import run, write_group, written

from proctor.analysis.variance import variance_components
from proctor.errors import UsageError
from proctor.models.dummy import DummyModel
from proctor.replay.changes import Changes
from proctor.replay.regrade import regrade
from proctor.results.table import draw_notes
from proctor.run.draw_results import DrawScores, draw_facts, draw_scores
from proctor.run.progress import Quiet
from proctor.run.scores import MetricValues
from proctor.settings.config import build_config
from proctor.types import Scores

EXAMPLES = "fewshot_split: test\nnum_fewshot: 3\nfewshot_config: {sampler: SAMPLER}\n"
DRAWN = EXAMPLES.replace("SAMPLER", "default")


class Swayed(DummyModel):
    """Right where the numbers of a prompt's examples and document have a sum that five does not divide."""

    name = "swayed"
    identity = {"model": "swayed"}  # noqa: RUF012 - as models have it

    def respond(self, requests):
        for index, request in enumerate(requests):
            numbers = [int(one) for one in re.findall(r"\d+", request.texts[0])]
            right = numbers[-1] % 2 if sum(numbers) % 5 else 1 - numbers[-1] % 2
            yield index, Scores(tuple([(-1.0 - (place != right), False) for place in range(request.count)]))


def drawn(tmp_path, documents=60, more=DRAWN, **options):
    return run(write_quiz(tmp_path, documents=documents, more=more), Swayed(), **options)


def by_variant(finished, task="quiz"):
    found: dict[int, dict[int, object]] = {}
    for record in finished.result.records[task]:
        found.setdefault(record.variant, {})[record.doc_id] = record
    return found


def test_the_first_draw_is_the_run_without_others(tmp_path):
    plain, several = drawn(tmp_path), drawn(tmp_path, fewshot_seeds=4)
    mine, theirs = (one.document["results"]["quiz"] for one in (several, plain))
    assert {key: mine[key] for key in theirs} == theirs
    first, alone = by_variant(several)[0], by_variant(plain)[0]
    assert {key: one.arguments for key, one in first.items()} == {key: one.arguments for key, one in alone.items()}


def test_another_draw_is_that_of_the_seed_as_many_higher(tmp_path):
    several = by_variant(drawn(tmp_path, fewshot_seeds=3))
    assert set(several) == {0, 1, 2}
    for number in (1, 2):
        alone = by_variant(drawn(tmp_path, seed=f"0,1234,1234,{1234 + number}"))[0]
        assert {key: one.arguments for key, one in several[number].items()} == {
            key: one.arguments for key, one in alone.items()
        }
    assert several[1][7].arguments != several[0][7].arguments


def test_the_spread_is_split_into_documents_draws_and_the_rest(tmp_path):
    finished = drawn(tmp_path, fewshot_seeds=4)
    variants = by_variant(finished)
    rows = [tuple(variants[draw][doc_id].metrics["acc"] for draw in range(4)) for doc_id in range(60)]
    expected = variance_components(rows)
    value = finished.result.tasks[0].values
    mean = value["acc_draws_mean", "none"]
    assert (mean.value, mean.stderr, mean.n, mean.method) == (expected.mean, expected.stderr_mean, 60, "draws")
    assert value["acc", "none"].errors == {"one_draw": expected.stderr_one_draw}
    (found, _) = finished.document["proctor"]["fewshot_seeds"]["scores"]
    assert found["by_draw"] == list(expected.by_draw)
    assert found["draw_share"] == expected.draw_share
    assert finished.document["proctor"]["fewshot_seeds"]["seeds"] == [1234, 1235, 1236, 1237]
    assert finished.document["results"]["quiz"]["acc_stderr_one_draw,none"] == expected.stderr_one_draw
    assert finished.document["n-samples"]["quiz"] == {"original": 60, "effective": 60}


def test_its_sentence_says_how_much_is_the_choice_of_examples(tmp_path):
    (found, _) = drawn(tmp_path, fewshot_seeds=4).document["proctor"]["fewshot_seeds"]["scores"]
    said = re.fullmatch(
        r"quiz: acc 0\.\d{4} ± 0\.\d{4} over 4 draws of the examples \(0\.\d{4} to 0\.\d{4}\)\. "
        r"One draw is sure to ± 0\.\d{4}: of the spread, (\d+) % is the choice of examples\.",
        found["sentence"],
    )
    assert said
    assert int(said[1]) == round(100 * found["draw_share"])


def test_where_no_score_varies_there_is_no_share(tmp_path):
    task = write_quiz(tmp_path, documents=20, more=DRAWN)
    (found, _) = run(task, ScriptedModel(lambda _: True), fewshot_seeds=2).document["proctor"]["fewshot_seeds"][
        "scores"
    ]
    assert found["draw_share"] is None
    assert found["sentence"].endswith(": no score varies.")


def test_the_lines_below_the_table_are_those_of_groups_and_of_tasks_in_none(tmp_path):
    task = write_group(tmp_path, (30, 20))
    write_quiz(tmp_path, "one", 30, "Q{}", DRAWN)
    write_quiz(tmp_path, "two", 20, "other {}", DRAWN)
    alone = write_quiz(tmp_path, "alone", 20, "alone {}", DRAWN)
    finished = run(task, Swayed(), tasks=["both", alone], fewshot_seeds=2, include_path=str(tmp_path))
    assert [note.partition(":")[0] for note in draw_notes(finished.document)] == ["both", "alone"]
    assert draw_notes({}) == []


def test_ten_draws_have_quantiles(tmp_path):
    (found, _) = drawn(tmp_path, fewshot_seeds=10).document["proctor"]["fewshot_seeds"]["scores"]
    low, middle, high = found["quantiles"]
    assert min(found["by_draw"]) <= low <= middle <= high <= max(found["by_draw"])


@pytest.mark.parametrize("beside", [False, True], ids=["from the store", "from its samples"])
def test_killed_resumed_and_graded_again_it_is_the_same(tmp_path, beside):
    options = {"fewshot_seeds": 3, "log_samples": True}
    drawn(tmp_path, output_path=str(tmp_path / "whole"), store=str(tmp_path / "a"), **options)

    class Stopped(Swayed):
        def respond(self, requests):
            for number, (index, response) in enumerate(super().respond(requests)):
                if number == 71:
                    raise KeyboardInterrupt
                yield index, response

    task, store = str(tmp_path / "quiz.yaml"), str(tmp_path / "b")
    with pytest.raises(KeyboardInterrupt):
        run(task, Stopped(), store=store, output_path=str(tmp_path / "resumed"), **options)
    run(task, Swayed(), store=store, output_path=str(tmp_path / "resumed"), **options)
    whole = written(tmp_path / "whole")
    assert whole == written(tmp_path / "resumed")
    (results,) = (tmp_path / "whole").rglob("results_*.json")
    where = {"no_store": True} if beside else {"store": str(tmp_path / "a")}
    changes = Changes(output_path=str(tmp_path / "again"), log_samples=True, tasks=(task,), **where)
    regrade(results, changes, progress=Quiet, bootstrap_iters=100)
    again = written(tmp_path / "again")
    assert again["results"]["results"] == whole["results"]["results"]
    assert again["results"]["proctor"]["fewshot_seeds"] == whole["results"]["proctor"]["fewshot_seeds"]
    assert again["samples_quiz"] == whole["samples_quiz"]


@pytest.mark.parametrize("weight", ["true", "false"])
def test_a_group_that_weighs_by_size_has_the_same_of_all_its_documents(tmp_path, weight):
    task = write_group(tmp_path, (40, 20), weight=weight)
    for name, questions in (("one", "Q{}"), ("two", "other {}")):
        write_quiz(tmp_path, name, 40 if name == "one" else 20, questions, DRAWN)
    finished = run(task, Swayed(), fewshot_seeds=3, include_path=str(tmp_path))
    names = [one["name"] for one in finished.document["proctor"]["fewshot_seeds"]["scores"]]
    group = finished.result.groups[0].values
    assert ("both" in names) == (("acc_draws_mean", "none") in group) == (weight == "true")
    if weight == "true":
        assert group["acc_draws_mean", "none"].n == 60
        assert finished.document["results"]["both"]["sample_count"]["acc_draws_mean,none"] == 60


def test_a_document_without_a_score_under_one_draw_is_left_out_of_all(tmp_path):
    own = (
        "def measure(doc, results):\n    n = int(doc['question'][1:])\n    SEEN[n] = SEEN.get(n, 0) + 1\n"
        "    assert n != 7 or SEEN[n] % 3, 'odd one'\n    return {'acc': float(results[1][0] > results[0][0])}\n"
        "SEEN = {}\n"
    )
    (tmp_path / "own.py").write_text(own, encoding="utf-8")
    more = DRAWN + "process_results: !function own.measure\nmetric_list: [{metric: acc, aggregation: mean}]\n"
    finished = drawn(tmp_path, 30, more, fewshot_seeds=4)
    found = finished.document["proctor"]["fewshot_seeds"]["scores"][0]
    assert (found["documents"], found["left_out"]) == (29, 1)


def test_scores_that_are_no_means_have_no_draws(tmp_path):
    more = DRAWN + "metric_list: [{metric: acc}, {metric: f1, aggregation: f1}]\n"
    finished = drawn(tmp_path, 30, more, fewshot_seeds=2)
    assert {one["metric"] for one in finished.document["proctor"]["fewshot_seeds"]["scores"]} == {"acc"}


@pytest.mark.parametrize(
    ("more", "options", "reason"),
    [
        ("", {}, "quiz: no few-shot examples"),
        (DRAWN, {"num_fewshot": 0}, "quiz: no few-shot examples"),
        (EXAMPLES.replace("SAMPLER", "first_n"), {}, "quiz: the same examples by any seed"),
    ],
    ids=["zero-shot", "zero by the command line", "the first ones"],
)
def test_tasks_without_draws_are_refused(tmp_path, more, options, reason):
    model = ScriptedModel(lambda _: True)
    with pytest.raises(UsageError) as caught:
        run(write_quiz(tmp_path, documents=20, more=more), model, fewshot_seeds=3, **options)
    assert model.requests == 0
    assert f"--fewshot_seeds needs examples that a seed draws, and no task has any ({reason})." in str(caught.value)


def test_tasks_without_draws_beside_others_are_said(tmp_path, caplog):
    tasks = [write_quiz(tmp_path, documents=20, more=DRAWN), write_quiz(tmp_path, "zero", 20, "zero {}")]
    with caplog.at_level(logging.WARNING, logger="proctor"):
        finished = run(tasks[0], Swayed(), tasks=tasks, fewshot_seeds=2)
    assert "--fewshot_seeds has no effect on 1 of 2 tasks (zero: no few-shot examples)." in caplog.text
    assert {one["name"] for one in finished.document["proctor"]["fewshot_seeds"]["scores"]} == {"quiz"}


@pytest.mark.parametrize("seeded", [True, False])
def test_a_sampler_of_the_tasks_own_draws_if_it_takes_a_seed(tmp_path, seeded):
    method = "    def set_rnd(self, rnd):\n        self.start = rnd\n" if seeded else ""
    (tmp_path / "own.py").write_text(
        "class Sampler:\n    start = 0\n    def __init__(self, docs, rnd=None):\n        self.docs = docs\n" + method
        + "    def sample(self, n, eval_doc=None):\n        return [self.docs[(self.start + k) % len(self.docs)] "
        "for k in range(n)]\n",
        encoding="utf-8",
    )  # fmt: skip
    more = EXAMPLES.replace("SAMPLER", "!function own.Sampler")
    if not seeded:
        with pytest.raises(UsageError, match="the same examples by any seed"):
            drawn(tmp_path, 20, more, fewshot_seeds=2)
        return
    variants = by_variant(drawn(tmp_path, 20, more, fewshot_seeds=2))
    assert variants[0][3].arguments != variants[1][3].arguments


@pytest.mark.parametrize("value", [0, 1, -3, "many", 2.5, True, ""])
def test_fewer_than_two_draws_are_refused(value):
    with pytest.raises(
        UsageError, match=r"--fewshot_seeds must be a whole number of at least 2 \(one draw shows no spread"
    ):
        build_config({"model": "dummy", "tasks": ["a"], "fewshot_seeds": value})


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"choice_orders": "cyclic"}, "--fewshot_seeds and --choice_orders each show a document in several ways"),
        ({"formulations": "text"}, "--fewshot_seeds and --formulations each show"),
        ({"choices_only": True}, "--fewshot_seeds and --choices_only each show"),
        ({"early_stop": "width=0.1"}, "--fewshot_seeds needs all documents, and --early_stop leaves some out"),
        (
            {"predict_only": True, "output_path": "x"},
            "--fewshot_seeds compares scores, and --predict_only computes none",
        ),
        ({"seed": "none"}, "draws by the seeds from the few-shot seed on: give --seed one"),
    ],
)
def test_settings_that_do_not_go_with_draws(more, sentence):
    with pytest.raises(UsageError) as caught:
        build_config({"model": "dummy", "tasks": ["a"], "fewshot_seeds": 3, **more})
    assert sentence in str(caught.value)


def test_a_task_of_a_class_has_no_draws():
    class Other:
        pass

    assert draw_scores(Other(), MetricValues("t"), 3) == []


def test_the_section_is_json(tmp_path):
    rows = [(1.0, 0.0), (0.0, 0.0), (1.0, 1.0)]
    one = DrawScores("quiz", ("acc", "none"), rows, 0, variance_components(rows))
    config = build_config({"model": "dummy", "tasks": ["a"], "fewshot_seeds": 2})
    assert json.loads(json.dumps(draw_facts([one], config)))["fewshot_seeds"]["scores"][0]["documents"] == 3
    assert draw_facts([], build_config({"model": "dummy", "tasks": ["a"]})) == {}
