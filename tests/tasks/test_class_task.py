"""Tasks written as classes: how they are made and asked, and what is said where they go wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proctor.errors import DataError, ProctorError, TaskError, UsageError
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.tasks.class_task import from_object, join_instances
from proctor.tasks.example import Ask, AskResult
from proctor.tasks.plan import plan_task
from proctor.tasks.prompt import PromptStyle
from proctor.types import Generate, Loglikelihood, Rolling

ROWS = [{"question": f"What is {n} plus one?", "answer": str(n + 1), "fine": n % 2 == 0} for n in range(6)]

MINE = """
from lm_eval.api.instance import Instance
from lm_eval.api.metrics import mean
from lm_eval.api.task import ConfigurableTask

SEEN = []


class Mine(ConfigurableTask):
    VERSION = 3
    DATASET_PATH = "json"

    def __init__(self, config):
        SEEN.append(config)
        files = {"train": config["rows"], "validation": config["rows"]}
        super().__init__(config={"metadata": {"version": 3}, "dataset_kwargs": {"data_files": files}})

    def has_training_docs(self):
        return True

    def has_validation_docs(self):
        return True

    def has_test_docs(self):
        return False

    def training_docs(self):
        return self.dataset["train"]

    def validation_docs(self):
        return self.dataset["validation"]

    def doc_to_text(self, doc):
        return f"Q: {doc['question']}\\nA:"

    def doc_to_target(self, doc):
        return doc["answer"]

    def construct_requests(self, doc, ctx, apply_chat_template=False, chat_template=None, **kwargs):
        def ask(kind, idx, *arguments):
            return Instance(request_type=kind, doc=doc, arguments=arguments, idx=idx, **kwargs)

        return [
            ask("generate_until", 4, ctx, {"until": ["\\n"], "max_gen_toks": 3}),
            ask("loglikelihood", 0, ctx, " yes"),
            ask("loglikelihood", 1, ctx, " no"),
            ask("loglikelihood", 2, "other", " no"),
            ask("loglikelihood_rolling", 3, ctx),
        ]

    def process_results(self, doc, results):
        yes, no, other, text, generated = results
        return {"yes": float(yes[0] > no[0]), "long": len(generated)}

    def aggregation(self):
        return {"yes": mean, "long": max}

    def higher_is_better(self):
        return {"yes": True, "long": False}
"""


@pytest.fixture
def write(tmp_path):
    """A folder with a task file that says ``class`` and its Python file."""

    def make(code: str = MINE, cls: str = "Mine", **keys: object) -> Path:
        rows = tmp_path / "rows.jsonl"
        rows.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
        (tmp_path / "code.py").write_text(code, encoding="utf-8")
        more = "".join(f"{key}: {json.dumps(value)}\n" for key, value in keys.items())
        file = tmp_path / "mine.yaml"
        file.write_text(f"task: mine\nclass: !function code.{cls}\nrows: {rows}\n{more}", encoding="utf-8")
        return file

    return make


def run(file, **options):
    config = build_config({"model": "dummy", "tasks": [str(file)], **options})
    return evaluate(config, progress=Quiet, bootstrap_iters=9, keep_records=True)


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


def test_its_class_gets_the_whole_file_with_the_metadata_of_the_run(write):
    file = write(colour="red", metadata={"a": 1})
    code = file.with_name("code.py")
    code.write_text(
        MINE.replace("SEEN.append(config)", "__import__('pathlib').Path(__file__ + '.seen').write_text(repr(config))")
    )
    run(file, metadata={"b": 2})
    seen = eval(code.with_name("code.py.seen").read_text().replace(repr_of_class(code), "'class'"))
    assert seen["colour"] == "red"
    assert seen["task"] == "mine"
    assert (seen["metadata"]["a"], seen["metadata"]["b"]) == (1, 2)
    assert seen["metadata"]["config_source"] == str(file)


def repr_of_class(code):
    text = code.with_name("code.py.seen").read_text()
    start = text.index("<class")
    return text[start : text.index(">", start) + 1]


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
    plan = plan_task(task, limit=1, samples=None, seed=0, style=PromptStyle())
    kinds = [type(request) for request in plan.documents[0].requests]
    assert kinds == [Loglikelihood, Loglikelihood, Rolling, Generate]
    assert plan.documents[0].requests[0].continuations == (" yes", " no")


def test_what_the_run_asks_reaches_the_object(write):
    code = MINE.replace('{"until": ["\\n"], "max_gen_toks": 3}', "self.config.generation_kwargs")
    assert code != MINE
    record = run(write(code), gen_kwargs={"max_new_tokens": 2}, limit=1).records["mine"][0]
    assert record.arguments[-1][1] == {"temperature": 0.0, "do_sample": False, "until": ["\n\n"], "max_new_tokens": 2}
    keeps = write(MINE.replace('"metadata": {"version": 3},', '"num_fewshot": 0,'))
    assert run(keeps, num_fewshot=3, limit=1).tasks[0].n_shot == 0


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


def test_a_class_that_takes_no_config_is_called_without(write):
    code = MINE.replace("self, config)", "self, **kwargs)").replace("SEEN.append(config)", "assert kwargs == {}")
    rows = write().with_name("rows.jsonl")
    assert run(write(code.replace('config["rows"]', repr(str(rows)))), limit=1).tasks[0].n_effective == 1


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
        task.positions(None, [5])


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


def test_a_class_draws_its_examples_itself(write, caplog):
    run(write(), num_fewshot=1, limit=1, fewshot_exclude="always")
    assert "Task 'mine' is a class and draws its examples itself: --fewshot_exclude is not heeded." in caplog.text
    caplog.clear()
    run(write(), limit=1, fewshot_exclude="always")
    assert "draws its examples" not in caplog.text


def test_a_question_is_kept_out_of_its_own_examples_if_the_user_says_so(write, caplog):
    def times_asked(**options):
        splits = '"fewshot_split": "validation", "validation_split": "validation", "dataset_kwargs"'
        code = MINE.replace('"dataset_kwargs"', splits)
        records = run(write(code), num_fewshot=5, **options).records["mine"]
        return {record.arguments[0][0].count(f"What is {record.doc_id} plus one?") for record in records}

    assert times_asked() == {1, 2}  # the class draws from the documents that it evaluates
    assert times_asked(fewshot_exclude="always") == {1}
    assert "has no effect" not in caplog.text


def test_a_class_that_cannot_keep_questions_out_is_named(write, caplog):
    code = MINE.replace("class Mine(ConfigurableTask)", "class Base(ConfigurableTask)") + (
        "\n\nclass Mine(Base):\n    def __getattribute__(self, name):\n"
        "        if name == 'exclude_evaluated':\n            raise AttributeError(name)\n"
        "        return super().__getattribute__(name)\n"
    )
    run(write(code), num_fewshot=1, fewshot_exclude="always")
    assert "Task 'mine' chooses its examples itself: --fewshot_exclude has no effect on it." in caplog.text
    caplog.clear()
    run(write(code), fewshot_exclude="always")
    assert "no effect" not in caplog.text


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
