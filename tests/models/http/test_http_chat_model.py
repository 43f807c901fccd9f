"""Chat APIs: messages go in as messages, one reply is one response, and nothing is shifted."""

from __future__ import annotations

import pytest
from aiohttp import web
from stub_api import error

from proctor.errors import ModelError, UsageError
from proctor.messages import Message
from proctor.models import open_model
from proctor.types import Choose, Generate, Loglikelihood, Refusal

CHAT = (Message("system", "be brief"), Message("user", "hello"))


@pytest.fixture(params=["local-chat-completions", "anthropic-chat"])
def kind(request):
    return request.param


def open_chat(kind, stub, **args):
    return open_model(kind, {"model": "tiny", "base_url": stub.url, **args})


def test_messages_arrive_as_messages(serve, kind):
    stub = serve()
    model = open_chat(kind, stub)
    [(_, response)] = model.respond([Generate(CHAT, {"until": ["\n"], "max_gen_toks": 5})])
    assert response.text == "echo hello"
    assert response.usage.cached > 0
    path, payload = stub.requests[-1]
    assert payload["model"] == "tiny"
    assert payload["max_tokens"] == 5
    if kind == "anthropic-chat":
        assert path == "/v1/messages"
        assert payload["system"][0]["text"] == "be brief"
        assert [turn["role"] for turn in payload["messages"]] == ["user"]
        assert "seed" not in payload
    else:
        assert path == "/v1/chat/completions"
        assert payload["messages"] == [{"role": one.role, "content": one.content} for one in CHAT]
        assert payload["stop"] == ["\n"]


def test_a_text_is_one_message_of_the_user(serve, kind):
    stub = serve()
    [(_, response)] = open_chat(kind, stub).respond([Generate("hello", {})])
    assert response.text == "echo hello"


@pytest.mark.parametrize("concurrent", [1, 4, 16])
def test_replies_of_no_block_and_of_two_shift_nothing(serve, concurrent):
    def script(path, payload):
        number = int(payload["messages"][-1]["content"][0]["text"])
        blocks = {
            3: [{"type": "text", "text": "a3"}, {"type": "text", "text": "more"}],
            5: [],
            6: [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a6"}],
        }.get(number, [{"type": "text", "text": f"a{number}"}])
        return web.json_response({"content": blocks, "stop_reason": "end_turn"})

    model = open_chat("anthropic-chat", serve(script=script), num_concurrent=concurrent)
    responses = dict(model.respond([Generate(str(number), {}) for number in range(8)]))
    assert [responses[place].text for place in range(8)] == ["a0", "a1", "a2", "a3more", "a4", "", "a6", "a7"]


def test_a_reply_without_a_message_is_one_refusal(serve):
    def script(path, payload):
        if payload and payload["messages"][-1]["content"] == "1":
            return web.json_response({"object": "nothing"})
        return None

    model = open_chat("local-chat-completions", serve(script=script))
    responses = dict(model.respond([Generate(str(number), {}) for number in range(3)]))
    assert isinstance(responses[1], Refusal)
    assert [responses[place].text for place in (0, 2)] == ["echo 0", "echo 2"]


def test_what_follows_the_end_of_reasoning(serve):
    body = {"choices": [{"message": {"content": "hm</think>\n B"}, "finish_reason": "stop"}]}
    stub = serve(script=lambda path, payload: web.json_response(body) if payload else None)
    [(_, response)] = open_chat("local-chat-completions", stub, think_end_token="</think>").respond([Generate("q", {})])
    assert response.text == "B"


def test_stop_strings_hold_after_the_reasoning_alone(serve):
    body = {"choices": [{"message": {"content": "<think>\nhm\n</think>\n\n2\nmore"}, "finish_reason": "stop"}]}
    stub = serve(script=lambda path, payload: web.json_response(body) if payload else None)
    model = open_chat("local-chat-completions", stub, think_end_token="</think>")
    [(_, response)] = model.respond([Generate("q", {"until": ["\n"]})])
    assert response.text == "2"


def test_the_identity_of_a_chat(serve):
    stub = serve()
    base = open_chat("local-chat-completions", stub).identity
    for args in ({"think_end_token": "</think>"}, {"eos_string": "x"}, {"max_gen_toks": 5}, {"seed": 5}):
        assert open_chat("local-chat-completions", stub, **args).identity != base
    for args in ({"max_length": 512}, {"num_concurrent": 5}, {"timeout": 5}):
        assert open_chat("local-chat-completions", stub, **args).identity == base


@pytest.mark.parametrize("name", ["model", "messages", "prompt"])
def test_generation_arguments_name_no_other_model(serve, name):
    with pytest.raises(UsageError, match=f"hold '{name}'"):
        list(open_chat("local-chat-completions", serve()).respond([Generate("q", {name: "other"})]))


def test_a_stop_between_texts_and_options_sends_nothing_more(serve):
    stub = serve()
    model = open_chat("local-chat-completions", stub)
    responses = model.respond([Generate("q", {}), Choose("A. 1\nB. 2", ("A", "B"))])
    assert next(responses)[0] == 0
    model.stop()
    assert list(responses) == []
    assert len([payload for _, payload in stub.requests if payload]) == 1


def test_credit_that_is_used_up_ends_the_run(serve):
    message = "Your credit balance is too low to access the Anthropic API."
    stub = serve(script=lambda path, payload: error(400, message) if payload else None)
    with pytest.raises(ModelError, match="refuses all requests"):
        list(open_chat("anthropic-chat", stub, num_concurrent=1).respond([Generate(str(n), {}) for n in range(9)]))
    assert len(stub.requests) == 1


def test_a_server_that_is_down_has_not_shown_that_it_lacks_a_way(serve):
    stub = serve(script=lambda path, payload: error(500, "down") if payload.get("logprobs") else None)
    model = open_chat("local-chat-completions", stub, max_retries=1)
    with pytest.raises(ModelError, match="cannot be tried"):
        list(model.respond([Choose("A. 1\nB. 2", ("A", "B"))]))


def test_a_name_in_the_address_beside_a_key(serve):
    with pytest.raises(UsageError, match="holds a user's name"):
        open_model("local-chat-completions", {"model": "m", "base_url": "http://u:p@h/v1", "auth_token": "abcdefgh"})


def test_nothing_can_be_scored(serve, kind):
    with pytest.raises(UsageError, match="gives no log-probabilities of prompts"):
        list(open_chat(kind, serve()).respond([Loglikelihood("a", (" b",))]))


def test_an_unknown_model_is_found_before_anything_is_sent(serve):
    stub = serve()
    with pytest.raises(ModelError, match="no model named 'tyni'"):
        list(open_chat("local-chat-completions", stub, model="tyni").respond([Generate("q", {})]))
    assert [path for path, _ in stub.requests] == ["/v1/models"]


def test_keys(serve, monkeypatch):
    stub = serve()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-local-0123456789abcdef")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-0123456789abcdef")
    list(open_chat("local-chat-completions", stub).respond([Generate("q", {})]))
    assert stub.headers[-1]["Authorization"] == "Bearer sk-local-0123456789abcdef"
    list(open_chat("anthropic-chat", stub).respond([Generate("q", {})]))
    assert stub.headers[-1]["x-api-key"] == "sk-ant-0123456789abcdef"
    assert stub.headers[-1]["anthropic-version"] == "2023-06-01"
    list(open_chat("local-chat-completions", stub, header={"X-Team": "eval"}).respond([Generate("q", {})]))
    assert "Authorization" not in stub.headers[-1]
    assert stub.headers[-1]["X-Team"] == "eval"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("openai-chat-completions", "OPENAI_API_KEY"),
        ("openai-completions", "OPENAI_API_KEY"),
        ("anthropic-chat", "ANTHROPIC_API_KEY"),
        ("azure-openai-chat-completions", "AZURE_OPENAI_API_KEY"),
    ],
)
def test_an_api_without_a_key(kind, name, monkeypatch):
    monkeypatch.delenv(name, raising=False)
    args = {"base_url": "https://example.invalid"} if kind.startswith("azure") else {}
    with pytest.raises(UsageError, match="needs a key") as caught:
        open_model(kind, {"model": "m", **args})
    assert name in caught.value.hint


def test_a_key_with_a_line_end(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "abc\ndef")
    with pytest.raises(UsageError, match="no header may have"):
        open_model("openai-chat-completions", {"model": "m"})


def test_a_refused_key_is_a_sentence_without_the_key(serve, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-proj-0123456789abcdefghij")
    stub = serve(script=lambda path, payload: error(401, "Incorrect API key provided: sk-proj-0123456789abcdefghij"))
    with pytest.raises(ModelError, match="does not accept the key") as caught:
        list(open_chat("local-chat-completions", stub).respond([Generate("q", {})]))
    assert "0123456789abcdefghij" not in str(caught.value)


def test_azures_address(serve, monkeypatch):
    stub = serve()
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "azure-0123456789")
    root = stub.url.removesuffix("/v1")
    [(_, response)] = open_model("azure-openai-chat-completions", {"model": "dep", "base_url": root}).respond(
        [Generate("q", {})]
    )
    assert response.text == "echo q"
    assert stub.requests[-1][0] == "/openai/deployments/dep/chat/completions"
    assert stub.headers[-1]["api-key"] == "azure-0123456789"


def test_the_name_of_anthropics_kind_has_aliases(serve):
    for alias in ("anthropic", "anthropic-chat", "anthropic-chat-completions", "anthropic-completions"):
        [(_, response)] = open_chat(alias, serve()).respond([Generate("q", {})])
        assert response.text == "echo q"


def test_litellm_is_its_proxy(serve):
    [(_, response)] = open_chat("litellm-chat", serve()).respond([Generate("q", {})])
    assert response.text == "echo q"
    with pytest.raises(UsageError, match="needs base_url") as caught:
        open_model("litellm", {"model": "m"})
    assert "proxy" in caught.value.message
