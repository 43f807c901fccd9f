"""Token ids as lm-eval makes them: pairs, beginnings, windows, chats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.errors import ModelError
from proctor.models.tokens.tokenizer import Tokens


@pytest.fixture(scope="module", params=["plain", "bos", "sp"])
def tokens(request, tokenizers):
    return Tokens(tokenizers[request.param], max_length=64)


@pytest.mark.parametrize(
    ("context", "continuation"),
    [
        ("question: what is the capital of korea? answer:", " seoul"),
        ("the quick brown", " fox jumps"),
        ("trailing spaces  ", "fox"),
        ("tab\t\n", "fox"),
        ("정답: ", "서울"),
        ("seam", "less"),
        ("question: what? 🙂", " 東京"),
    ],
)
def test_a_pair_is_the_context_and_what_the_whole_text_has_beyond_it(tokens, context, continuation):
    left, right = tokens.encode_pair(context, continuation)
    whole = tokens.encode(context + continuation)
    assert left == tokens.encode(context.rstrip())
    assert right == whole[len(left) :]
    assert right


@given(context=st.text(alphabet="abc the\n한국 ", max_size=12), continuation=st.text(alphabet="ab cd한", max_size=8))
def test_whatever_the_pair_the_context_has_a_token_and_the_rest_is_the_whole(tokenizers, context, continuation):
    for name in ("plain", "bos", "sp"):
        tokens = Tokens(tokenizers[name], max_length=64)
        left, right = tokens.encode_pair(context, continuation)
        assert left
        kept = tokens.encode(context.rstrip())
        if context and kept:
            assert (left, right) == (kept, tokens.encode(context + continuation)[len(kept) :])


def test_many_pairs_are_each_pair(tokens):
    pairs = [("the quick", " fox"), ("", "fox"), ("the quick", " dog"), (" ", "x"), ("<s>the", " fox")]
    assert tokens.encode_pairs(pairs) == [tokens.encode_pair(*pair) for pair in pairs]
    assert tokens.encode_pairs([]) == []


def test_without_context_the_prefix_token_stands_in(tokenizers):
    plain = Tokens(tokenizers["plain"], max_length=64)
    assert plain.prefix_token_id == tokenizers["plain"].eos_token_id
    assert plain.encode_pair("", "the fox") == ([2], plain.encode("the fox", False))
    bos = Tokens(tokenizers["bos"], max_length=64)
    assert bos.encode_pair("", "the fox") == ([1], bos.encode("the fox", False))


def test_a_continuation_that_begins_with_the_prefix_token_brings_its_own(tokenizers):
    tokens = Tokens(tokenizers["plain"], max_length=64)
    assert tokens.encode_pair("", "</s>the fox") == ([2], tokens.encode("the fox", False))


def test_white_space_alone_is_no_context(tokenizers):
    tokens = Tokens(tokenizers["plain"], max_length=64)
    assert tokens.encode_pair("  ", "fox") == ([2], tokens.encode("  fox"))


def test_an_empty_continuation_has_no_tokens(tokens):
    assert tokens.encode_pair("the fox", "")[1] == []
    assert tokens.encode_pair("", "")[1] == []


def test_an_encoder_decoder_encodes_the_continuation_apart(tokenizers):
    tokens = Tokens(tokenizers["bos"], max_length=64, backend="seq2seq")
    assert tokens.encode_pair("it", "self") == (tokens.encode("it"), tokens.encode("self", False))


def test_no_prefix_token_is_a_sentence(tokenizers):
    import copy

    bare = copy.deepcopy(tokenizers["plain"])
    bare.eos_token = None
    tokens = Tokens(bare, max_length=64)
    assert tokens.encode_pair("the", " fox")[1]
    with pytest.raises(ModelError, match="neither a BOS nor an EOS") as caught:
        tokens.encode_pair("", "fox")
    assert "prefix_token_id" in str(caught.value.hint)
    assert Tokens(bare, max_length=64, prefix_token_id=5).encode_pair("", "fox")[0] == [5]


def test_bos_is_added_by_the_tokenizers_habit_or_as_told(tokenizers):
    habit = Tokens(tokenizers["bos"], max_length=64)
    never = Tokens(tokenizers["bos"], max_length=64, add_bos_token=False)
    assert habit.encode("fox")[0] == 1
    assert never.encode("fox")[0] != 1
    assert never.encode("fox", True)[0] == 1
    assert habit.encode("fox", False)[0] != 1


def test_bos_is_not_doubled(tokenizers):
    tokens = Tokens(tokenizers["bos"], max_length=64)
    assert tokens.encode("<s>fox") == tokens.encode("fox")
    assert tokens.encode_prompts(["<s>fox", "fox"]) == [tokens.encode("fox")] * 2


def test_prompts_of_an_encoder_decoder_follow_the_tokenizer(tokenizers):
    tokens = Tokens(tokenizers["bos"], max_length=64, backend="seq2seq", add_bos_token=False)
    assert tokens.encode_prompts(["fox"])[0][0] == 1


def test_a_whole_text_begins_with_its_special_tokens(tokenizers):
    """Bos is part of the text, as in lm-eval: it is scored after the prefix token."""
    ((context, scored),) = Tokens(tokenizers["bos"], max_length=64).rolling("the fox")
    assert (context, scored[0]) == ([1], 1)
    assert Tokens(tokenizers["plain"], max_length=64).rolling("") == []


def test_facts_for_the_results_file(tokenizers):
    assert Tokens(tokenizers["plain"], max_length=64).facts == {
        "tokenizer_pad_token": ["<pad>", "0"],
        "tokenizer_eos_token": ["</s>", "2"],
        "tokenizer_bos_token": [None, "None"],
        "eot_token_id": 2,
        "max_length": 64,
    }
