"""Generated text: equal to one prompt at a time, stopped and cut at stop strings, limits kept."""

from __future__ import annotations

import random

import architectures as zoo
import pytest
import torch
from tiny_models import open_tiny
from tiny_texts import generate, mixed_prompts, shares, tiny, words

from proctor.errors import ModelError, UsageError
from proctor.types import Generate

PROMPTS = ["the quick brown", "question: what is the capital of korea? answer:", "한국의", "one two three, four;", "a"]


def texts(model, requests):
    answers = dict(model.respond(requests))
    return [answers[index].text for index in range(len(requests))]


def greedy(model, prompt: str, count: int) -> list[int]:
    """Token by token, without cache, padding or batches."""
    ids = model.tokens.encode(prompt)[-(model.tokens.max_length - count) :]
    new: list[int] = []
    for _ in range(count):
        with torch.no_grad():
            new.append(int(model.module(torch.tensor([ids + new])).logits[0, -1].argmax()))
        if new[-1] == model.tokens.tokenizer.eos_token_id:
            break
    return new


@pytest.mark.parametrize("size", [1, 3, "auto"])
@pytest.mark.parametrize("name", ["llama", "sp"])
def test_greedy_text_is_the_likeliest_token_again_and_again(checkpoints, name, size):
    model = open_tiny(checkpoints / name, batch_size=size)
    requests = [Generate(prompt, {"max_gen_toks": 9, "until": []}) for prompt in PROMPTS]
    for text, prompt in zip(texts(model, requests), PROMPTS, strict=True):
        assert text == model.tokens.decode(greedy(model, prompt, 9))


def test_a_long_prompt_loses_its_beginning_and_is_counted(checkpoints, caplog):
    model = open_tiny(checkpoints / "llama", batch_size=2)
    prompt = "the quick brown fox " * 30
    (text,) = texts(model, [Generate(prompt, {"max_gen_toks": 9})])
    assert text == model.tokens.decode(greedy(model, prompt, 9))
    assert model.report()["truncated"] == {"generate": 1}
    assert "it is truncated at the left" in caplog.text


def test_text_ends_before_the_stop_string_and_rows_do_not_wait(checkpoints):
    model = open_tiny(checkpoints / "llama", batch_size=8)
    whole = texts(model, [Generate(prompt, {"max_gen_toks": 20}) for prompt in PROMPTS])
    stop = whole[0][3:5]
    assert len(stop) == 2
    cut = texts(model, [Generate(prompt, {"max_gen_toks": 20, "until": [stop]}) for prompt in PROMPTS])
    assert cut == [text.split(stop)[0] for text in whole]


def test_requests_with_different_arguments_do_not_meet(checkpoints):
    model = open_tiny(checkpoints / "llama", batch_size=8)
    lengths = [3, 7, 3, 5, 7]
    requests = [Generate(prompt, {"max_gen_toks": n}) for prompt, n in zip(PROMPTS, lengths, strict=True)]
    for text, request, length in zip(texts(model, requests), requests, lengths, strict=True):
        assert text == model.tokens.decode(greedy(model, request.prompt, length))


def test_sampling_repeats_under_a_seed(checkpoints):
    model = open_tiny(checkpoints / "llama", batch_size=4)
    requests = [Generate(prompt, {"max_gen_toks": 12, "temperature": 1.0, "top_p": 0.95}) for prompt in PROMPTS]
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append(texts(model, requests))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_beams(checkpoints):
    model = open_tiny(checkpoints / "llama", batch_size=2)
    requests = [Generate(prompt, {"max_gen_toks": 6, "num_beams": 2, "until": ["zzzz"]}) for prompt in PROMPTS[:3]]
    assert len(texts(model, requests)) == 3


def test_a_prompt_of_nothing_starts_from_the_prefix_token(checkpoints):
    model = open_tiny(checkpoints / "sp", args={"add_bos_token": False})
    assert isinstance(texts(model, [Generate("", {"max_gen_toks": 2})])[0], str)


def test_no_room_to_generate_is_said_before_anything_is_generated(checkpoints):
    model = open_tiny(checkpoints / "llama")
    with pytest.raises(UsageError, match="limit for prompt and answer together is 64") as caught:
        next(iter(model.respond([Generate("a", {"max_gen_toks": 4}), Generate("a", {"max_gen_toks": 64})])))
    assert "max_gen_toks" in str(caught.value.hint)


def test_an_argument_nobody_knows_is_a_sentence(checkpoints):
    model = open_tiny(checkpoints / "llama")
    with pytest.raises(ModelError, match=r"generation arguments.*top_pp"):
        texts(model, [Generate("a", {"max_gen_toks": 2, "top_pp": 0.1})])


def test_the_thinking_is_left_out(checkpoints):
    plain = open_tiny(checkpoints / "llama")
    (whole,) = texts(plain, [Generate(PROMPTS[0], {"max_gen_toks": 12})])
    mark = whole[4]
    thinker = open_tiny(checkpoints / "llama", args={"think_end_token": mark})
    assert texts(thinker, [Generate(PROMPTS[0], {"max_gen_toks": 12})]) == [whole.split(mark)[-1].lstrip()]
    ids = greedy(plain, PROMPTS[0], 12)
    by_id = open_tiny(checkpoints / "llama", args={"think_end_token": str(ids[3])})
    last = len(ids) - ids[::-1].index(ids[3])
    assert texts(by_id, [Generate(PROMPTS[0], {"max_gen_toks": 12})]) == [plain.tokens.decode(ids[last:]).lstrip()]


def test_an_encoder_decoder_generates(checkpoints):
    model = open_tiny(checkpoints / "t5", batch_size=2)
    prompts = ["the quick", "한국의"]
    found = texts(model, [Generate(prompt, {"max_gen_toks": 4}) for prompt in prompts])
    alone = [texts(model, [Generate(prompt, {"max_gen_toks": 4})])[0] for prompt in prompts]
    assert all(text.startswith(other) or other.startswith(text) for text, other in zip(found, alone, strict=True))


@shares
def test_a_prompt_longer_than_its_room_loses_the_same_beginning():
    module = tiny("llama", 1)
    chance = random.Random(1)
    stem = words(chance, 90)
    prompts = [f"{stem} {words(chance, count)}" for count in (3, 30, 60)]
    kwargs = {"max_gen_toks": 10}
    found, facts = generate(module, prompts, kwargs, max_length=100)
    assert facts["mode"] == "shared"
    assert found == generate(module, prompts, kwargs, max_length=100, scoring="plain")[0]


def test_batch_invariant_texts_are_made_one_by_one():
    model = zoo.open_architecture(tiny("llama", 0), batch_size=4, batch_invariant=True)
    prompts = mixed_prompts(random.Random(0))
    list(model.respond([Generate(prompt, {"max_gen_toks": 4}) for prompt in prompts]))
    assert set(model._batches["generate"]) == {1}


@shares
def test_both_ways_of_decoding_count_alike_but_for_what_is_shared():
    module = tiny("llama", 5)
    prompts = [*mixed_prompts(random.Random(1), stems=(60,), count=9), "w1 w2"]
    requests = [Generate(prompt, {"max_gen_toks": 5, "until": ["w3"]}) for prompt in prompts]
    shared = dict(zoo.open_architecture(module, batch_size=4).respond(requests))
    plain = dict(zoo.open_architecture(module, batch_size=4, scoring="plain").respond(requests))
    for number, prompt in enumerate(prompts):
        one, other = shared[number].usage, plain[number].usage
        assert (one.prompt, one.new) == (other.prompt, other.new)
        assert one.prompt == len(zoo.tokenizer().encode(prompt))
        assert other.cached == 0 <= one.cached <= one.prompt
    # A prompt that was sent twice is computed once.
    assert sorted(shared[number].usage.cached for number in (0, 9))[1] == shared[0].usage.prompt
    assert any(0 < response.usage.cached < response.usage.prompt for response in shared.values())


def test_an_encoder_decoder_counts_its_own_tokens():
    model = zoo.open_architecture(zoo.build(zoo.BY_NAME["t5"]), batch_size=2)
    found = dict(
        model.respond([Generate("w1 w2 w3", {"max_gen_toks": 4, "until": []}), Generate("w4", {"max_gen_toks": 4})])
    )
    for response in found.values():
        assert response.usage.new >= len(response.text.split())
        assert response.finish in {"stop", "length"}
