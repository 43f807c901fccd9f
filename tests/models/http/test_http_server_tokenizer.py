"""The server's own tokenizer: the ids that it gives, by the addresses that it has, and a sentence where it has none."""

from __future__ import annotations

import pytest
from stub_api import StubTokenizer, error, stub_encode

from proctor.errors import ModelError
from proctor.models import open_model, open_tokenizer
from proctor.models.http.endpoints import endpoint
from proctor.models.http.server_tokenizer import ServerTokenizer
from proctor.models.http.transport import Connection
from proctor.models.tokens.tokenizer import Tokens
from proctor.types import Loglikelihood


def tokenizer_of(stub):
    return ServerTokenizer(endpoint(stub.url, "/completions"), Connection(), "tiny")


@pytest.mark.parametrize("faults", [(), ("extras", "bos before texts")])
def test_ids_and_texts(serve, faults):
    tokenizer = tokenizer_of(serve(faults=faults))
    texts = ["one two", "", "three"]
    plain = [stub_encode(text) if text else [] for text in texts]
    assert tokenizer(texts, add_special_tokens=False)["input_ids"] == plain
    assert tokenizer(texts)["input_ids"] == [[0, *ids] for ids in plain]
    assert tokenizer.decode([5, 6]) == tokenizer.decode([5, 6], skip_special_tokens=True) == "<5><6>"
    assert tokenizer.decode(5) == "<5>"
    assert (tokenizer.bos_token_id, tokenizer.decode([])) == (0, "")
    # BOS may have no text: then no text begins with it.
    assert Tokens(tokenizer, max_length=9).encode("one two") == [0, *plain[0]]


def test_names_of_special_tokens_and_the_chat_template(serve):
    pytest.importorskip("transformers")
    tokenizer = tokenizer_of(serve(faults={"props"}))
    assert (tokenizer.eos_token, tokenizer.eos_token_id, tokenizer.bos_token) == ("<0>", 0, "<0>")
    tokens = Tokens(tokenizer, max_length=50)
    assert tokens.chat_template() == StubTokenizer.chat_template
    chat = [{"role": "user", "content": "say "}, {"role": "assistant", "content": "it"}]
    assert tokens.render(chat, add_generation_prompt=False) == "say it"


def test_a_server_without_a_tokenizer_is_a_sentence(serve):
    with pytest.raises(ModelError, match="does not give the tokens of a text") as caught:
        tokenizer_of(serve(faults={"no tokenize"}))
    assert "tokenizer=NAME" in caught.value.hint


def test_a_server_that_fails_for_a_moment_is_asked_again(serve):
    broken = [True, True]

    def script(path, payload):
        is_hit = path.endswith("/tokenize") and payload["prompt"] == "x" and broken
        return error(503, "loading") if is_hit and broken.pop() else None

    assert tokenizer_of(serve(script=script))(["x"], add_special_tokens=False)["input_ids"] == [stub_encode("x")]
    assert not broken


def test_a_server_that_stops_tokenizing_ends_the_run(serve):
    stub = serve()
    tokenizer = tokenizer_of(stub)
    stub.script = lambda path, payload: error(400, "enough")
    with pytest.raises(ModelError, match="any more: enough"):
        tokenizer(["x"])
    with pytest.raises(ModelError, match="any more: enough"):
        tokenizer.decode([1])


def test_scores_with_the_servers_tokenizer_are_those_with_ones_own(serve, completions):
    request = Loglikelihood("one two three", (" A", " B c"))
    stub = serve()
    args = {"model": "tiny", "base_url": stub.url, "tokenizer_backend": "remote", "custom_prefix_token_id": 0}
    [(_, remote)] = open_model("local-completions", args).respond([request])
    [(_, own)] = completions(stub).respond([request])
    assert remote.values == own.values
    assert open_tokenizer("local-completions", args).encode("one two") == stub_encode("one two")
