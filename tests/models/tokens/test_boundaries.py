"""Where a text may be cut: only where the tokens of both parts are those of the whole, whatever stands farther away."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tiny_tokenizers import KINDS, TEXTS, Named

from proctor.models.tokens.boundaries import AFTER, BEFORE, Boundaries, Cut, CutKind, cut_at


def encode(tokenizer):
    return lambda texts: [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]


@pytest.fixture(scope="module")
def boundaries(kinds) -> Named:
    return Named({kind: Boundaries(tokenizer, encode(tokenizer)) for kind, tokenizer in kinds.items()})


def is_safe(bounds: Boundaries, cut: Cut) -> bool:
    bounds.learn([cut])
    return bounds.safe(cut)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100)
@given(before=TEXTS, gap=st.sampled_from([" ", "\n", "\n\n"]), after=TEXTS)
def test_a_safe_cut_gives_the_tokens_of_the_whole(kinds, boundaries, kind, before, gap, after):
    before, after = before.rstrip(), after.strip()
    assume(before and after)
    bounds, whole = boundaries[kind], encode(kinds[kind])
    # White space beside an added token is the token's: such places are no candidates.
    assume(not bounds.touches_token(before, after))
    text = before + gap + after
    cut = cut_at(text, len(before), CutKind.BEFORE_SPACE if gap == " " else CutKind.BEFORE_LINES, len(gap))
    if is_safe(bounds, cut):
        [all_of_it], [left] = whole([text]), whole([before])
        [right] = bounds.encode(cut.kind, [gap + after])
        assert left + right == all_of_it


@pytest.mark.parametrize("kind", ["gpt2", "llama3", "sp", "unigram", "wordpiece"])
def test_usual_texts_can_be_cut_at_spaces(boundaries, kind):
    assert is_safe(boundaries[kind], cut_at("The answer is Seoul", 10, CutKind.BEFORE_SPACE))


def test_no_cut_where_tokens_reach_across(boundaries):
    """Without a pre-tokenizer, tokens of several words are learnt."""
    bounds = boundaries["glued"]
    assert not is_safe(bounds, cut_at("multiple choice questions", 8, CutKind.BEFORE_SPACE))


def test_no_cut_before_a_mark_that_belongs_to_the_letter_before_it(boundaries):
    assert not is_safe(boundaries["gpt2"], Cut("cafe", " \u0301x", CutKind.BEFORE_SPACE))


def test_a_window_is_what_stands_around_the_place():
    text = "0123456789  abcdef"
    assert cut_at(text, 10, CutKind.BEFORE_SPACE, 2) == Cut(
        text[10 - BEFORE : 10], text[10 : 12 + AFTER], CutKind.BEFORE_SPACE
    )
    assert cut_at(text, 1, CutKind.BEFORE_SPACE).before == "0"


def test_white_space_beside_an_added_token_is_seen(boundaries):
    bounds = boundaries["added"]
    assert bounds.touches_token("B<|im_end|> ", " x")
    assert bounds.touches_token("x ", " <|im_start|>user")
    assert not bounds.touches_token("x ", " y")
    assert bounds.longest_added == len("<|im_start|>")


def test_each_window_is_encoded_once(kinds):
    calls = []

    def counted(texts):
        calls.append(len(texts))
        return encode(kinds["gpt2"])(texts)

    bounds = Boundaries(kinds["gpt2"], counted)
    cut = cut_at("The answer is", 3, CutKind.BEFORE_SPACE)
    bounds.learn([cut, cut])
    before = sum(calls)
    bounds.learn([cut])
    assert sum(calls) == before
