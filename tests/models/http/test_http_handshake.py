"""What a server is asked before the first document: every planted fault is found, and a sound server has none."""

from __future__ import annotations

import pytest

from proctor.errors import ModelError
from proctor.models.http.completions import Route

ALL = (Route.NAMED_IDS, Route.TOP_LOGPROBS, Route.LOGIT_BIAS, Route.PROMPT_LOGPROBS, Route.ECHO, Route.WALK)


def shake(model):
    [(_, found)] = model.handshakes()
    return found


def test_a_sound_server_shows_everything(serve, completions):
    stub = serve()
    found = shake(completions(stub))
    assert [probe.name for probe in found.probes if probe.state != "passed"] == []
    assert found.routes == ALL
    assert (found.max_length, found.top) == (512, 20)
    assert len(stub.requests) <= 20


def test_another_tokenizer_ends_the_run(serve, completions):
    with pytest.raises(ModelError, match="tokenizer is not the one of 'stub'"):
        completions(serve(faults={"other tokenizer"})).handshakes()


def test_another_name_ends_the_run_with_those_that_there_are(serve, completions):
    with pytest.raises(ModelError, match="no model named 'tinny'") as caught:
        completions(serve(), model="tinny").handshakes()
    assert "tiny" in caught.value.hint


def test_a_server_that_lists_nothing_and_does_not_tokenize_is_used(serve, completions):
    found = shake(completions(serve(faults={"no models", "no tokenize"})))
    assert {probe.name for probe in found.probes if probe.state == "skipped"} == {"names", "tokenizer"}
    assert found.routes == ALL
    assert found.max_length is None


def test_a_server_of_llama_cpps_form_scores_by_the_whole_distribution(serve, completions):
    faults = {"content form", "all values", "echo ignored", "ids ignored", "no prompt values", "no tokenize"}
    found = shake(completions(serve(faults=faults)))
    assert found.routes == (Route.TOP_LOGPROBS, Route.LOGIT_BIAS, Route.WALK)
    assert found.top == 64


def test_a_server_that_takes_texts_alone_is_read_as_the_tokens_of_these(serve, completions):
    found = shake(completions(serve(faults={"texts only", "text names"})))
    assert {probe.name: probe.detail for probe in found.probes}["texts"] == "texts are taken, and no ids"
    assert found.routes == (Route.ECHO,)
    assert found.prompts.front is None


@pytest.mark.parametrize("faults", [(), ("echo off by one",)])
def test_bos_before_texts_is_seen_and_that_it_does_not_come_back(serve, completions, faults):
    llama_cpp_python = ("texts only", "text names", "bos before texts", "extras", *faults)
    found = shake(completions(serve(faults=llama_cpp_python), add_bos_token=True))
    assert found.prompts.front == 0
    assert not found.prompts.echoes_front
    assert found.routes == (() if faults else (Route.ECHO,))


def test_the_whole_distribution_is_asked_for_only_where_nothing_else_gives_the_rest(serve, completions, monkeypatch):
    monkeypatch.setattr("proctor.models.http.prober.MOST_TOP", 30)
    faults = {"content form", "all values", "echo ignored", "ids ignored", "no prompt values"}
    assert shake(completions(serve(faults=faults))).top == 30
    found = shake(completions(serve(faults={*faults, "biased values"})))
    assert (found.routes, found.top) == ((Route.TOP_LOGPROBS, Route.WALK), 64)
