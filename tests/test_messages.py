"""Prompts that may be a chat: as text, as files have them, and what is none."""

from __future__ import annotations

import pytest

from proctor.messages import Message, chat_text, is_chat, prompt_text, prompt_texts, written_prompt


def test_whoever_takes_texts_alone_is_given_no_chat():
    assert prompt_text("a") == "a"
    with pytest.raises(TypeError, match="A text is needed here"):
        prompt_text((Message("user", "a"),))


def test_a_chat_as_text_is_json_in_its_own_letters():
    chat = written_prompt((Message("user", "안녕"),))
    assert is_chat(chat)
    assert chat_text(chat) == '[{"role": "user", "content": "안녕"}]'
    assert not any(map(is_chat, ("text", ["text"], [{"role": "user"}], {"role": "user", "content": ""})))


def test_the_texts_of_a_prompt():
    assert prompt_texts("a") == ("a",)
    assert prompt_texts((Message("system", "be"), Message("user", "a"))) == ("be", "a")
