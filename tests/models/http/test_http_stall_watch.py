"""A request that hangs at the end of a run is sent once more; one that is merely long is not."""

from __future__ import annotations

import asyncio

import pytest
from stub_api import error

from proctor.models.http import stall_watch
from proctor.types import Generate, Refusal, Text

REQUESTS = [Generate(f"say {number}", {}) for number in range(40)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(stall_watch, "LEAST", 0.3)
    monkeypatch.setattr(stall_watch, "LOOK", 0.05)
    monkeypatch.setattr(stall_watch, "FACTOR", 0.0)


def hanging(*prompts, then=None):
    """A stub's script: the first time, each of ``prompts`` has no reply for an hour."""
    seen = set()

    async def script(path, payload):
        prompt = payload.get("prompt")
        if prompt in prompts and prompt not in seen:
            seen.add(prompt)
            await asyncio.sleep(3600)
        return then if prompt in prompts else None

    return script


def sent(stub, prompt):
    return sum(payload.get("prompt") == prompt for _, payload in stub.requests)


def test_the_last_request_is_sent_once_more_when_it_hangs(serve, completions, caplog):
    stub = serve(script=hanging("say 7"))
    model = completions(stub, tokenizer_backend="none")
    responses = dict(model.respond(REQUESTS))
    assert [responses[place].text for place in range(40)] == [f"echo say {place}" for place in range(40)]
    assert sent(stub, "say 7") == 2
    requests = model.report()["generation"]["requests"]
    assert (requests["sent"], requests["resent"]) == (41, 1)
    assert "hangs: it is sent once more" in caplog.text


def test_nothing_is_sent_again_while_others_wait(serve, completions):
    stub = serve(script=hanging("say 0", "say 1"))
    model = completions(stub, tokenizer_backend="none", num_concurrent=2, timeout=1.0, max_retries=1)
    responses = dict(model.respond(REQUESTS))
    assert isinstance(responses[0], Refusal)
    assert isinstance(responses[1], Refusal)
    assert (sent(stub, "say 0"), sent(stub, "say 1")) == (1, 1)
    assert sum(isinstance(one, Text) for one in responses.values()) == 38


def test_a_run_whose_requests_are_all_long_sends_none_again(serve, completions):
    stub = serve(delay=1.0)
    model = completions(stub, tokenizer_backend="none")
    assert len(dict(model.respond(REQUESTS[:12]))) == 12
    assert "resent" not in model.report()["generation"]["requests"]


def test_a_failure_of_one_of_the_two_is_no_reply(serve, completions):
    stub = serve(script=hanging("say 7", then=error(500, "broken")))
    model = completions(stub, tokenizer_backend="none", timeout=1.0, max_retries=1)
    responses = dict(model.respond(REQUESTS))
    assert isinstance(responses[7], Refusal)
    assert sent(stub, "say 7") == 2


def test_as_slow_as_others_is_no_hang(serve, completions, monkeypatch):
    monkeypatch.setattr(stall_watch, "FACTOR", 1e9)
    stub = serve(script=hanging("say 7"))
    model = completions(stub, tokenizer_backend="none", timeout=1.0, max_retries=1)
    assert isinstance(dict(model.respond(REQUESTS))[7], Refusal)
    assert sent(stub, "say 7") == 1
