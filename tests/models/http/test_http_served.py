"""What all models over HTTP share: lengths, seeds, names that must not be given, unreadable replies, facts."""

from __future__ import annotations

import pytest

from proctor.errors import ModelError, UsageError
from proctor.models.generation import DEFAULT_MAX_TOKENS
from proctor.models.http.arguments import read_arguments
from proctor.models.http.replies import Reply
from proctor.models.http.served import ServedModel, connection_of, flat
from proctor.types import Generate, Refusal, Text, Usage

KEY = "sk-hunter2hunter2"


def model(url="http://127.0.0.1:9/v1", **args):
    arguments = read_arguments("local-completions", {"model": "tiny", "base_url": url, **args})
    return ServedModel(arguments, kind="local-completions", ending="/completions", headers={"Authorization": KEY})


def test_a_task_that_names_no_length_gets_the_models_own():
    assert model().plan(Generate("x", {}), None).max_tokens == 256 == DEFAULT_MAX_TOKENS
    assert model(max_gen_toks=9).plan(Generate("x", {}), None).max_tokens == 9
    assert model(max_gen_toks=9).plan(Generate("x", {"max_gen_toks": 5}), None).max_tokens == 5
    assert model(max_gen_toks=9).plan(Generate("x", {"max_tokens": 4}), None).max_tokens == 4


@pytest.mark.parametrize("name", ["model", "messages", "prompt"])
def test_what_is_evaluated_is_no_generation_argument(name):
    with pytest.raises(UsageError, match=f"hold '{name}'"):
        model().plan(Generate("x", {name: "other"}), None)


def test_repeats_of_a_sampled_request_have_seeds_of_their_own_and_others_have_one():
    served = model(seed=10)
    sampled = Generate("x", {"do_sample": True, "temperature": 1.0})
    assert [served.seed_of(sampled) for _ in range(3)] == [10, 11, 12]
    assert served.seed_of(Generate("y", {"do_sample": True, "temperature": 1.0})) == 10
    assert [served.seed_of(Generate("x", {})) for _ in range(2)] == [10, 10]


def test_a_reply_without_a_text_is_a_refusal_and_one_with_a_text_counts_its_tokens():
    served = model()

    def unreadable(body):
        raise ValueError("there is no choice")

    refused = served.read_text(Reply(200, {"choices": []}), unreadable)
    assert isinstance(refused, Refusal)
    assert refused.retryable
    assert "cannot be read: there is no choice" in refused.why
    assert "usage" not in served.report()["generation"]
    text = Text("Paris", usage=Usage(prompt=5, cached=2, new=1))
    assert served.read_text(Reply(200, {}), lambda body: text) == text
    assert served.report()["generation"]["usage"] == {"prompt": 5, "cached": 2, "new": 1, "texts": 1}


def test_the_identity_holds_the_servers_in_any_order_and_no_key():
    one, other = model("http://b/v1|http://a/v1"), model("http://a/v1|http://b/v1")
    assert one.identity_of() == other.identity_of()
    assert one.identity_of()["servers"] == ["http://a/v1/completions", "http://b/v1/completions"]
    assert "hunter2" not in repr(one.identity_of(route="echo"))
    assert one.identity_of(route="echo")["route"] == "echo"


def test_headers_that_the_user_gives_replace_those_with_the_key():
    arguments = read_arguments("local-completions", {"model": "m", "base_url": "http://a/v1", "header": {"X-Key": "1"}})
    assert connection_of(arguments, {"Authorization": KEY}).headers == {"X-Key": "1"}
    plain = read_arguments("local-completions", {"model": "m", "base_url": "http://a/v1"})
    assert connection_of(plain, {"Authorization": KEY}).headers == {"Authorization": KEY}


def test_the_name_is_looked_for_once(serve):
    stub = serve()
    served = model(stub.url)
    served.check_name()
    served.check_name()
    assert served.limits == [512]
    with pytest.raises(ModelError, match="no model named"):
        model(stub.url, model="tinny").check_name()


def test_a_stopped_model_sends_nothing(serve):
    stub = serve()
    served = model(stub.url)
    served.stop()
    assert served.is_stopped
    job = served.text_job(0, served.endpoints[0].url, {"model": "tiny", "prompt": "x"}, lambda body: Text("y"))
    assert list(flat(served.run(iter([job])))) == []
    assert stub.requests == []
