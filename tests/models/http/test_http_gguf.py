"""Servers of GGUF files: an address is enough, and the rest is found out."""

from __future__ import annotations

import pytest
from stub_api import distribution, stub_encode

from proctor.errors import ModelError, UsageError
from proctor.models import MODELS, open_model, open_tokenizer
from proctor.types import Generate, Loglikelihood, Rolling

pytest.importorskip("transformers")

LLAMA_SERVER = ("content form", "all values", "echo ignored", "ids ignored", "no prompt values", "props")
LLAMA_CPP_PYTHON = ("texts only", "text names", "bos before texts", "extras")
REQUEST = Loglikelihood("one two three", (" A", " B", " C"))


def expected(request):
    """With BOS: the server puts it before texts, as lm-eval sends them."""
    ids = [0, *stub_encode(request.context)]
    return [pytest.approx(distribution(ids)[stub_encode(text)[0]]) for text in request.continuations]


@pytest.mark.parametrize("kind", ["gguf", "ggml"])
@pytest.mark.parametrize(
    ("faults", "route"), [(LLAMA_SERVER, "top_logprobs"), (LLAMA_CPP_PYTHON, "echo")], ids=["server", "python"]
)
def test_an_address_is_enough(serve, kind, faults, route):
    stub = serve(faults=faults)
    model = open_model(kind, {"base_url": stub.url.removesuffix("/v1")})
    [(_, response)] = model.respond([REQUEST])
    assert [value for value, _ in response.values] == expected(REQUEST)
    assert model.name == "tiny"
    assert route in model.report()["scoring"]["counts"]


def test_whole_texts_where_the_server_takes_ids(serve):
    [(_, response)] = open_model("gguf", {"base_url": serve(faults=LLAMA_SERVER).url}).respond([Rolling("a b")])
    # BOS twice: the prefix, and the one that the tokenizer adds.
    ids, total = [0], 0.0
    for token in [0, *stub_encode("a b")]:
        total += distribution(ids)[token]
        ids.append(token)
    assert response.logprob == pytest.approx(total)


def test_prompts_to_generate_after_go_as_texts_without_a_second_bos(serve):
    stub = serve(faults=(*LLAMA_SERVER, "texts only", "bos before texts"))
    requests = [Generate("<0>one two", {"max_gen_toks": 2, "until": []}), Generate("three", {"max_gen_toks": 1})]
    responses = dict(open_model("gguf", {"base_url": stub.url}).respond(requests))
    prompts = [payload["prompt"] for path, payload in stub.requests if path.endswith("/completions")]
    assert sorted(prompts) == ["one two", "three"]
    assert {payload.get("repeat_penalty") for path, payload in stub.requests if path.endswith("/completions")} == {1.0}
    assert responses[0].usage.new == 2


def test_a_tokenizer_of_ones_own_and_a_name(serve):
    stub = serve(faults=(*LLAMA_SERVER, "no tokenize"))
    args = {"base_url": stub.url, "model": "tiny", "tokenizer": "/no/such/folder"}
    with pytest.raises(ModelError, match="/no/such/folder"):
        list(open_model("gguf", args).respond([REQUEST]))
    assert not any(path.endswith("/completions") for path, _ in stub.requests)


def test_the_tokenizer_without_the_model(serve):
    tokens = open_tokenizer("gguf", {"base_url": serve(faults=LLAMA_SERVER).url})
    assert tokens.encode("one") == [0, *stub_encode("one")]


def test_mistakes_are_sentences(serve):
    with pytest.raises(UsageError, match="needs base_url"):
        open_model("gguf", {})
    with pytest.raises(ModelError, match="no server of a model at"):
        open_model("gguf", {"base_url": "http://127.0.0.1:9"})
    with pytest.raises(ModelError, match="one place off"):
        faults = (*LLAMA_CPP_PYTHON, "echo off by one")
        list(open_model("gguf", {"base_url": serve(faults=faults).url}).respond([REQUEST]))


def test_its_identity_holds_what_decides(serve):
    stub = serve(faults=LLAMA_SERVER)
    base = open_model("gguf", {"base_url": stub.url}).identity
    assert open_model("gguf", {"base_url": stub.url, "add_bos_token": False}).identity != base
    assert open_model("gguf", {"base_url": stub.url, "num_concurrent": 3}).identity == base
    assert MODELS.row("gguf").required == ("base_url",)
