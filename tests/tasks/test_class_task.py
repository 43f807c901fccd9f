"""Tasks written as classes: how they are made and asked, and what is said where they go wrong."""

from __future__ import annotations

from functools import partial

import pytest
from class_tasks import MINE, ROWS, run, write_class

from proctor.errors import DataError, ProctorError, TaskError, UsageError
from proctor.tasks.class_task import from_object, join_instances
from proctor.tasks.data import Selection
from proctor.tasks.example import Ask, AskResult
from proctor.tasks.plan import plan_task
from proctor.tasks.prompt import PromptStyle
from proctor.types import Generate, Loglikelihood, Rolling


@pytest.fixture
def write(tmp_path):
    return partial(write_class, tmp_path)


def test_a_class_is_asked_for_documents_requests_and_figures(write):
    result = run(write())
    [task] = result.tasks
    assert (task.name, task.version, task.n_shot, task.n_original) == ("mine", 3, 0, 6)
    assert task.higher_is_better == {"yes": True, "long": False}
    assert set(task.values) == {("yes", "none"), ("long", "none")}
    assert task.values["yes", "none"].stderr is not None
    assert task.values["long", "none"].stderr is None
    record = result.records["mine"][2]
    assert record.target == "3"
    assert record.arguments == (
        ("Q: What is 2 plus one?\nA:", " yes"),
        ("Q: What is 2 plus one?\nA:", " no"),
        ("other", " no"),
        ("Q: What is 2 plus one?\nA:",),
        ("Q: What is 2 plus one?\nA:", {"until": ["\n"], "max_gen_toks": 3}),
    )
    assert [len(answers) for answers in record.responses] == [1] * 5


def test_examples_of_a_class_whose_doc_to_text_takes_a_document_only(write):
    # lm-eval: a TypeError as soon as there is an example.
    result = run(write(), num_fewshot=2, limit=1)
    [task], [record] = result.tasks, result.records["mine"]
    prompt = record.arguments[0][0]
    assert task.n_shot == 2
    assert prompt.count("Q: ") == 3
    assert prompt.endswith("Q: What is 0 plus one?\nA:")
    first = ROWS[int(prompt.split("What is ")[1][0])]
    assert prompt.startswith(f"Q: {first['question']}\nA: {first['answer']}\n\nQ: ")
    assert run(write(), num_fewshot=2, limit=1).records["mine"][0].arguments == record.arguments


def test_requests_that_share_a_context_are_one(write):
    from proctor.api import load_tasks

    [task] = load_tasks([str(write())])
    plan = plan_task(task, selection=Selection(1), seed=0, style=PromptStyle())
    kinds = [type(request) for request in plan.documents[0].requests]
    assert kinds == [Loglikelihood, Loglikelihood, Rolling, Generate]
    assert plan.documents[0].requests[0].continuations == (" yes", " no")


def test_only_predicting_measures_nothing(write, tmp_path):
    result = run(write(), predict_only=True, limit=2, output_path=str(tmp_path / "out"))
    assert [record.metrics for record in result.records["mine"]] == [{}, {}]
    assert result.tasks[0].n_effective == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("super().__init__", "undefined_name; super().__init__", "its class failed: NameError: name 'undefined_name'"),
        ("return [\n", "return []\n        [\n", "construct_requests gave no request for document 0"),
        ('ask("loglikelihood", 0, ctx, " yes")', 'ask("multiple_choice", 0, ctx, " yes")', "type 'multiple_choice'"),
        ('ask("loglikelihood", 0, ctx, " yes")', 'ask("loglikelihood", 0, ctx)', "gave loglikelihood the arguments"),
        ('ctx, " yes")', 'ctx, " yes", {"visual": []})', "images or sound, which no model here takes"),
        ("doc['question']", "doc['quesstion']", "its class failed: KeyError: 'quesstion' (at"),
        ('return {"yes": float', 'return 7\n        return {"yes": float', "process_results must return a mapping"),
        ('return self.dataset["validation"]', "return []", "gave no document to evaluate"),
        ("VERSION = 3", "MULTIMODAL = True", "show images or play sound, which no model here takes: mine"),
        ("VERSION = 3", "UNSAFE_CODE = True", "run code that the model writes: mine"),
        ("from lm_eval.api.task import", "import not_installed_at_all\nfrom lm_eval.api.task import", "not_installed"),
        ('DATASET_PATH = "json"', 'DATASET_PATH = "./nowhere"', "nowhere"),
    ],
)
def test_what_goes_wrong_in_a_class_is_a_sentence(write, old, new, said):
    assert old in MINE
    with pytest.raises(ProctorError) as caught:
        run(write(MINE.replace(old, new)), fail_fast=True)
    assert isinstance(caught.value, TaskError | DataError | UsageError)
    assert said in str(caught.value)


class Duck:
    """No base class at all."""

    def has_test_docs(self):
        return True

    def test_docs(self):
        return iter([{"x": 1}, {"x": 2}])

    def doc_to_target(self, doc):
        return doc["x"]

    def fewshot_context(self, doc, num_fewshot, **kwargs):
        return f"{num_fewshot}: {doc['x']}"

    def construct_requests(self, doc, ctx, metadata, **kwargs):
        from types import SimpleNamespace

        return SimpleNamespace(request_type="generate_until", arguments=(ctx, {"do_sample": True}), idx=0)

    def process_results(self, doc, results):
        return {"length": len(results[0])}


def test_an_object_of_a_script_needs_the_methods_only():
    task = from_object(Duck(), num_fewshot=2)
    assert (task.spec.name, task.spec.n_shot, len(task.documents)) == ("Duck", 2, 2)
    example = next(task.examples([1], PromptStyle(), 0))
    assert task.asks(example, PromptStyle()) == (Ask(0, "prompt", Generate("2: 2", {"do_sample": True})),)
    assert task.measure(example, 0, [AskResult("prompt", ("abc",))]) == {"length": 3}
    assert task.dump() == {"task": "Duck"}
    assert task.uses == ()
    with pytest.raises(UsageError, match="2 documents"):
        task.positions(Selection(samples=[5]))


CALLS_TEMPLATE = MINE.replace(
    "        def ask(kind, idx, *arguments):",
    """        if chat_template:
            turns = [{"role": "user", "content": "hi"}]
            open_turn, closed = chat_template(turns), chat_template(turns, False)
            ctx += f"[{open_turn}|{closed}|{chat_template(turns, add_generation_prompt=False)}]"
        def ask(kind, idx, *arguments):""",
)


def test_a_class_may_call_the_chat_template_as_lm_evals_models_have_it(write):
    result = run(write(CALLS_TEMPLATE), apply_chat_template=True, limit=1)
    prompt = result.records["mine"][0].arguments[0][0]
    assert prompt.endswith("[<|user|>\nhi\n<|assistant|>\n|<|user|>\nhi|<|user|>\nhi]")
    assert "[" not in run(write(CALLS_TEMPLATE), limit=1).records["mine"][0].arguments[0][0]


def test_neighbours_of_one_context_are_one_request_and_no_others():
    instances = [
        ("loglikelihood", ("a", "1")),
        ("loglikelihood", ("a", "2")),
        ("loglikelihood", ("b", "3")),
        ("loglikelihood", ("a", "4")),
        ("generate_until", ("a", {"until": ["."]})),
        ("loglikelihood_rolling", ("a",)),
    ]
    assert join_instances(instances) == [
        Loglikelihood("a", ("1", "2")),
        Loglikelihood("b", ("3",)),
        Loglikelihood("a", ("4",)),
        Generate("a", {"until": ["."]}),
        Rolling("a"),
    ]
    assert join_instances([]) == []
