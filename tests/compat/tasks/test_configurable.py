"""``lm_eval.api.task`` and its neighbours: what classes of task folders and scripts rely on."""

from __future__ import annotations

from random import Random

import pytest
from choice_class import ROWS, Choice

from proctor.compat.tasks.configurable import ConfigurableTask
from proctor.compat.tasks.group import ConfigurableGroup, Group, GroupConfig
from proctor.compat.tasks.samplers import ContextSampler, FirstNSampler, get_sampler
from proctor.errors import DataError, TaskError, UsageError
from proctor.stats.standard_errors import mean
from proctor.tasks.class_task import from_object
from proctor.tasks.data import Selection
from proctor.tasks.plan import plan_task
from proctor.tasks.prompt import PromptStyle


def test_a_configured_task_says_what_it_is(config):
    task = ConfigurableTask(config=config)
    assert (task.VERSION, task.OUTPUT_TYPE, task.DATASET_PATH, task.task_name) == (4, "multiple_choice", "json", "sums")
    assert task.features == ["question", "choices", "gold"]
    assert len(task.eval_docs) == len(task.dataset["test"]) == 8
    assert (task.has_training_docs(), task.has_validation_docs(), task.has_test_docs()) == (True, False, True)
    doc = task.eval_docs[0]
    assert task.doc_to_text(doc) == "Q: test: What is 0 plus one?\nA:"
    assert (task.doc_to_choice(doc), task.doc_to_target(doc)) == (["0", "1"], 1)
    assert task.doc_to_text(doc, "{{gold}}!") == "1!"
    assert (task.doc_to_image(doc), task.doc_to_audio(doc), task.doc_to_prefix(doc)) == (None, None, None)
    assert task.aggregation() == {"acc": mean, "acc_norm": mean}
    assert task.higher_is_better() == {"acc": True, "acc_norm": True}
    assert "sums" in repr(task)


def test_it_asks_and_measures_like_a_task_file(config):
    task = ConfigurableTask(config=config)
    task.set_config("num_fewshot", 1)
    task.set_fewshot_seed(1234)
    task.build_all_requests(limit=2)
    assert [one.idx for one in task.instances] == [0, 1, 0, 1]
    assert [one.doc_id for one in task.instances] == [0, 0, 1, 1]
    context, continuation = task.instances[1].args
    assert continuation == " 1"
    shot = ROWS[Random(1234).sample(range(8), 2)[0]]
    assert context == (f"Q: train: {shot['question']}\nA: {shot['choices'][1]}\n\nQ: test: What is 0 plus one?\nA:")
    for one in task.instances:
        one.resps = [(-1.0 - one.idx, False)]
    task.apply_filters()
    results = [one.filtered_resps["none"] for one in task.instances[:2]]
    assert task.process_results(task.instances[0].doc, results) == {"acc": 0.0, "acc_norm": 0.0}


def test_the_same_through_a_run(config):
    task = from_object(ConfigurableTask(config={**config, "description": "Sums.\n"}), num_fewshot=2)
    plan = plan_task(task, selection=Selection(3), seed=5, style=PromptStyle(system_instruction="Be brief."))
    [request] = plan.documents[2].requests
    assert request.continuations == (" 2", " 3")
    assert request.context.startswith("Be brief.\n\nSums.\nQ: train: ")
    assert request.context.count("train: ") == 2
    assert task.spec.version == 4
    assert task.dump()["fewshot_config"]["sampler"] == "default"


def test_alternative_contexts(config):
    own = {**config, "doc_to_text": "gold", "doc_to_target": "then", "gen_prefix": "P"}
    task = ConfigurableTask(config={**own, "doc_to_choice": ["So", "No"]})
    assert task.multiple_input == 2
    contexts = task.fewshot_context(task.eval_docs[0], 0, gen_prefix="P")
    assert contexts == ["SoP", "NoP"]
    asked = task.construct_requests(task.eval_docs[0], contexts, metadata=("sums", 0, 1))
    assert [one.args for one in asked] == [("SoP", " then"), ("NoP", " then")]


def test_images_are_the_third_argument(config):
    task = ConfigurableTask(config={**config, "doc_to_image": ["question", None], "output_type": "generate_until"})
    assert task.MULTIMODAL
    asked = task.construct_requests(task.eval_docs[0], "x", metadata=("sums", 0, 1))
    assert asked.args[2] == {"visual": ["test: What is 0 plus one?"]}
    with pytest.raises(TaskError, match="images or sound"):
        list(from_object(task).asks(next(from_object(task).examples([0], PromptStyle(), 0)), PromptStyle()))


def test_documents_are_processed_once_for_each_split(config):
    calls = []

    def process_docs(rows):
        calls.append(len(rows))
        return rows.select(range(4))

    task = ConfigurableTask(config={**config, "process_docs": process_docs})
    assert len(task.eval_docs) == len(task.test_docs()) == 4
    assert calls == [8]
    task.dataset["test"] = task.dataset["test"].select(range(6))
    assert len(task.eval_docs) == 4
    assert calls == [8, 6]


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"output_type": "guess"}, UsageError, "no output_type 'guess'"),
        ({"metric_list": [{"metric": "acck"}]}, TaskError, "no metric named 'acck'"),
        ({"dataset_path": "./nowhere"}, TaskError, "no file ./nowhere"),
        ({"use_prompt": "qa-basic:nope"}, TaskError, "no prompt 'nope'"),
        ({"doc_to_text": "{{nope}}"}, TaskError, "nope"),
    ],
)
def test_a_wrong_configuration_is_a_sentence(config, changes, error, said):
    with pytest.raises(error, match=said):
        ConfigurableTask(config={**config, **changes})
    with pytest.raises(UsageError, match="needs a configuration"):
        ConfigurableTask()


# -- samplers


@pytest.mark.parametrize("seed", [0, 1234])
def test_draws_are_those_of_random(seed):
    pool = [{"n": n} for n in range(20)]
    assert ContextSampler(pool, rnd=seed).sample(3) == Random(seed).sample(pool, 3)
    drawn = Random(seed).sample(pool, 4)
    without = [doc for doc in drawn if doc != drawn[1]][:3]
    assert ContextSampler(pool).set_rnd(seed).sample(3, eval_doc=drawn[1]) == without


def test_samplers_say_when_they_have_too_little():
    assert ContextSampler().sample(0) == []
    assert FirstNSampler([1, 2, 3]).sample(2, eval_doc=1) == [2, 3]
    assert ContextSampler([1, 2, 3], fewshot_indices=[2]).sample(1) == [3]
    assert ContextSampler.rm_eval_doc(1, [1, 2, 1, 3], 1) == [2]
    with pytest.raises(DataError, match="3 few-shot examples are needed"):
        ContextSampler([{"a": 1}, {"a": 2}]).sample(2, eval_doc={"a": 1})
    with pytest.raises(UsageError, match="no sampler 'frist_n'"):
        get_sampler("frist_n")
    assert get_sampler("first_n") is FirstNSampler


# -- groups and turns


def test_groups_hold_tasks_and_groups():
    top = Group.from_config(
        {"group": "top", "task": "x", "aggregate_metric_list": {"metric": "acc", "filter_list": "a"}}
    )
    inner = ConfigurableGroup({"group": "inner", "metadata": {"version": 2}})
    first, second = Choice(config={"task": "one"}), Choice(config={"task": "two"})
    inner.add(first)
    top.add(inner)
    top.add(second)
    assert (top.child_names, len(top), "inner" in top) == (["inner", "two"], 2, True)
    assert top.get_all_tasks() == [first, second]
    assert top.get_all_tasks(recursive=False) == [second]
    assert top.get_all_groups() == [inner]
    assert (top.version, inner.version, top.has_aggregation, inner.has_aggregation) == ("N/A", "2", True, False)
    assert top.aggregate_metric_list is not None
    assert top.aggregate_metric_list[0].filter_list == ["a"]
    assert ConfigurableGroup.from_group(inner) == inner
    assert top.pop("inner") is inner
    assert top.get("inner") is None
    assert GroupConfig(group="g", task="a").task == ["a"]
    with pytest.raises(UsageError, match="'mean' is the only pre-defined aggregation"):
        GroupConfig(group="g", aggregate_metric_list=[{"metric": "acc", "aggregation": "sum"}])
