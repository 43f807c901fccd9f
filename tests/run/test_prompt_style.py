"""Chats reach models that take messages as messages, and every other model as text."""

from __future__ import annotations

import json

import pytest

from proctor.errors import TaskError
from proctor.messages import Message
from proctor.models import MODELS, ModelKind
from proctor.models.dummy import DummyModel
from proctor.preview.preview import preview
from proctor.replay.changes import Changes
from proctor.replay.regrade import regrade
from proctor.run.finish import complete_run
from proctor.run.progress import Quiet
from proctor.run.prompt_style import model_style
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Generate, Loglikelihood, Rolling, Text

WRITE = """\
task: write
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
fewshot_split: test
num_fewshot: 1
output_type: generate_until
description: "Be short."
doc_to_text: "{{question}}"
doc_to_target: "{{choices[answer]}}"
gen_prefix: "It is"
generation_kwargs: {until: ["\\n"]}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""
ROLL = """\
task: roll
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_target: "{{question}}"
metric_list: [{metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}]
"""
Q0 = (
    Message("system", "Be short."),
    Message("user", "Q1"),
    Message("assistant", "It is b"),
    Message("user", "Q0"),
    Message("assistant", "It is"),
)


class Chat(DummyModel):
    """The dummy with an identity; it notes what it is sent."""

    name, identity = "chat", {"weights": "abc"}

    def __init__(self, sent):
        self.sent = sent

    def respond(self, requests):
        self.sent += requests
        yield from super().respond(requests)

    def chat_template(self, name):
        return "of the stub"


class ChatOfScript(Chat):
    """Is sent what its requests are about, as the classes of scripts are."""

    def respond_about(self, requests, origins):
        return self.respond(requests)


@pytest.fixture
def sent(monkeypatch):
    """What the stubs were sent; ``chat`` takes messages, ``text`` is the same model and takes none."""
    sent = []
    monkeypatch.setattr(MODELS, "_rows", dict(MODELS._rows))
    MODELS.put("chat", ModelKind(lambda args, **_: Chat(sent), messages=True))
    MODELS.put("text", ModelKind(lambda args, **_: Chat(sent)))
    MODELS.put("script", ModelKind(lambda args, **_: ChatOfScript(sent), messages=True))
    return sent


@pytest.fixture
def exam(tmp_path, write_exam):
    folder = write_exam(tmp_path / "exam", "one", documents=2)
    (folder / "write.yaml").write_text(WRITE, encoding="utf-8")
    (folder / "roll.yaml").write_text(ROLL, encoding="utf-8")
    return folder


@pytest.fixture
def settings(exam, tmp_path):
    def settings(model, *names, **options):
        tasks = [str(exam / f"{name}.yaml") for name in names or ("write",)]
        store = str(tmp_path / f"{model}.sqlite")
        return build_config({"model": model, "tasks": tasks, "apply_chat_template": True, "store": store, **options})

    return settings


def run(config):
    return evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True)


def test_the_messages_of_a_chat_arrive_with_their_roles(sent, settings):
    run(settings("chat", system_instruction=None))
    assert sent[0].prompt == Q0
    assert [[message.role for message in request.prompt] for request in sent] == [
        ["system", "user", "assistant", "user", "assistant"]
    ] * 2


def test_examples_are_one_turn_without_multiturn_and_the_instruction_leads(sent, settings):
    run(settings("chat", fewshot_as_multiturn=False, system_instruction="Speak."))
    assert sent[0].prompt == (
        Message("system", "Speak.\n\nBe short."),
        Message("user", "Q1 It is b\n\nQ0"),
        Message("assistant", "It is"),
    )


@pytest.mark.parametrize("multiturn", [True, False])
def test_a_text_model_gets_the_template_s_text_of_the_same_messages(sent, settings, multiturn):
    for model in ("chat", "text"):
        run(settings(model, fewshot_as_multiturn=multiturn))
    chats, texts = sent[:2], sent[2:]
    assert all(isinstance(request.prompt, str) for request in texts)
    for chat, text in zip(chats, texts, strict=True):
        [[turns, kwargs]] = chat.arguments
        assert DummyModel().render(turns, add_generation_prompt=False) == text.prompt
        assert kwargs == text.kwargs


@pytest.mark.parametrize("model", ["chat", "text"])
def test_scores_are_those_of_texts_for_every_kind(sent, settings, model):
    run(settings(model, "one", "roll"))
    assert [request for request in sent if isinstance(request, Loglikelihood)] == [
        Loglikelihood(f"<|user|>\nQ{number}\n<|assistant|>\n", ("a", "b")) for number in range(2)
    ]
    assert [request for request in sent if isinstance(request, Rolling)] == [Rolling("Q0"), Rolling("Q1")]


def test_without_a_chat_template_and_for_classes_of_scripts_prompts_are_texts(sent, settings):
    run(settings("chat", apply_chat_template=False))
    assert sent[0].prompt == "Be short.Q1 It is b\n\nQ0 It is"
    sent.clear()
    run(settings("script"))
    assert sent[0].prompt.startswith("<|system|>\nBe short.")


def test_which_prompts_are_messages(sent, settings):
    config = settings("chat")
    assert model_style(config, Chat(sent)).messages
    assert not model_style(config, None).messages
    assert not model_style(settings("dummy"), DummyModel()).messages
    assert not model_style(settings("some plugin"), DummyModel()).messages


def test_the_same_chat_is_answered_by_the_store_and_a_text_is_another_request(sent, settings, tmp_path):
    store = str(tmp_path / "shared.sqlite")
    first = run(settings("chat", store=store))
    assert len(sent) == 2
    assert run(settings("chat", store=store)).records == first.records
    assert len(sent) == 2
    run(settings("text", store=store))
    assert len(sent) == 4


@pytest.mark.parametrize("way", ["store", "samples"])
def test_samples_hold_the_messages_and_are_graded_again(sent, settings, exam, tmp_path, way):
    out = tmp_path / "out"
    config = settings("chat", output_path=out, log_samples=True)
    before = complete_run(config, lambda samples: evaluate(config, progress=Quiet, samples=samples, keep_records=True))
    [file] = out.rglob("samples_write_*")
    line = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    [arguments] = line["arguments"].values()
    (chat,) = arguments["arg_0"]
    assert json.loads(chat) == [{"role": message.role, "content": message.content} for message in Q0]
    assert arguments["arg_1"]["until"] == ["\n"]
    [results] = out.rglob("results_*")
    changes = Changes(store=str(tmp_path / "chat.sqlite")) if way == "store" else Changes(include_path=(str(exam),))
    again = regrade(1 if way == "store" else str(results), changes, progress=Quiet)
    assert again.result.records == before.result.records
    assert len(sent) == 2


def test_preview_shows_who_speaks(sent, settings):
    shown = "\n".join(preview(settings("chat"), progress=Quiet))
    assert (
        "┌─ prompt, a chat of 5 messages\n├─ system\nBe short.\n├─ user\nQ1\n├─ assistant\nIt is b\n├─ user\nQ0\n"
        "├─ assistant, left open\nIt is\n└─ the last one: 5 characters, ending in 'It is'\n  generate with  "
    ) in shown
    assert "shown  1 task, 1 document, 1 request, 25 characters" in shown
    assert sent == []


def test_half_a_character_in_a_message_is_refused_before_the_model_is_asked(sent, settings, exam):
    text = WRITE.replace('"Be short."', """'Be {{ "\\ud800" }} short.'""")
    (exam / "write.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TaskError, match="document 0 holds half of a character"):
        run(settings("chat"))
    assert sent == []


def test_the_dummy_counts_the_words_of_messages():
    [(_, response)] = DummyModel().respond([Generate(Q0, {})])
    assert isinstance(response, Text)
    assert response.usage is not None
    assert response.usage.prompt == 9


class _Tokens(DummyModel):
    facts = {"max_length": 512}  # noqa: RUF012


class _WithTokens(DummyModel):
    tokens = _Tokens()


@pytest.mark.parametrize(
    ("renderer", "limit"), [(_Tokens(), 512), (_WithTokens(), 512), (DummyModel(), None), (None, None)]
)
def test_what_a_model_takes_bounds_written_answers(renderer, limit):
    config = build_config({"model": "dummy", "tasks": ["x"], "formulations": "generate"})
    assert model_style(config, renderer).formulations.limit == limit
