"""OpenAI's tokenizers, with an encoding that is made here: theirs are fetched."""

from __future__ import annotations

import pytest

from proctor.errors import ModelError
from proctor.models import open_model, open_tokenizer
from proctor.models.http.tiktoken_tokenizer import TiktokenTokenizer
from proctor.models.tokens.tokenizer import Tokens

tiktoken = pytest.importorskip("tiktoken")

BYTES = {bytes([number]): number for number in range(256)}


@pytest.fixture
def encoding(monkeypatch):
    ranks = {**BYTES, b" a": 256, b"he": 257}
    made = tiktoken.Encoding(
        "made", pat_str=r" ?\w+|\s+|[^\s\w]+", mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 258}
    )

    def find(name):
        if name != "babbage-002":
            raise KeyError(name)
        return made

    monkeypatch.setattr(tiktoken, "encoding_for_model", find)
    return made


def test_ids_and_texts(encoding):
    tokens = Tokens(TiktokenTokenizer("babbage-002"), max_length=100, add_bos_token=False)
    assert tokens.encode("he a") == [257, 256]
    assert tokens.decode([257, 256, 258]) == "he a"
    assert (tokens.eot_text, tokens.prefix_token_id, len(tokens.tokenizer)) == ("<|endoftext|>", 258, 259)
    assert tokens.encode_pair("he", " a") == ([257], [256])
    # As text, not as the end: lm-eval's tiktoken backend refuses such a text.
    assert len(tokens.encode("<|endoftext|>")) == 13


def test_an_unknown_name_is_a_sentence(encoding):
    with pytest.raises(ModelError, match="knows no model and no encoding named 'babbage'"):
        TiktokenTokenizer("babbage")


def test_files_that_cannot_be_fetched_are_a_sentence(monkeypatch):
    def fail(name):
        raise OSError("no route to host")

    monkeypatch.setattr(tiktoken, "encoding_for_model", fail)
    with pytest.raises(ModelError, match=r"cannot be fetched: .*no route to host") as caught:
        TiktokenTokenizer("babbage-002")
    assert "TIKTOKEN_CACHE_DIR" in caught.value.hint


def test_it_is_the_tokenizer_of_openais_models_unless_another_is_named(encoding, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert isinstance(open_tokenizer("openai-completions", {"model": "babbage-002"}).tokenizer, TiktokenTokenizer)
    assert isinstance(open_model("openai-completions", {"model": "babbage-002"}).tokens.tokenizer, TiktokenTokenizer)
    with pytest.raises(ModelError, match="no tokenizer under this name"):
        open_tokenizer("openai-completions", {"model": "/no/such", "tokenizer_backend": "huggingface"})
