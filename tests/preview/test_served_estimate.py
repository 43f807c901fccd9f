"""The estimate of a served model: tokens and cost at most, and nothing is sent."""

from __future__ import annotations

import json
import socket

import pytest
from stub_api import StubTokenizer

from proctor.cli.main import main
from proctor.errors import UsageError
from proctor.models import MODELS, model_kind
from proctor.models.choices import text_call
from proctor.models.tokens.tokenizer import Tokens
from proctor.preview.estimate import estimate
from proctor.preview.served_estimate import served_lines
from proctor.run.progress import Quiet
from proctor.settings.config import build_config
from proctor.types import Choose, Generate, Loglikelihood, Rolling

TASK = """\
task: says
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "12345678{{n}}"
doc_to_target: "x"
generation_kwargs: {max_gen_toks: 30, until: []}
"""


@pytest.fixture
def exam(tmp_path, monkeypatch):
    (tmp_path / "says.yaml").write_text(TASK, encoding="utf-8")
    (tmp_path / "test.jsonl").write_text("".join(f'{{"n": {n}}}\n' for n in range(10)), encoding="utf-8")
    (tmp_path / "prices.json").write_text(json.dumps({"m": {"prompt": 1000, "completion": 10000}}), encoding="utf-8")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def connect(*_):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", connect)
    return tmp_path


@pytest.fixture
def config(exam):
    def make(model="openai-chat-completions", **options):
        args = {"model": "m", **options.pop("model_args", {})}
        return build_config({"model": model, "model_args": args, "tasks": [str(exam / "says.yaml")], **options})

    return make


def lines_of(config, *, timed=True):
    return list(estimate(config, progress=Quiet, timed=timed))


@pytest.mark.parametrize("timed", [True, False])
def test_characters_stand_for_tokens_where_a_kind_has_no_tokenizer(config, timed):
    # Nine characters are three tokens.
    assert lines_of(config(), timed=timed) == [
        "1 task, 10 documents",
        "generated  10 requests, 30 tokens of prompts, at most 300 new ones",
        "Tokens are estimated: the kind 'openai-chat-completions' has no tokenizer here. 4 characters are taken "
        "for one, and each character beyond ASCII.",
        "Nothing was sent. Responses in the store are not asked again, and are counted here all the same.",
    ]


def test_the_cost_at_the_users_prices(config, exam):
    assert lines_of(config(prices=str(exam / "prices.json")))[-1] == (
        "cost       0.03 for the prompts, at most 3.03 with all new tokens"
    )


def test_a_model_without_a_price(config, exam):
    with pytest.raises(UsageError, match="has none for the model 'other'"):
        lines_of(config(prices=str(exam / "prices.json"), model_args={"model": "other"}))


def test_chats_are_counted_without_a_key(config):
    lines = lines_of(config(apply_chat_template=True, system_instruction="1234"))
    assert lines[1] == "generated  10 requests, 40 tokens of prompts, at most 300 new ones"


def test_the_command(exam, capsys):
    words = ["preview", "--model", "anthropic-chat", "--model_args", "model=m", "--tasks", str(exam / "says.yaml")]
    assert main([*words, "--estimate", "--prices", str(exam / "prices.json")]) == 0
    assert "at most 3.03" in capsys.readouterr().out
    (exam / "prices.json").write_text('{"m": {"prompt": 1}}', encoding="utf-8")
    assert main([*words, "--estimate", "--prices", str(exam / "prices.json")]) == 2
    assert "'m' has no price 'completion'" in capsys.readouterr().err


def test_what_a_run_without_a_tokenizer_refuses_is_refused_here(config, exam):
    (exam / "says.yaml").write_text(TASK.replace("generate_until", "loglikelihood"), encoding="utf-8")
    served = {"model": "local-completions", "model_args": {"base_url": "http://h/v1", "tokenizer_backend": "none"}}
    with pytest.raises(UsageError, match="needs token ids"):
        lines_of(config(**served))


CHOOSE = Choose("Which?", ("A", "B"), route="letters")
REQUESTS = [
    Loglikelihood("one two three", (" four", " five six")),
    Rolling("one two"),
    Generate("one two three four", {}),
    CHOOSE,
]


def test_each_kind_of_request_is_counted_as_it_is_billed():
    tokens = Tokens(StubTokenizer(), max_length=100, add_bos_token=False)
    config = build_config({"tasks": ["a"], "model_args": {"model": "m", "max_gen_toks": 7}})
    chosen = sum(len(message.content.split()) for message in text_call(CHOOSE).messages)
    assert list(served_lines(config, REQUESTS, tokens))[:5] == [
        "scored     2 requests, 9 tokens of prompts, at most 2 new ones",
        "rolling    1 request, 2 tokens of prompts, at most 1 new ones",
        "generated  1 request, 4 tokens of prompts, at most 7 new ones",
        f"chosen     1 request, {chosen} tokens of prompts, at most 1 new ones",
        f"in sum     5 requests, {15 + chosen} tokens of prompts, at most 11 new ones",
    ]


@pytest.mark.parametrize(("text", "count"), [("", 0), ("abcd", 1), ("abcde", 2), ("정답", 2), ("답은 ab", 3)])
def test_characters_beyond_ascii_are_tokens(text, count):
    config = build_config({"tasks": ["a"]})
    [line, *_] = served_lines(config, [Generate(text, {"max_gen_toks": 1})], None)
    assert line == f"generated  1 request, {count} tokens of prompts, at most 1 new ones"


def test_kinds_that_are_reached_over_http_say_so():
    assert {name for name in MODELS if "completions" in name or "anthropic" in name} <= {
        name for name in MODELS if model_kind(name).served
    }
