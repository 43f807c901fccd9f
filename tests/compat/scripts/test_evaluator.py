"""simple_evaluate and evaluate: lm-eval's arguments and dictionary over proctor's run; models of both kinds."""

import json

import pytest
from length_model import Lengths

from proctor.compat.scripts.evaluator import evaluate, simple_evaluate
from proctor.compat.scripts.helpers import make_table
from proctor.compat.scripts.lm_model import as_model
from proctor.compat.scripts.manager import TaskManager, get_task_dict
from proctor.compat.scripts.proctor_lm import ProctorLM
from proctor.errors import ModelError, UsageError
from proctor.results.encode import fallback as handle_non_serializable
from proctor.types import Generate, Loglikelihood, Refusal, Rolling

KEYS = [
    *("results", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better", "n-samples", "samples"),
    *("config", "git_hash", "date", "pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash"),
]


def test_the_dictionary_has_lm_evals_keys_and_can_be_written(exam):
    lm = Lengths()
    results = simple_evaluate(lm, tasks=["two", "one"], task_manager=exam, limit=2, num_fewshot=0)
    assert list(results) == KEYS
    assert list(results["results"]) == ["two", "one"]
    assert results["config"]["model"] == "Lengths"
    assert results["config"]["limit"] == 2
    assert results["config"]["batch_size"] is None
    first = results["samples"]["one"][0]
    assert first["resps"] == [[(-2.0, False)], [(-2.0, False)]]
    assert first["arguments"] == [("Q0", " a"), ("Q0", " b")]
    assert lm.calls == [("loglikelihood", 8)], "all log-likelihoods of a run are one call"
    json.dumps(results, default=handle_non_serializable)
    assert "|one" in make_table(results)


def test_without_samples(exam):
    results = simple_evaluate("dummy", tasks=["one"], task_manager=exam, log_samples=False)
    assert "samples" not in results
    assert results["config"]["model_args"] == ""


def test_tasks_in_every_form(exam):
    whole = {**exam.load_config("one"), "task": "inline", "dataset_kwargs": {"data_files": {"test": _data(exam)}}}
    changed = {"task": "two", "doc_to_text": "Hm, {{question}}"}
    group = {"group": "both", "task": ["one", changed], "aggregate_metric_list": [{"metric": "acc"}]}
    (made,) = exam.load("one")["tasks"].values()
    results = simple_evaluate("dummy", tasks=[whole, group], task_manager=exam)
    assert set(results["results"]) == {"inline", "one", "two", "both"}
    assert results["groups"]["both"]["sample_len"] == 6
    assert results["samples"]["two"][0]["arguments"][0][0] == "Hm, Q0"
    assert list(simple_evaluate("dummy", tasks=[made], task_manager=exam)["results"]) == ["one"]


def _data(exam):
    return str(exam.task_index["one"].yaml_path.parent / "test.jsonl")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"tasks": []}, "No tasks"),
        ({"tasks": ["on"]}, "Did you mean 'one'"),
        ({"tasks": [7]}, "7 is no task"),
        ({"tasks": ["one"], "model": object()}, "object is no model"),
        ({"tasks": ["one"], "limit": 1, "samples": {"one": [0]}}, "both choose documents"),
        ({"tasks": ["one"], "samples": {"two": [0]}}, "not selected: two"),
        ({"tasks": ["one"], "model": "dumy"}, "Did you mean 'dummy'"),
    ],
)
def test_mistakes_are_sentences(exam, given, words):
    with pytest.raises(UsageError, match=words):
        simple_evaluate(**{"model": "dummy", "task_manager": exam, **given})


def test_evaluate_takes_both_forms_of_loaded_tasks(exam):
    loaded = exam.load(["one", "two"])
    assert loaded["group_map"] == {}
    flat = evaluate(Lengths(), loaded, limit=2)
    nested = evaluate(Lengths(), get_task_dict(["one", "two"], exam), limit=2)
    assert list(flat) == KEYS[: KEYS.index("config")]
    assert flat["results"] == nested["results"]


def test_groups_of_loaded_tasks_are_aggregated(exam):
    group = {"group": "both", "task": ["one", "two"], "aggregate_metric_list": [{"metric": "acc"}]}
    nested = get_task_dict([group], exam)
    results = evaluate(Lengths(), nested)
    assert results["group_subtasks"] == {"both": ["one", "two"]}
    assert results["groups"]["both"]["acc,none"] == pytest.approx(results["results"]["one"]["acc,none"])
    assert evaluate(Lengths(), exam.load(group))["groups"] == results["groups"]


def test_a_model_of_lm_evals_kind_is_one_of_proctors():
    model = as_model(Lengths())
    requests = [Generate("abcdef", {"until": []}), Loglikelihood("a", ("b", "cc")), Generate("ghi", {})]
    answers = dict(model.respond(requests))
    assert [answers[place] for place in range(3)][1].values == ((-1.0, False), (-2.0, False))
    assert (answers[0].text, answers[2].text) == ("def", "ghi")
    assert model.identity is None
    with pytest.raises(ModelError, match="does not answer loglikelihood_rolling"):
        dict(model.respond([Rolling("a")]))
    with pytest.raises(ModelError, match="no chat template"):
        model.render([], add_generation_prompt=True)


@pytest.mark.parametrize("answers", [[], [1.0], [("a", "b")], None])
def test_wrong_answers_are_sentences(answers):
    class Wrong(Lengths):
        def loglikelihood(self, requests):
            return answers

    with pytest.raises(ModelError, match="Wrong: loglikelihood must return"):
        dict(as_model(Wrong()).respond([Loglikelihood("a", ("b",))]))


def test_none_instead_of_a_value_refuses_that_request_alone():
    from proctor.compat.tasks.instance import Instance

    class Broken(Lengths):
        def loglikelihood(self, requests):
            return [None if number == 3 else value for number, value in enumerate(super().loglikelihood(requests))]

    requests = [Loglikelihood("a", ("b", "cc")), Loglikelihood("b", ("d", "e"))]
    first, second = dict(as_model(Broken()).respond(requests)).values()
    assert first.values == ((-1.0, False), (-2.0, False))
    assert second == Refusal("the model class Broken returned None for a loglikelihood request", retryable=True)
    with pytest.raises(ModelError, match="refused a request: the model class Broken returned None"):
        ProctorLM(as_model(Broken())).loglikelihood([Instance("loglikelihood", {}, ("a", text), 0) for text in "bcde"])


def test_the_manager_knows_its_names(exam):
    assert {"one", "two"} <= set(exam.all_subtasks)
    assert "mmlu" in exam.all_groups
    assert exam.match_tasks(["on*", "tw?"]) == ["one", "two"]
    assert TaskManager(include_path=exam.include_path, include_defaults=False).all_tasks == ["one", "two"]
    assert "|one" in exam.list_all_tasks(list_groups=False, list_tags=False)
    with pytest.raises(UsageError, match="Tasks not found"):
        exam.load("nothing of that name")
