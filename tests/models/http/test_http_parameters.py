"""Parameters that a model does not take, learned from the refusals of real APIs."""

from __future__ import annotations

import pytest

from proctor.models.http.parameters import Parameters
from proctor.models.http.replies import Reply

PAYLOAD = {"model": "m", "temperature": 0, "top_p": 1, "stop": ["x"], "seed": 1, "max_tokens": 9, "logprobs": 5}


def reply(message: str, status: int = 400, param: str | None = None) -> Reply:
    return Reply(status, {"error": {"message": message, "param": param}})


@pytest.mark.parametrize(
    ("refusal", "name", "target"),
    [
        (
            reply(
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                param="max_tokens",
            ),
            "max_tokens",
            "max_completion_tokens",
        ),
        (
            reply(
                "Unsupported value: 'temperature' does not support 0 with this model. "
                "Only the default (1) value is supported.",
                param="temperature",
            ),
            "temperature",
            None,
        ),
        (reply("`temperature` is deprecated for this model."), "temperature", None),
        (reply("Unsupported parameter: 'stop' is not supported with this model.", param="stop"), "stop", None),
        (reply("`temperature` and `top_p` cannot both be specified for this model."), "temperature", None),
        (reply("seed: Extra inputs are not permitted"), "seed", None),
        (reply("Unrecognized request argument supplied: top_p"), "top_p", None),
        (reply("Parameter top_p is not allowed for this model", 403), "top_p", None),
        (reply("seed is not supported", 422), "seed", None),
    ],
)
def test_refusals_that_teach(refusal, name, target):
    parameters = Parameters()
    assert parameters.learn(refusal, PAYLOAD)
    assert parameters.changes == {name: target}
    adapted = parameters.apply(PAYLOAD)
    assert name not in adapted
    assert (target is None) or adapted[target] == PAYLOAD[name]
    # The same refusal again and again does not end in a loop.
    assert sum(parameters.learn(refusal, parameters.apply(PAYLOAD)) for _ in range(9)) <= 1


@pytest.mark.parametrize(
    "refusal",
    [
        reply("temperature must be between 0 and 2", param="temperature"),
        reply("This model's maximum context length is 4096 tokens"),
        reply("You are not allowed to request logprobs from this model", 403),
        reply("temperature is not supported", 500),
        reply("messages: unexpected role"),
        Reply(400, None, "<html>"),
    ],
)
def test_refusals_that_do_not(refusal):
    parameters = Parameters()
    assert not parameters.learn(refusal, PAYLOAD)
    assert parameters.apply(PAYLOAD) == PAYLOAD


def test_a_name_that_is_refused_under_both_forms_is_given_up():
    parameters = Parameters()
    assert parameters.learn(reply("max_tokens is not supported"), PAYLOAD)
    assert not parameters.learn(reply("unknown field max_completion_tokens"), parameters.apply(PAYLOAD))
    assert parameters.apply(PAYLOAD)["max_completion_tokens"] == 9


def test_what_was_learned_is_said_once(caplog):
    parameters = Parameters()
    parameters.learn(reply("`temperature` is deprecated for this model."), PAYLOAD)
    assert "does not take temperature" in caplog.text
