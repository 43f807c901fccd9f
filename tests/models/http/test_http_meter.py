"""What replies cost is counted, and nothing is sent that its user does not want to pay."""

from __future__ import annotations

import pytest
from aiohttp import web

from proctor.errors import ModelError
from proctor.models.http.meter import BudgetError, Meter
from proctor.models.prices import Prices
from proctor.models.protocols import PaidModel
from proctor.types import Generate

PRICES = Prices(prompt=1_000_000.0, completion=0.0, cached=1_000_000.0, written=0.0)
"""A prompt's token costs one."""
REQUESTS = [Generate(f"say {number}", {}) for number in range(12)]


def respond_until_the_end(model):
    responses = {}
    with pytest.raises(ModelError) as caught:
        for index, response in model.respond(REQUESTS):
            responses[index] = response
    return responses, caught.value


def sent(stub):
    return sum(bool(payload) for _, payload in stub.requests)


def test_no_request_is_sent_once_the_limit_is_reached(serve, completions):
    stub = serve()
    model = completions(stub, tokenizer_backend="none", num_concurrent=1)
    assert isinstance(model, PaidModel)
    # Each reply of the stub has three tokens of prompt: the fourth brings the sum to twelve.
    model.set_budget(PRICES, 12.0)
    responses, error = respond_until_the_end(model)
    assert len(responses) == sent(stub) == 4
    assert "cost 12.00 so far, and --max_cost is 12.00" in error.message
    assert "the same command goes on" in error.hint
    assert model.report()["usage"] == {
        "replies": 4,
        "prompt_tokens": 12,
        "cached_tokens": 0,
        "new_tokens": 8,
        "cost": 12.0,
    }


def test_what_is_in_flight_is_waited_for(serve, completions, monkeypatch):
    monkeypatch.setattr("proctor.models.http.runner.GRACE", 0.0)
    stub = serve(delay=0.3)
    model = completions(stub, tokenizer_backend="none", num_concurrent=4)
    model.set_budget(PRICES, 1.0)
    responses, _ = respond_until_the_end(model)
    assert len(responses) == sent(stub) == 4


def test_a_limit_that_the_last_reply_reaches_ends_nothing(serve, completions):
    model = completions(serve(), tokenizer_backend="none", num_concurrent=1)
    model.set_budget(PRICES, 36.0)
    assert len(dict(model.respond(REQUESTS))) == 12


def test_without_a_limit_costs_are_counted_alone(serve, completions):
    model = completions(serve(), tokenizer_backend="none")
    model.set_budget(PRICES, None)
    assert len(dict(model.respond(REQUESTS))) == 12
    assert model.report()["usage"]["cost"] == 36.0


def test_a_server_without_counts_cannot_have_a_limit(serve, completions):
    stub = serve(script=lambda path, payload: web.json_response({"choices": [{"text": "x"}]}) if payload else None)
    model = completions(stub, tokenizer_backend="none", num_concurrent=1)
    model.set_budget(PRICES, 100.0)
    responses, error = respond_until_the_end(model)
    assert len(responses) == sent(stub) == 1
    assert "does not say how many tokens" in error.message
    assert "usage" not in model.report()


def test_replies_that_are_no_texts_cost_nothing():
    meter = Meter()
    meter.set_budget(PRICES, 1.0)
    meter.add({"tokens": [1, 2], "count": 2})
    meter.check()
    assert meter.facts() == {}
    meter.add({"usage": {"prompt_tokens": 1, "completion_tokens": 5}, "choices": []})
    with pytest.raises(BudgetError):
        meter.check()
