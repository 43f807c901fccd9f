"""Retries, limits, and what ends a run: each outcome of a server is a response, a refusal or a sentence."""

from __future__ import annotations

import pytest
from aiohttp import web
from stub_api import error

from proctor.errors import ModelError
from proctor.models.http import sender as sender_module
from proctor.types import Generate, Refusal, Text

REQUESTS = [Generate(f"say {number}", {}) for number in range(12)]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(sender_module, "LONGEST_PAUSE", 0.01)


@pytest.fixture
def respond(completions):
    def call(stub, requests=REQUESTS, **args):
        model = completions(stub, tokenizer_backend="none", **args)
        return dict(model.respond(requests)), model

    return call


def texts(responses):
    return [responses[place].text for place in range(len(REQUESTS))]


EXPECTED = [f"echo say {number}" for number in range(12)]


@pytest.mark.parametrize("status", [500, 502, 503, 408, 409])
def test_passing_failures_are_tried_again(serve, respond, status):
    seen = set()

    def script(path, payload):
        prompt = payload.get("prompt")
        if prompt and prompt not in seen:
            seen.add(prompt)
            return error(status, "try again")
        return None

    responses, model = respond(serve(script=script))
    assert texts(responses) == EXPECTED
    assert model.report()["generation"]["requests"]["retried"] == 12


def test_a_request_that_always_fails_is_refused_after_its_attempts(serve, respond):
    def script(path, payload):
        return error(500, "broken for good") if payload.get("prompt") == "say 3" else None

    stub = serve(script=script)
    responses, _ = respond(stub, max_retries=4)
    assert isinstance(responses[3], Refusal)
    assert responses[3].retryable
    assert "after 4 attempts" in responses[3].why
    assert sum(payload.get("prompt") == "say 3" for _, payload in stub.requests) == 4
    assert sum(isinstance(one, Text) for one in responses.values()) == 11


def test_a_rate_limit_is_waited_for_and_counts_as_no_attempt(serve, respond):
    stub = serve(rate=100.0)
    requests = [Generate(f"say {number}", {}) for number in range(300)]
    responses, model = respond(stub, requests, max_retries=1)
    assert all(isinstance(one, Text) for one in responses.values())
    assert len(responses) == 300
    assert stub.refused > 0
    assert model.report()["generation"]["requests"]["refused"] == stub.refused


def test_concurrency_is_bounded(serve, respond):
    stub = serve(delay=0.01)
    respond(stub, num_concurrent=3)
    assert stub.most_in_flight == 3


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (lambda: error(401, "Incorrect API key provided"), "does not accept the key"),
        (lambda: error(404, "The model does not exist"), "no such address or model"),
        (lambda: error(429, "quota", "insufficient_quota"), "refuses all requests"),
        (lambda: error(403, "Country not supported"), "refuses all requests"),
        (lambda: web.Response(text="<html>Welcome to nginx</html>", content_type="text/html"), "sent no JSON object"),
        (lambda: web.Response(text="[1, 2]"), "sent no JSON object"),
    ],
)
def test_what_ends_the_run_is_a_sentence_and_is_sent_once(serve, respond, response, said):
    stub = serve(script=lambda path, payload: response() if payload else None)
    with pytest.raises(ModelError, match=said):
        respond(stub, num_concurrent=1)
    assert sum(bool(payload) for _, payload in stub.requests) == 1


def test_what_was_answered_before_the_end_is_kept(serve, completions):
    def script(path, payload):
        return error(402, "no more money") if payload.get("prompt") == "say 8" else None

    model = completions(serve(script=script), tokenizer_backend="none", num_concurrent=1)
    responses = []
    with pytest.raises(ModelError, match="no more money"):
        for response in model.respond(REQUESTS):
            responses.append(response)
    assert [index for index, _ in responses] == list(range(8))


def test_no_server_is_a_sentence(completions, serve, monkeypatch):
    monkeypatch.setattr(sender_module, "SILENCE", 0.5)
    stub = serve()
    stub.url = "http://127.0.0.1:9/v1"
    with pytest.raises(ModelError, match="does not answer: no connection") as caught:
        list(completions(stub, tokenizer_backend="none").respond(REQUESTS))
    assert "base_url" in caught.value.hint


def test_a_refused_parameter_is_learned_and_the_request_sent_again(serve, respond):
    def script(path, payload):
        return error(400, "`temperature` is deprecated for this model.") if "temperature" in payload else None

    stub = serve(script=script)
    responses, model = respond(stub, num_concurrent=2)
    assert texts(responses) == EXPECTED
    assert model.report()["generation"]["parameters"] == {"temperature": None}
    assert sum("temperature" in payload for _, payload in stub.requests) <= 2


def test_a_server_that_holds_requests_back(serve, respond):
    def script(path, payload):
        if not payload:
            return None
        headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms"}
        body = {"choices": [{"text": f"echo {payload['prompt']}"}]}
        return web.json_response(body, headers=headers)

    responses, _ = respond(serve(script=script))
    assert texts(responses) == EXPECTED


def test_secrets_of_addresses_are_not_shown(completions, serve, monkeypatch):
    monkeypatch.setattr(sender_module, "SILENCE", 0.2)
    stub = serve()
    stub.url = "http://user:hunter2hunter2@127.0.0.1:9/v1"
    with pytest.raises(ModelError) as caught:
        list(completions(stub, tokenizer_backend="none").respond(REQUESTS))
    assert "hunter2hunter2" not in str(caught.value)
