"""The chat template of a tokenizer: its text, its name, and messages rendered with it."""

from __future__ import annotations

import pytest

from proctor.errors import ModelError, UsageError
from proctor.models.tokens.tokenizer import Tokens

TURNS = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]


def test_a_chat_is_rendered_and_may_be_left_open(tokenizers):
    tokens = Tokens(tokenizers["bos"], max_length=64)
    assert tokens.render(TURNS, add_generation_prompt=True) == "<s>[system]be brief[/][user]hi[/][assistant]"
    opened = [*TURNS, {"role": "assistant", "content": "So"}]
    assert tokens.render(opened, add_generation_prompt=False).endswith("[assistant]So")


def test_a_refused_system_message_is_left_out_with_one_warning(tokenizers, caplog):
    tokens = Tokens(tokenizers["bos"], max_length=64)
    turns = [{"role": "system", "content": "forbidden"}, TURNS[1]]
    for _ in range(2):
        assert tokens.render(turns, add_generation_prompt=True) == "<s>[user]hi[/][assistant]"
    assert len([record for record in caplog.records if record.name == "proctor"]) == 1


def test_no_template_is_a_sentence(tokenizers):
    tokens = Tokens(tokenizers["plain"], max_length=64)
    for ask in (lambda: tokens.render(TURNS, add_generation_prompt=True), lambda: tokens.chat_template(True)):
        with pytest.raises(ModelError, match="no chat template") as caught:
            ask()
        assert "--apply_chat_template" in str(caught.value.hint)


def test_one_of_several_templates(tokenizers):
    import copy

    several = copy.deepcopy(tokenizers["bos"])
    several.chat_template = {"default": "A{{ messages[0]['content'] }}", "tools": "B{{ messages[0]['content'] }}"}
    tokens = Tokens(several, max_length=64)
    assert tokens.chat_template(True).startswith("A")
    assert tokens.chat_template("tools").startswith("B")
    assert tokens.render([TURNS[1]], add_generation_prompt=True) == "Ahi"
    assert tokens.render([TURNS[1]], add_generation_prompt=True, template="tools") == "Bhi"
    with pytest.raises(UsageError, match="no chat template named 'tool'") as caught:
        tokens.chat_template("tool")
    assert caught.value.hint == "Did you mean 'tools'?"
