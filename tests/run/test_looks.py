"""A run ends at the look at which its score is clear; killed, resumed and graded again it ends at the same one."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from quiz_files import write_quiz
from scripted_model import ScriptedModel
from stopped_runs import mostly_right, run, scopes, write_group, written

from proctor.errors import DataError
from proctor.replay.changes import Changes
from proctor.replay.regrade import regrade
from proctor.results.stored_run import StoredRun
from proctor.results.table import make_table, stop_notes
from proctor.run.chunks import QueryChunks
from proctor.run.exam import load_exam
from proctor.run.looks import HELD, LookChunks, plan_stops
from proctor.run.progress import Quiet
from proctor.run.scores import MetricValues
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.tasks.prompt import PLAIN


def test_a_run_stops_when_its_interval_is_narrow(tmp_path):
    model = ScriptedModel(mostly_right(9))
    finished = run(write_quiz(tmp_path, documents=1000), model, early_stop="width=0.05")
    (scope,) = scopes(finished)
    assert scope["stopped"]
    assert scope["reason"] == "width"
    assert scope["asked"] == model.requests == scope["looks"][-1] < 1000
    assert scope["looks"] == list(range(100, scope["asked"] + 1, 100))
    low, high = scope["interval"]
    assert low < 0.9 < high
    assert (high - low) / 2 <= 0.05
    value = finished.result.tasks[0].values["acc", "none"]
    assert (value.stderr, value.method, value.interval) == (None, "sequence", (low, high))
    assert finished.document["n-samples"]["quiz"] == {"original": 1000, "effective": scope["asked"]}
    assert finished.document["results"]["quiz"]["acc_stderr,none"] == "N/A"


def test_the_table_marks_it_and_says_why(tmp_path):
    document = run(
        write_quiz(tmp_path, documents=1000), ScriptedModel(mostly_right(9)), early_stop="width=0.1"
    ).document
    assert "|~0.9" in make_table(document)
    (note,) = stop_notes(document)
    assert note.startswith("quiz: stopped after ")
    assert " of 1,000 documents: acc 0." in note


def test_a_run_that_never_narrows_is_the_whole_run(tmp_path):
    task = write_quiz(tmp_path, documents=250)
    whole = run(task, ScriptedModel(mostly_right(5)))
    finished = run(task, ScriptedModel(mostly_right(5)), early_stop="width=0.001")
    assert finished.document["results"] == whole.document["results"]
    assert [record.metrics for record in finished.result.records["quiz"]] != []
    (scope,) = scopes(finished)
    assert (scope["asked"], scope["stopped"], scope["reason"]) == (250, False, "all")
    assert scope["interval"] == [0.5, 0.5]
    assert "before the last chunk the interval was still wider" in scope["sentence"]
    assert "~" not in make_table(finished.document)


@pytest.mark.parametrize(("documents", "words"), [(72, "all 72 documents"), (1, "its one document was asked")])
def test_few_documents_are_one_chunk(tmp_path, documents, words):
    finished = run(write_quiz(tmp_path, documents=documents), ScriptedModel(mostly_right(5)), early_stop="width=0.3")
    (scope,) = scopes(finished)
    assert words in scope["sentence"]
    assert "since so few are one chunk: nothing was saved" in scope["sentence"]


def test_killed_and_resumed_it_writes_the_same_bytes(tmp_path):
    task = write_quiz(tmp_path, documents=600)
    options = {"early_stop": "width=0.06", "log_samples": True}
    run(task, ScriptedModel(mostly_right(8)), output_path=str(tmp_path / "whole"), store=str(tmp_path / "a"), **options)
    again = {"output_path": str(tmp_path / "resumed"), "store": str(tmp_path / "b"), **options}
    with pytest.raises(KeyboardInterrupt):
        run(task, ScriptedModel(mostly_right(8), stop_after=130), **again)
    model = ScriptedModel(mostly_right(8))
    finished = run(task, model, **again)
    asked = scopes(finished)[0]["asked"]
    assert 130 < asked < 600
    assert model.requests == asked - 130
    assert written(tmp_path / "whole") == written(tmp_path / "resumed")


@pytest.mark.parametrize("beside", [False, True], ids=["from the store", "from its samples"])
def test_graded_again_it_is_the_same(tmp_path, beside):
    store = str(tmp_path / "store")
    task = write_group(tmp_path)
    finished = run(
        task, ScriptedModel(mostly_right(8)), early_stop="width=0.06", log_samples=True, store=store,
        output_path=str(tmp_path / "first"), include_path=str(tmp_path),
    )  # fmt: skip
    assert scopes(finished)[0]["stopped"]
    (results,) = (tmp_path / "first").rglob("results_*.json")
    where = {"no_store": True} if beside else {"store": store}
    more = {"include_path": (str(tmp_path),), "tasks": (task,)}
    changes = Changes(output_path=str(tmp_path / "second"), log_samples=True, **where, **more)
    regrade(results, changes, progress=Quiet, bootstrap_iters=100)
    first, second = written(tmp_path / "first"), written(tmp_path / "second")
    assert second["results"]["results"] == first["results"]["results"]
    assert second["results"]["config"]["early_stop"] == first["results"]["config"]["early_stop"]
    assert {name: second[name] for name in second if name != "results"} == {
        name: first[name] for name in first if name != "results"
    }


def test_graded_again_by_other_means_it_ends_where_its_responses_end(tmp_path):
    store, task = str(tmp_path / "store"), write_quiz(tmp_path, documents=1000)
    run(
        task, ScriptedModel(lambda _: True), early_stop="width=0.05", log_samples=True, store=store,
        output_path=str(tmp_path / "first"),
    )  # fmt: skip
    # Golds are turned round for half of the documents: the score is no longer clear.
    text = (tmp_path / "quiz.yaml").read_text(encoding="utf-8")
    other = text.replace("doc_to_target: answer", 'doc_to_target: "{{ (answer + question|length) % 2 }}"')
    (tmp_path / "quiz.yaml").write_text(other, encoding="utf-8")
    (results,) = (tmp_path / "first").rglob("results_*.json")
    again = regrade(results, Changes(store=store, tasks=(task,)), progress=Quiet, bootstrap_iters=0)
    (scope,) = scopes(again)
    assert (scope["reason"], scope["asked"], scope["stopped"]) == ("responses", scope["looks"][-1], True)
    assert "where the stored responses end" in scope["sentence"]


def test_the_other_run_is_found_from_another_folder_when_it_is_graded_again(tmp_path, monkeypatch):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    task, store = write_quiz(home, documents=400), str(tmp_path / "store")
    monkeypatch.chdir(home)
    run(task, ScriptedModel(mostly_right(5)), log_samples=True, output_path="baseline")
    first = run(task, ScriptedModel(mostly_right(9)), early_stop="against=baseline", store=store)
    monkeypatch.chdir(elsewhere)
    again = regrade("1", Changes(store=store), progress=Quiet, bootstrap_iters=0)
    mine, theirs = (dict(scopes(one)[0]) for one in (first, again))
    assert [mine.pop("sentence") == theirs.pop("sentence"), mine] == [False, theirs]
    assert mine["reason"] == "decided"


def test_two_tasks_share_alpha_and_stop_each_by_itself(tmp_path):
    tasks = [write_quiz(tmp_path, "quiz", 1000), write_quiz(tmp_path, "two", 1000, "other {}")]
    finished = run(
        tasks[0], ScriptedModel(lambda number: number % 3 > 0), tasks=tasks, early_stop="width=0.08,alpha=0.1"
    )
    assert [scope["alpha"] for scope in scopes(finished)] == [0.05, 0.05]
    assert {scope["name"] for scope in scopes(finished)} == {"quiz", "two"}
    assert all(scope["stopped"] for scope in scopes(finished))


@pytest.mark.parametrize("weight", ["true", "false"])
def test_a_group_is_asked_in_one_order_and_its_interval_is_its_own(tmp_path, weight):
    task = write_group(tmp_path, (900, 300), weight=weight)
    finished = run(task, ScriptedModel(mostly_right(9)), early_stop="width=0.08", include_path=str(tmp_path))
    (scope,) = scopes(finished)
    assert scope["name"] == "both"
    assert scope["tasks"] == ["one", "two"]
    assert scope["stopped"]
    group, tasks = finished.result.groups[0].values["acc", "none"], finished.result.tasks
    assert (group.stderr, group.method, list(group.interval)) == (None, "sequence", scope["interval"])
    assert sum(one.n_effective for one in tasks) == scope["asked"]
    assert all(one.n_effective < one.n_original for one in tasks)
    for one in tasks:
        value = one.values["acc", "none"]
        assert value.method == "sequence"
        assert value.interval[0] <= value.value <= value.interval[1]
        if weight == "true":
            # Each of two tasks gets half of alpha, and fewer documents: a wider interval.
            assert value.interval[1] - value.interval[0] > group.interval[1] - group.interval[0]


def _letters(tmp_path):
    """A task by letter with 300 documents."""
    rows = [{"question": f"Which {n}?", "choices": [f"a{n}", f"b{n}"], "answer": n % 2} for n in range(300)]
    (tmp_path / "letters.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(
        "task: letters\ndataset_path: json\ndataset_kwargs: {data_files: {test: letters.jsonl}}\ntest_split: test\n"
        "output_type: multiple_choice\n"
        'doc_to_text: "{{question}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nAnswer:"\n'
        "doc_to_choice: [A, B]\ndoc_to_target: answer\n",
        encoding="utf-8",
    )


def test_a_document_is_asked_in_all_its_orders_before_the_next_counts(tmp_path):
    _letters(tmp_path)
    model = ScriptedModel(mostly_right(8))
    finished = run(str(tmp_path / "letters.yaml"), model, early_stop="width=0.12", choice_orders="cyclic")
    (scope,) = scopes(finished)
    assert scope["stopped"]
    assert model.requests == 2 * scope["asked"]
    values = finished.result.tasks[0].values
    assert values["acc_orders_mean", "none"].n == values["acc", "none"].n == scope["asked"]
    # An ordinary standard error of a run that stopped would be wrong, whichever score it is of.
    assert all(value.stderr is None for value in values.values())
    (facts,) = finished.document["proctor"]["choice_orders"]["tasks"]
    assert "±" not in facts["sentence"]
    assert "p =" not in facts["sentence"]
    assert facts["positions"]["p"] is None


def test_formulations_of_a_stopped_run_have_no_test(tmp_path):
    _letters(tmp_path)
    task, model = str(tmp_path / "letters.yaml"), ScriptedModel(mostly_right(8))
    finished = run(task, model, early_stop="width=0.12", formulations="hybrid", choices_only=True)
    assert scopes(finished)[0]["stopped"]
    (facts,) = finished.document["proctor"]["formulations"]["tasks"]
    assert "stopped early, so that these differences have no test" in " ".join(facts["sentences"])
    assert not any("p =" in line or "p <" in line or "scores more" in line for line in facts["sentences"])
    assert {pair["mcnemar_p"] for pair in facts["pairs"]} == {None}
    assert {pair["difference_stderr"] for pair in facts["pairs"]} == {None}
    whole = run(task, ScriptedModel(mostly_right(8)), formulations="hybrid", choices_only=True)
    (facts,) = whole.document["proctor"]["formulations"]["tasks"]
    assert all(pair["mcnemar_p"] is not None for pair in facts["pairs"])


def test_a_run_against_another_stops_when_it_is_decided(tmp_path):
    task, baseline = write_quiz(tmp_path, documents=1000), str(tmp_path / "baseline")
    run(task, ScriptedModel(mostly_right(5)), log_samples=True, output_path=baseline)
    finished = run(task, ScriptedModel(mostly_right(8)), early_stop=f"against={baseline}")
    (scope,) = scopes(finished)
    assert scope["stopped"]
    assert scope["reason"] == "decided"
    found = scope["comparison"]
    assert found["losses"] == 0
    assert found["decided"]
    assert found["p"] <= 0.05
    low, high = found["interval"]
    assert low <= 0.3 <= high
    assert f"this run is better than {baseline} by" in scope["sentence"]
    assert "valid at any time" in scope["sentence"]
    assert list(finished.result.tasks[0].values["acc", "none"].interval) == scope["interval"]


@pytest.mark.parametrize(
    ("share", "higher", "words"),
    [(8, True, "is not worse than"), (1, True, "is worse than"), (8, False, "is worse than"), (1, False, "is not")],
)
def test_with_a_margin_it_is_decided_whether_a_run_is_worse(tmp_path, share, higher, words):
    more = f"metric_list: [{{metric: acc, aggregation: mean, higher_is_better: {str(higher).lower()}}}]\n"
    task, baseline = write_quiz(tmp_path, documents=1000, more=more), str(tmp_path / "baseline")
    run(task, ScriptedModel(mostly_right(5)), log_samples=True, output_path=baseline)
    finished = run(task, ScriptedModel(mostly_right(share)), early_stop=f"against={baseline},margin=0.02")
    (scope,) = scopes(finished)
    assert scope["stopped"]
    assert scope["reason"] == "decided"
    assert f"this run {words}" in scope["sentence"]
    assert "by more than 2 points (of all that both" in scope["sentence"]
    assert finished.document["config"]["early_stop"]["margin"] == 0.02


def test_against_itself_nothing_is_decided(tmp_path):
    task, baseline = write_quiz(tmp_path, documents=300), str(tmp_path / "baseline")
    run(task, ScriptedModel(mostly_right(5)), log_samples=True, output_path=baseline)
    finished = run(task, ScriptedModel(mostly_right(5)), early_stop=f"against={baseline}")
    (scope,) = scopes(finished)
    assert (scope["stopped"], scope["reason"], scope["comparison"]["decided"]) == (False, "all", False)
    assert "no difference was decided on the way" in scope["sentence"]


def test_against_a_part_of_a_run_it_ends_with_that_part(tmp_path):
    task, baseline = write_quiz(tmp_path, documents=1000), str(tmp_path / "baseline")
    run(task, ScriptedModel(mostly_right(9)), log_samples=True, output_path=baseline, early_stop="width=0.05")
    finished = run(task, ScriptedModel(mostly_right(9)), early_stop=f"against={baseline}")
    (scope,) = scopes(finished)
    assert (scope["reason"], scope["stopped"], scope["comparison"]["documents"]) == ("paired", True, scope["asked"])
    assert "the last that the other run has; no difference was decided" in scope["sentence"]


def test_documents_that_cannot_be_graded_are_no_part_of_all(tmp_path):
    task = write_quiz(tmp_path, documents=400, more="process_results: !function own.measure\n")
    code = (
        "def measure(doc, results):\n    n = int(doc['question'][1:])\n    assert n % 40, 'odd one'\n"
        "    return {'acc': float((results[1][0] > results[0][0]) == (n % 2))}\n"
    )
    (tmp_path / "own.py").write_text(code, encoding="utf-8")
    finished = run(task, ScriptedModel(mostly_right(9)), early_stop="width=0.001,metric=acc")
    (scope,) = scopes(finished)
    value = finished.result.tasks[0].values["acc", "none"]
    assert value.n == 390
    assert scope["interval"] == [value.value] * 2


def test_values_beyond_0_to_1_end_the_run_with_a_sentence(tmp_path):
    more = "process_results: !function own.measure\nmetric_list: [{metric: points, aggregation: mean}]\n"
    task = write_quiz(tmp_path, documents=200, more=more)
    (tmp_path / "own.py").write_text("def measure(doc, results):\n    return {'points': 3.0}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"points is 3\.0, and --early_stop watches means of values between 0 and 1"):
        run(task, ScriptedModel(mostly_right(5)), early_stop="width=0.1")


def test_long_examples_make_ten_chunks_at_most(tmp_path):
    more = "fewshot_split: test\nnum_fewshot: 8\nfewshot_config: {sampler: first_n}\n"
    config = build_config(
        {"model": "dummy", "tasks": [write_quiz(tmp_path, documents=4000, more=more)], "early_stop": "width=0.001"}
    )
    exam = load_exam(config, Quiet)
    with Quiet(1, "") as display:
        chunks = QueryChunks(exam.tasks, config, PLAIN, display=display, room=HELD)
    values = {"quiz": MetricValues("quiz")}
    made = LookChunks(chunks, plan_stops(exam, config), config, values)
    sizes = [sum(len(plan.documents) for plan in chunk) for chunk in made.plans()]
    assert sizes == [400] * 10


def test_documents_of_a_chunk_are_a_random_part(tmp_path):
    finished = run(write_quiz(tmp_path, documents=1000), ScriptedModel(mostly_right(9)), early_stop="width=0.1")
    numbers = [record.doc_id for record in finished.result.records["quiz"]]
    assert numbers[:100] == sorted(numbers[:100])
    assert max(numbers[:100]) > 800
    assert min(numbers[:100]) < 200


def test_a_stopped_run_is_read_as_one(tmp_path):
    document = run(
        write_quiz(tmp_path, documents=1000), ScriptedModel(mostly_right(9)), early_stop="width=0.1"
    ).document
    stored = StoredRun("m", "", "", json.loads(json.dumps(document)), {})
    assert stored.scores("quiz")["acc", "none"] == pytest.approx(0.9, abs=0.06)
    assert stored.stderrs("quiz") == {}


def intervals(task, seeds, model, **options):
    """The section of early stops of runs with several seeds; the documents are loaded once."""
    config = build_config({"model": "dummy", "tasks": [task], "no_store": True, **options})
    exam = load_exam(config, Quiet)
    for seed in seeds:
        config = replace(config, seed=replace(config.seed, fewshot=seed))
        go = {"progress": Quiet, "bootstrap_iters": 0, "exam": exam, "keep_records": False}
        yield evaluate(config, opened=model, **go).config["early_stop"]["scopes"][0]


@pytest.mark.slow
def test_over_many_orders_the_interval_misses_as_seldom_as_it_says(tmp_path):
    """At every look of every run, by the loop itself: right answers in clumps, as exams by source have them."""
    source = random.Random(7)
    right = [source.random() < (0.9 if number < 250 else 0.4) for number in range(500)]
    truth = sum(right) / 500
    task = write_quiz(tmp_path, documents=500)
    found = list(intervals(task, range(150), ScriptedModel(right.__getitem__), early_stop="width=0.04"))
    assert {scope["asked"] for scope in found} <= {300, 400, 500}
    # The running set only shrinks: whoever is missed at one look is missed at the last.
    missed = sum(not scope["interval"][0] <= truth <= scope["interval"][1] for scope in found)
    assert missed <= 0.05 * 150


@pytest.mark.slow
def test_over_many_orders_equal_models_are_seldom_told_apart(tmp_path):
    """Pairs of equally good models: a difference is claimed in 5 % at most."""
    task, claimed = write_quiz(tmp_path, documents=500), 0
    for seed in range(40):
        source = random.Random(seed)
        first, second = ([source.random() < 0.6 for _ in range(500)] for _ in range(2))
        baseline = str(tmp_path / f"baseline{seed}")
        run(task, ScriptedModel(first.__getitem__), log_samples=True, output_path=baseline)
        against = {"early_stop": f"against={baseline}"}
        claimed += sum(
            scope["comparison"]["decided"]
            for scope in intervals(task, range(3), ScriptedModel(second.__getitem__), **against)
        )
    assert claimed <= 0.05 * 120
