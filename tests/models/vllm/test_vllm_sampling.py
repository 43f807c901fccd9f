"""Generation by vLLM: the arguments of a request, prompts that are truncated, and texts from outputs."""

from __future__ import annotations

import pytest
from fake_engine import generate, in_order, open_fake

from proctor.errors import UsageError
from proctor.types import Generate


def test_what_goes_to_vllm_is_what_lm_eval_sends(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", max_gen_toks=9)
    requests = [
        Generate("the", {"until": ["x", ""]}),
        Generate(
            "the quick", {"until": "\n", "max_new_tokens": 3, "temperature": 0.7, "do_sample": True, "top_p": 0.9}
        ),
        Generate("the quick brown", {"do_sample": False, "temperature": 0.5}),
    ]
    list(model.respond(requests))
    sent = {len(ids): params.given for ids, params in engines[0].sent}
    kept = {"skip_special_tokens": False, "spaces_between_special_tokens": False}
    one, two, three = (sent[size] for size in sorted(sent))
    assert one == {**kept, "max_tokens": 9, "stop": ["x", "</s>"], "temperature": 0.0}
    assert two == {**kept, "max_tokens": 3, "stop": ["\n", "</s>"], "temperature": 0.7, "top_p": 0.9}
    assert three == {**kept, "max_tokens": 9, "stop": ["</s>"], "temperature": 0.0}


def test_stop_strings_stop_no_reasoning(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", think_end_token="</think>")
    model.load()
    engines[0].text_of = lambda new: "first\n\nand\n\n</think> it is 4\n\nQuestion: more"
    [text] = in_order(model, [generate("the", until=["\n\n"])])
    assert engines[0].sent[-1][1].given["stop"] == ["</s>"]
    assert text.text == "it is 4"


def test_the_number_of_the_token_that_ends_reasoning_will_do(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", think_end_token=2)
    model.load()
    after = model.tokens.encode(" it is 4\n\nmore", False)
    engines[0]._new = lambda *_: [5, 2, 6, 2, *after]
    [text] = in_order(model, [generate("the quick", until=["\n\n"])])
    assert text.text == "it is 4"
    engines[0]._new = lambda *_: after
    [text] = in_order(model, [generate("the quick")])
    assert text.text == "it is 4\n\nmore"


@pytest.mark.parametrize("side", ["left", "middle", "right"])
def test_prompts_are_truncated_on_the_side_that_was_named(checkpoints, started, side):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", truncation_side=side, max_model_len=18)
    ids = model.tokens.encode("a b c d e f g h one two three, four; five.")
    list(model.respond([generate("a b c d e f g h one two three, four; five.")]))
    [(sent, _)] = engines[0].sent
    assert len(sent) == 10 < len(ids)
    assert sent == {"left": ids[-10:], "middle": ids[:5] + ids[-5:], "right": ids[:10]}[side]


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"nonsense": 3}, "Unexpected keyword argument 'nonsense'"),
        ({"max_gen_toks": 64}, "limit for prompt and answer together is 64"),
        ({"until": 3}, "until is 3"),
        ({"temperature": "hot"}, "temperature is 'hot'"),
    ],
)
def test_generation_arguments_that_make_no_sense_are_sentences(checkpoints, started, kwargs, words):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    with pytest.raises(UsageError) as caught:
        list(model.respond([generate("the"), generate("the", **kwargs)]))
    assert words in str(caught.value)
    assert engines[0].sent == []


def test_an_empty_prompt_begins_with_the_token_before_any_text(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", add_bos_token=False)
    list(model.respond([generate("")]))
    assert engines[0].sent[0][0] == [1]
