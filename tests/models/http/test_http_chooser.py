"""How a chat model's way of choosing is proven, and what its replies are."""

from __future__ import annotations

import math

import pytest
from aiohttp import web

from proctor.models import open_model
from proctor.models.choices import constrained_call
from proctor.models.http import chooser
from proctor.types import Choice, Choose, Refusal

REQUEST = Choose("Two plus two?\nA. 3\nB. 4\nC. 5\nD. 6\nAnswer:", tuple("ABCD"))


def body(*tokens, sampled=None):
    top = [{"token": token, "logprob": math.log(share)} for token, share in tokens]
    first = {"token": tokens[0][0], "logprob": top[0]["logprob"] if sampled is None else sampled, "top_logprobs": top}
    return {"choices": [{"message": {"content": tokens[0][0]}, "logprobs": {"content": [first]}}]}


def test_first_tokens():
    assert chooser.first_tokens(body(("A", 0.5), (" B", 0.25))) == [("A", math.log(0.5)), (" B", math.log(0.25))]


@pytest.mark.parametrize(
    "reply",
    [
        None,
        {},
        {"choices": []},
        {"choices": [{"logprobs": None}]},
        {"choices": [{"logprobs": {"content": []}}]},
        {"choices": [{"logprobs": {"content": [{"logprob": "x", "top_logprobs": []}]}}]},
        body(("A", 0.5), ("B", 0.4), sampled=-3.0),
    ],
)
def test_replies_without_usable_first_tokens(reply):
    with pytest.raises(ValueError, match=r"log-probabilities|likeliest"):
        chooser.first_tokens(reply)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ('{"answer": "B"}', "B"),
        ('{"answer": "E"}', None),
        ('{"answer": 2}', None),
        ("B", None),
        ("[]", None),
        ("The answer is B", None),
    ],
)
def test_the_label_of_a_constrained_reply(text, label):
    assert chooser.label_of(text, "ABCD") == label


def test_options_by_anthropics_names():
    renamed = chooser.anthropic_options(constrained_call(REQUEST).options)
    assert "response_format" not in renamed
    assert renamed["output_config"]["format"]["schema"]["properties"]["answer"]["enum"] == list("ABCD")
    assert chooser.anthropic_options({"max_tokens": 5}) == {"max_tokens": 5}


def test_probabilities_above_one_are_no_proof(serve):
    def script(path, payload):
        return web.json_response(body(("A", 0.9), ("B", 0.8))) if payload.get("logprobs") else None

    model = open_model("local-chat-completions", {"model": "tiny", "base_url": serve(script=script).url})
    [(_, choice)] = model.respond([REQUEST])
    assert isinstance(choice, Choice)
    assert choice.route == "constrained"


def test_a_reply_without_log_probabilities_in_the_middle_of_a_run_is_one_refusal(serve):
    def script(path, payload):
        said = payload["messages"][-1]["content"] if payload else ""
        return web.json_response({"choices": [{"message": {"content": "A"}}]}) if "broken" in said else None

    model = open_model("local-chat-completions", {"model": "tiny", "base_url": serve(script=script).url})
    requests = [REQUEST, Choose("broken? A. 1\nB. 2\nAnswer:", ("A", "B")), REQUEST]
    responses = dict(model.respond(requests))
    assert isinstance(responses[1], Refusal)
    assert responses[1].retryable
    assert responses[0] == responses[2]
    assert responses[0].route == "letters"


def test_the_way_is_found_once(serve):
    stub = serve()
    model = open_model("local-chat-completions", {"model": "tiny", "base_url": stub.url})
    for _ in range(3):
        list(model.respond([REQUEST, REQUEST]))
    asked = [payload["messages"][-1]["content"] for _, payload in stub.requests if payload]
    assert sum("two plus two?" in said for said in asked) == 1
    assert len(asked) == 7
