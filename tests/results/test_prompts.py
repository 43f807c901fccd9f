"""Prompts of samples: texts, chats in both forms that were ever written, and what is none."""

from __future__ import annotations

import json

import pytest

from proctor.results.prompts import chat_of, prompt_of

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "수도는?"}]
READ = (("system", "Be brief."), ("user", "수도는?"))


@pytest.mark.parametrize("value", [CHAT, [json.dumps(CHAT)], [json.dumps(CHAT, ensure_ascii=False)]])
def test_a_chat_is_read_in_every_form(value):
    assert chat_of(value) == READ
    assert prompt_of({"arguments": {"gen_args_0": {"arg_0": value, "arg_1": {}}}}) == "Be brief.\n수도는?"


@pytest.mark.parametrize("value", ["text", [], ["text"], ["{}"], ["[]"], [{"role": "user"}], [1], None, 3, ["[1]"]])
def test_what_is_no_chat(value):
    assert chat_of(value) is None


def test_a_text_is_the_prompt_in_every_layout():
    assert prompt_of({"arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": " a"}}}) == "Q"
    assert prompt_of({"arguments": [["Q", " a"]]}) == "Q"
    assert prompt_of({"arguments": [["whole page"]]}) == "whole page"


@pytest.mark.parametrize("given", [None, [], [[]], {"a": 3}, {}])
def test_a_line_without_a_prompt(given):
    assert prompt_of({"arguments": given}) == prompt_of({}) == ""
