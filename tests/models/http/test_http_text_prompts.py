"""Ids that are sent as texts: only where the text has just these tokens."""

from __future__ import annotations

import pytest
from stub_api import StubTokenizer

from proctor.models.http.completions import UnbelievableReplyError
from proctor.models.http.text_prompts import TextPrompts
from proctor.models.tokens.tokenizer import Tokens


class Merging(StubTokenizer):
    """Reads two tokens in a row as one."""

    def __call__(self, texts, **_):
        return {
            "input_ids": [[9] if text == "<7><8>" else ids for text, ids in zip(texts, self.plain(texts), strict=True)]
        }

    def plain(self, texts):
        return super().__call__(texts)["input_ids"]


@pytest.fixture
def tokens():
    return Tokens(Merging(), max_length=100, add_bos_token=False)


def test_the_text_has_the_tokens(tokens):
    assert TextPrompts(tokens, None).text([5, 6]) == "<5><6>"
    assert TextPrompts(tokens, 0).text([0, 5, 6]) == "<5><6>"


def test_tokens_that_no_text_has_are_not_sent(tokens):
    with pytest.raises(UnbelievableReplyError, match="no text has these tokens"):
        TextPrompts(tokens, None).text([7, 8])


def test_tokens_without_what_the_server_puts_in_front_are_not_sent(tokens):
    with pytest.raises(UnbelievableReplyError, match="puts BOS before each text"):
        TextPrompts(tokens, 0).text([5, 6])


def test_how_many_tokens_come_back(tokens):
    assert TextPrompts(tokens, None).echoed(5) == 5
    assert TextPrompts(tokens, 0).echoed(5) == 5
    assert TextPrompts(tokens, 0, echoes_front=False).echoed(5) == 4
