"""Chat templates within bounds: for what proctor renders alone, in each thread, and at hardly more calls."""

from __future__ import annotations

import copy
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from proctor.errors import ModelError
from proctor.models.chat import render_chat

TURNS = [{"role": role, "content": f"{role} says this"} for role in ("system", *("user", "assistant") * 3)]
BOMB = "{{ 'x' * 20000000 }}"
USUAL = {
    "names": "{% for m in messages %}<|{{ m.role }}|>{{ m.content|trim }}\n{% endfor %}",
    "sums": "{% for m in messages %}{{ '<|start|>' + m['role'] + '\n' + m['content'] + '<|end|>\n' }}{% endfor %}",
    "variables": "{% for m in messages %}{% set c = '<|' + m['role'] + '|>' + m['content'] | trim + '<|eot|>' %}"
    "{% if loop.index0 == 0 %}{% set c = bos_token + c %}{% endif %}{{ c }}{% endfor %}",
    "methods": "{% for m in messages %}{% if m.content.startswith('<t>') %}{{ m.content.split('</t>')[0].strip() }}"
    "{% elif '</t>' in m.content %}{{ m.content }}{% endif %}{% endfor %}",
    "namespace": "{% set ns = namespace(last=messages|length - 1) %}{% for m in messages[::-1] %}"
    "{% if m.role == 'user' and ns.last %}{% set ns.last = loop.index0 %}{% endif %}{{ m.content }}{% endfor %}",
}


@pytest.fixture
def tokenizer(tokenizers):
    return copy.deepcopy(tokenizers["bos"])


def test_what_others_render_with_the_tokenizer_has_no_bounds(tokenizer):
    tokenizer.chat_template = BOMB
    with pytest.raises(ModelError, match="10,000,000 letters"):
        render_chat(tokenizer, TURNS)
    assert len(tokenizer.apply_chat_template(TURNS, tokenize=False)) == 20_000_000


def test_a_rendering_keeps_its_bounds_while_another_thread_ends_one(tokenizer):
    class Messages(list):
        def __iter__(self):
            other = copy.deepcopy(tokenizer)
            other.chat_template = "ok"
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(render_chat, other, TURNS).result() == "ok"
            return super().__iter__()

    tokenizer.chat_template = BOMB
    with pytest.raises(ModelError, match="10,000,000 letters"):
        render_chat(tokenizer, Messages(TURNS))


def _calls(function) -> int:
    count = 0

    def profile(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("name", USUAL)
def test_a_prompt_takes_hardly_more_calls_than_without_bounds(tokenizer, name):
    tokenizer.chat_template = USUAL[name]

    def theirs():
        return tokenizer.apply_chat_template([dict(turn) for turn in TURNS], tokenize=False, add_generation_prompt=True)

    def ours():
        return render_chat(tokenizer, TURNS, add_generation_prompt=True)

    assert ours() == theirs()
    assert _calls(ours) <= 1.1 * _calls(theirs)
