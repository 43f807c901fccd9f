"""Where proctor differs from lm-eval 0.4.13 in a figure: what it gives by default, and lm-eval's on request.

Each pair of tests is named after its row in docs/differences.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import pytest

from proctor.errors import TaskError, UsageError
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.run_result import RunResult
from proctor.settings.config import build_config
from proctor.types import Generate, Loglikelihood, Request, Response, Rolling, Scores, Text

STRICT = {"strict_lm_eval": True}


class Scripted:
    """A model that answers as it is told, and keeps what it was asked."""

    name = "scripted"
    info: Mapping[str, Any] = {}
    identity: Mapping[str, Any] | None = None

    def __init__(self, reply: Callable[[Request], Response]) -> None:
        self.reply = reply
        self.asked: list[Any] = []

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        self.asked += requests
        yield from ((index, self.reply(request)) for index, request in enumerate(requests))

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        return f"[{template}]" + "".join(message["content"] for message in messages)

    def chat_template(self, name: str | bool) -> str:
        return f"the template {name}"

    def report(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None: ...


def write(folder: Path, rows: Sequence[Mapping[str, Any]], config: str) -> str:
    """One task over ``rows``; its path."""
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    head = "task: quiz\ndataset_path: json\ndataset_kwargs: {data_files: {test: test.jsonl}}\n"
    (folder / "quiz.yaml").write_text(head + config, encoding="utf-8")
    return str(folder / "quiz.yaml")


def run(task: str, model: Scripted, **settings: Any) -> RunResult:
    config = build_config({"model": "dummy", "tasks": [task], **settings})
    return evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True, opened=model)


def value(result: RunResult, metric: str) -> float:
    return result.tasks[0].values[metric, "none"].value


CHOICES = """\
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: [a, b, c]
doc_to_target: answer
metric_list: [{metric: acc}, {metric: acc_norm}, {metric: acc_bytes}]
"""


# A log-likelihood that is not a number


@pytest.mark.parametrize(("settings", "expected"), [({}, 0.0), (STRICT, 0.5)])
def test_a_log_likelihood_that_is_not_a_number(tmp_path, settings, expected, caplog):
    task = write(tmp_path, [{"question": "Q", "answer": n} for n in (1, 2)], CHOICES)
    model = Scripted(lambda _: Scores(((-1.0, False), (math.nan, False), (-2.0, False))))
    result = run(task, model, **settings)
    assert [value(result, metric) for metric in ("acc", "acc_norm", "acc_bytes")] == [expected] * 3
    assert "the model gave NaN on 2 of 2 documents" in caplog.text
    assert ("count as wrong" in caplog.text) is not bool(settings)


# Several right answers

ANSWERS = """\
test_split: test
doc_to_text: "{{question}}"
doc_to_target: answers
metric_list:
  - {metric: exact_match}
  - {metric: !function code.share, aggregation: mean, higher_is_better: true}
"""
SHARE = """\
def share(references, predictions):
    return len(set(references[0]) & set(predictions[0])) / 4
"""


@pytest.mark.parametrize(
    ("settings", "answer", "expected"),
    [
        ({}, "ab", (1.0, 0.5)),
        ({}, "x", (0.0, 0.0)),
        # Any score but zero is a hit; and share gets the two answers that exact_match left behind.
        (STRICT, "c", (0.0, 1.0)),
        (STRICT, "x", (0.0, 0.0)),
        ({}, "c", (0.0, 0.25)),
    ],
)
def test_several_right_answers(tmp_path, settings, answer, expected):
    (tmp_path / "code.py").write_text(SHARE, encoding="utf-8")
    task = write(tmp_path, [{"question": "Q", "answers": ["ab", "abc"]}], ANSWERS)
    result = run(task, Scripted(lambda _: Text(answer)), **settings)
    assert (value(result, "exact_match"), value(result, "share")) == expected


# A limit of tokens under another of its names


@pytest.mark.parametrize("given", ["max_new_tokens", "max_tokens", "max_completion_tokens", "max_gen_toks"])
@pytest.mark.parametrize("settings", [{}, STRICT])
def test_a_limit_of_tokens_under_another_of_its_names(tmp_path, settings, given):
    from proctor.models.generation import plan_generation

    config = "test_split: test\ndoc_to_text: question\ndoc_to_target: question\n"
    for own in ("", "generation_kwargs: {max_gen_toks: 9, until: [x]}\n"):
        task = write(tmp_path, [{"question": "Q"}], config + own)
        model = Scripted(lambda _: Text(""))
        run(task, model, gen_kwargs={given: 5}, **settings)
        (request,) = model.asked
        heeded = not settings or given == "max_gen_toks"
        assert plan_generation(request.kwargs).max_tokens == (5 if heeded else 9 if own else 256)


# fewshot_indices


@pytest.mark.parametrize("settings", [{}, STRICT])
def test_fewshot_indices(tmp_path, settings):
    rows = [{"question": f"Q{n}", "answer": 0} for n in range(20)]
    config = CHOICES + "fewshot_split: test\nfewshot_config: {fewshot_indices: [3, 4, 5]}\nnum_fewshot: 2\n"
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    result = run(write(tmp_path, rows, config), model, **settings)
    shown = {line.split()[0] for request in model.asked for line in request.context.split("\n\n")[:-1]}
    assert (shown <= {"Q3", "Q4", "Q5"}) is not bool(settings)
    assert result.tasks[0].n_effective == 20


# A chat template by its name


@pytest.mark.parametrize(("settings", "used"), [({}, "[rag]"), (STRICT, "[None]")])
def test_a_chat_template_by_its_name(tmp_path, settings, used):
    task = write(tmp_path, [{"question": "Q", "answer": 0}], CHOICES)
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    result = run(task, model, apply_chat_template="rag", **settings)
    assert model.asked[0].context == f"{used}Q"
    assert result.extra["chat_template"] == "the template rag"


# Predictions alone


@pytest.mark.parametrize(("settings", "count"), [({}, 2), (STRICT, 0)])
def test_predictions_alone(tmp_path, settings, count):
    task = write(tmp_path, [{"question": "Q", "answer": 0}] * 2, CHOICES)
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    result = run(task, model, predict_only=True, output_path=str(tmp_path / "out"), **settings)
    assert (result.tasks[0].n_effective, result.tasks[0].sample_len, result.tasks[0].values) == (count, count, {})
    assert [record.metrics for record in result.records["quiz"]] == [{}, {}]


# A question among its own examples


@pytest.mark.parametrize("split", ["", "fewshot_split: test\n"])
@pytest.mark.parametrize("exclude", ["lm_eval", "always"])
def test_a_question_among_its_own_examples(tmp_path, exclude, split, caplog):
    # lm-eval compares the examples' split with test_split, and this task has a validation_split.
    config = CHOICES.replace("test_split: test", "validation_split: test") + split + "num_fewshot: 4\n"
    rows = [{"question": f"Q{n}", "answer": 0} for n in range(6)]
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    run(write(tmp_path, rows, config), model, fewshot_exclude=exclude)
    leaking = [request.context.count(request.context.split("\n\n")[-1] + " a") for request in model.asked]
    # Without fewshot_split, "none" equals the test_split that is none, and lm-eval excludes.
    leaks = exclude == "lm_eval" and bool(split)
    assert (sum(leaking) > 0) is leaks
    assert ("--fewshot_exclude always keeps it out" in caplog.text) is leaks
    assert all(len(request.context.split("\n\n")) == 5 for request in model.asked)


def test_examples_of_another_split_are_drawn_as_ever(tmp_path):
    (tmp_path / "train.jsonl").write_text("".join(f'{{"question": "T{n}", "answer": 0}}\n' for n in range(9)))
    config = CHOICES.replace("test_split", "validation_split") + "fewshot_split: train\nnum_fewshot: 3\n"
    config += "dataset_kwargs: {data_files: {test: test.jsonl, train: train.jsonl}}\n"
    task = write(tmp_path, [{"question": f"Q{n}", "answer": 0} for n in range(6)], config)
    text = Path(task).read_text(encoding="utf-8").replace("dataset_kwargs: {data_files: {test: test.jsonl}}\n", "")
    Path(task).write_text(text, encoding="utf-8")
    asked = []
    for exclude in ("lm_eval", "always"):
        model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
        run(task, model, fewshot_exclude=exclude)
        asked.append(model.asked)
    assert asked[0] == asked[1]


def test_there_are_two_rules_of_exclusion():
    with pytest.raises(UsageError, match="--fewshot_exclude must be one of lm_eval, always, not 'never'"):
        build_config({"tasks": ["a"], "fewshot_exclude": "never"})


# Requests that are the same tokens, the last one aside


@pytest.fixture(scope="module")
def demo_model(repository) -> Callable[..., Any]:
    from proctor.models import open_model

    folder = repository / "src" / "proctor" / "benchmarks" / "demo" / "model"

    def opened(**arguments: Any) -> Any:
        return open_model("hf", {"pretrained": str(folder), "dtype": "float32", **arguments}, device="cpu")

    return opened


def scores(model: Any, *pairs: tuple[str, str]) -> list[tuple[float, bool]]:
    answers = dict(model.respond([Loglikelihood(context, (text,)) for context, text in pairs]))
    return [answers[index].values[0] for index in range(len(pairs))]


def test_requests_that_are_the_same_tokens_the_last_one_aside(demo_model):
    long, short = ("the old", " fox ran."), ("the old fox ran", ".")
    model, strict = demo_model(), demo_model(logits_cache="lm_eval", scoring="plain")
    pairs = [model.tokens.encode_pair(*pair) for pair in (long, short)]
    assert pairs[0][0] + pairs[0][1] == pairs[1][0] + pairs[1][1]
    assert len(pairs[1][1]) == 1
    alone = [scores(model, pair)[0] for pair in (long, short)]
    for right in (scores(model, long, short), scores(demo_model(logits_cache=False), long, short)):
        assert [logprob for logprob, _ in right] == pytest.approx([logprob for logprob, _ in alone], abs=1e-4)
    # lm-eval looks the full stop up where " fox" stands, and keeps the right greedy flag.
    misplaced = scores(model, ("the old", "."))[0][0]
    wrong = scores(strict, long, short)
    assert [logprob for logprob, _ in wrong] == pytest.approx([alone[0][0], misplaced], abs=1e-4)
    assert [greedy for _, greedy in wrong] == [greedy for _, greedy in alone]
    assert abs(misplaced - alone[1][0]) > 0.1


def test_strict_asks_the_model_for_lm_eval_s_passes():
    config = build_config({"tasks": ["a"], "model_args": "pretrained=x", **STRICT})
    assert config.model_args == {"pretrained": "x", "logits_cache": "lm_eval", "scoring": "plain"}
    assert config.metadata == {"pretrained": "x"}
    own = build_config({"tasks": ["a"], "model_args": "pretrained=x,logits_cache=False,scoring=tree", **STRICT})
    assert own.model_args == {"pretrained": "x", "logits_cache": False, "scoring": "tree"}
    assert build_config({"tasks": ["a"], "model": "dummy", **STRICT}).model_args == {}
    with pytest.raises(UsageError, match="--batch_invariant and --strict_lm_eval"):
        build_config({"tasks": ["a"], "batch_invariant": True, **STRICT})


def test_lm_eval_s_cache_is_one_of_plain_passes(demo_model):
    with pytest.raises(UsageError, match="Add scoring=plain"):
        demo_model(logits_cache="lm_eval")
    with pytest.raises(UsageError, match="logits_cache is 'lmeval'"):
        demo_model(logits_cache="lmeval")


# BOS twice before a whole text


def test_bos_twice_before_a_whole_text(shared_models):
    from proctor.models import open_model

    text = "The tower of Babel was never finished."
    rolled = {}
    for once in (False, True):
        args = {"pretrained": str(shared_models / "llama-bos"), "dtype": "float32", "rolling_bos_once": once}
        model: Any = open_model("hf", args, device="cpu")
        rolled[once] = dict(model.respond([Rolling(text), Rolling("")]))
        plain = dict(model.respond([Loglikelihood("", (text,))]))[0].values[0][0]
        assert [len(scored) for _, scored in model.tokens.rolling(text)] == [len(model.tokens.encode(text)) - once]
    assert rolled[True][0].logprob == pytest.approx(plain, abs=1e-4)
    assert rolled[True][1].logprob == 0.0
    # lm-eval scores BOS after BOS as the first word of the text.
    assert rolled[False][0].logprob < rolled[True][0].logprob
    assert rolled[False][1].logprob < 0.0


# An empty stop string


@pytest.mark.parametrize("scoring", ["auto", "plain"])
def test_an_empty_stop_string(demo_model, scoring):
    # lm-eval finds it in every text, and ends each after its first token.
    model = demo_model(scoring=scoring)
    requests = [Generate("the old", {"max_gen_toks": 6, "until": until}) for until in ([""], [], None)]
    texts = [response.text for _, response in sorted(dict(model.respond(requests)).items())]
    assert texts[0] == texts[1] == texts[2]
    first = Generate("the old", {"max_gen_toks": 1, "until": [""]})
    assert len(dict(model.respond([first]))[0].text) < len(texts[0])


# A target whose text looks like a list of numbers

LISTED = 'test_split: test\ndoc_to_text: question\ndoc_to_target: "{{a}}"\n'


@pytest.mark.parametrize(("settings", "expected"), [({}, 1.0), (STRICT, 0.0)])
@pytest.mark.parametrize("text", ["[3, 2, 1]", "[]", "[['a'], ['b']]", "[None]"])
def test_a_target_whose_text_looks_like_a_list_of_numbers(tmp_path, settings, expected, text):
    task = write(tmp_path, [{"question": "Q", "a": text}] * 2, LISTED)
    assert value(run(task, Scripted(lambda _: Text(text)), **settings), "exact_match") == expected


@pytest.mark.parametrize("settings", [{}, STRICT])
@pytest.mark.parametrize(
    ("rows", "template"),
    [
        ([{"question": "Q", "a": ["x", "y"]}], "{{a}}"),
        ([{"question": "Q", "a": "['x', 'y']"}], "{{a}}"),
        ([{"question": "Q", "a": {"b": ["x", "y"]}}], "{{a.b}}"),
        ([{"question": "Q", "a": "x", "b": "y"}], "{{[a, b]}}"),
    ],
)
def test_lists_of_texts_are_several_right_answers_as_there(tmp_path, settings, rows, template):
    task = write(tmp_path, rows, LISTED.replace("{{a}}", template))
    result = run(task, Scripted(lambda _: Text("y")), **settings)
    assert value(result, "exact_match") == 1.0
    assert result.records["quiz"][0].target == ["x", "y"]


# Functions that do not agree with themselves


@pytest.mark.parametrize("settings", [{}, STRICT])
def test_functions_that_do_not_agree_with_themselves(tmp_path, settings):
    (tmp_path / "code.py").write_text("import random\ndef target(doc):\n    return random.randrange(3)\n")
    task = write(tmp_path, [{"question": f"Q{n}", "answer": 0} for n in range(9)], CHOICES.replace(
        "doc_to_target: answer", "doc_to_target: !function code.target"
    ))  # fmt: skip
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    if settings:
        assert 0.0 <= value(run(task, model, **settings), "acc") <= 1.0
    else:
        with pytest.raises(TaskError, match="doc_to_target gives another value each time"):
            run(task, model)
        assert model.asked == []


# No target that can be read


def test_no_target_that_can_be_read(tmp_path):
    task = write(tmp_path, [{"question": "Q", "answer": -1}] * 3, CHOICES)
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    with pytest.raises(TaskError, match="no target of its 3 documents can be read"):
        run(task, model)
    assert value(run(task, model, **STRICT), "acc") == 0.0


# A folder of data that is gone


def test_a_folder_of_data_that_is_gone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    task = write(tmp_path, [{"question": "Q", "answer": 0}] * 3, CHOICES)
    (tmp_path / "exam").mkdir()
    (tmp_path / "test.jsonl").rename(tmp_path / "exam" / "test.jsonl")
    cache = str(tmp_path / "cache")
    datasets.load_dataset("exam", cache_dir=cache)
    (tmp_path / "exam").rename(tmp_path / "put_away")
    data = f"dataset_path: exam\ndataset_kwargs: {{cache_dir: {cache}}}"
    text = Path(task).read_text(encoding="utf-8")
    Path(task).write_text("\n".join(["task: quiz", data, *text.split("\n")[3:]]), encoding="utf-8")
    model = Scripted(lambda _: Scores(((-1.0, False), (-2.0, False), (-3.0, False))))
    with pytest.raises(TaskError, match="the folder 'exam' is not there"):
        run(task, model)
    assert value(run(task, model, **STRICT), "acc") == 1.0


# Whatever the face, strictness is the same


def test_strictness_can_be_asked_for_everywhere(tmp_path):
    import proctor
    from proctor.settings.config_file import read_config_file

    task = write(tmp_path, [{"question": "Q", "answer": 0}] * 2, CHOICES)
    out = str(tmp_path / "out")
    result = proctor.evaluate(model="dummy", tasks=[task], predict_only=True, output_path=out, strict_lm_eval=True)
    assert result.tasks[0].n_effective == 0
    (tmp_path / "run.yaml").write_text("strict_lm_eval: true\nfewshot_exclude: always\n", encoding="utf-8")
    config = build_config({"tasks": [task]}, read_config_file(str(tmp_path / "run.yaml")).values)
    assert (config.strict_lm_eval, config.fewshot_exclude) == (True, "always")


# Documents chosen out of order, or twice


def test_documents_chosen_out_of_order_or_twice(tmp_path):
    task = write(tmp_path, [{"question": f"Q{n}", "answer": 0} for n in range(5)], CHOICES)
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    result = run(task, model, samples={"quiz": [3, 1, 3]})
    assert [(record.doc_id, record.doc["question"]) for record in result.records["quiz"]] == [(1, "Q1"), (3, "Q3")]
    assert [request.context for request in model.asked] == ["Q1", "Q3"]


# A task asked for twice


def test_a_task_asked_for_twice_alone_and_within_a_group_runs_once(tmp_path):
    task = write(tmp_path, [{"question": "Q", "answer": 0}] * 3, CHOICES)
    (tmp_path / "group.yaml").write_text(
        "group: all\ntask: [quiz]\naggregate_metric_list: [{metric: acc}]\n", encoding="utf-8"
    )
    model = Scripted(lambda _: Scores(((-1.0, False),) * 3))
    config = build_config({"model": "dummy", "tasks": ["quiz", "all"], "include_path": [str(Path(task).parent)]})
    result = evaluate(config, progress=Quiet, bootstrap_iters=0, opened=model)
    assert [one.name for one in result.tasks] == ["quiz"]
    assert result.groups[0].sample_count == {("acc", "none"): 3}
    assert len(model.asked) == 3


# Sampling N times


def test_repeats_are_asked_for_one_by_one_only_where_they_can_differ(tmp_path):
    config = "test_split: test\ndoc_to_text: question\ndoc_to_target: question\nrepeats: 4\ngeneration_kwargs: "
    for kwargs, times in (
        ("{do_sample: true, temperature: 0.5}", 4),
        ("{temperature: 0.5}", 4),
        ("{do_sample: false}", 1),
    ):
        model = Scripted(lambda _: Text("Q"))
        result = run(write(tmp_path, [{"question": "Q"}], config + kwargs), model)
        assert len(model.asked) == times
        assert all(isinstance(request, Generate) for request in model.asked)
        assert result.records["quiz"][0].responses == (("Q",) * 4,)
