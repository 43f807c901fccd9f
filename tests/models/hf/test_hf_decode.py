"""Own decoding gives the text of transformers' generation: on many models, prompts and batches."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.models.base import Budget
from proctor.models.generation import plan_generation
from proctor.models.hf.decoding.decode import Decoder, ForwardPasses, StopRule, StopWatcher
from proctor.models.hf.decoding.decoding_gate import choose, objection
from proctor.models.hf.decoding.kv_slots import SlotCache
from proctor.models.hf.decoding.slot_attention import slots
from proctor.models.prefix.groups import group_prompts
from proctor.types import Generate

sys.path.insert(0, str(Path(__file__).parents[1]))
zoo = importlib.import_module("architectures")


shares = pytest.mark.skipif(zoo.release() < (5, 0), reason="before transformers 5 decoding need not be shared")


def words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(zoo.WORDS, k=count))


def mixed_prompts(chance: random.Random, stems=(60, 40, 0), count: int = 5) -> list[str]:
    """Prompts behind a few common beginnings, one of them twice."""
    prompts = [
        f"{stem} {words(chance, chance.choice([1, 2, 9, 25]))}".strip()
        for stem in [words(chance, length) for length in stems]
        for _ in range(count)
    ]
    return [*prompts, prompts[0]]


def generate(module, prompts, kwargs, *, size=4, **arguments):
    model = zoo.open_architecture(module, batch_size=size, **arguments)
    answers = dict(model.respond([Generate(prompt, kwargs) for prompt in prompts]))
    return [answers[index].text for index in range(len(prompts))], model.report()["generation"]


@pytest.mark.parametrize("name", sorted(zoo.BY_NAME))
def test_texts_are_those_of_plain_generation(name):
    module = zoo.build(zoo.BY_NAME[name])
    chance = random.Random(5)
    prompts = mixed_prompts(chance)
    kwargs = {"max_gen_toks": 20, "until": ["w5", "w7 w"]}
    found, facts = generate(module, prompts, kwargs)
    plain, plain_facts = generate(module, prompts, kwargs, scoring="plain")
    assert found == plain
    assert plain_facts["mode"] == "plain"
    assert zoo.decoded_as_expected(name, facts["mode"]), facts
    assert facts["reason"]


@shares
def test_nan_in_one_prompt_is_noted_for_all_that_are_like_it_and_no_other():
    module = zoo.build(zoo.BY_NAME["llama"])
    model = zoo.open_architecture(module, batch_size=4)
    (*_, broken) = model.tokens.tokenizer("w1 w3")["input_ids"]
    with torch.no_grad():
        module.get_input_embeddings().weight[broken] = float("nan")
    whole, bad = "w1 w2 w4 w5 w6", "w1 w2 w3"
    prompts = [f"{whole} w7", bad, f"{whole} w8", bad]
    responses = dict(model.respond([Generate(prompt, {"max_gen_toks": 4}) for prompt in prompts]))
    assert model.report()["generation"]["mode"] == "shared"
    assert [responses[index].has_nan for index in range(4)] == [False, True, False, True]


TINY = {
    "llama": {"num_key_value_heads": 2},
    "gpt2": {},
    "gpt_neox": {},
    "mistral": {"num_key_value_heads": 1, "sliding_window": 11},
}


def tiny(kind: str, seed: int):
    import transformers

    shape = zoo.GPT if kind == "gpt2" else zoo.LLAMA
    settings = {**shape, **TINY[kind], "vocab_size": zoo.VOCABULARY, **zoo.IDS}
    torch.manual_seed(seed)
    module = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.for_model(kind, **settings)).eval()
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return module


@shares
@settings(max_examples=25)
@given(
    kind=st.sampled_from(sorted(TINY)),
    seed=st.integers(0, 1000),
    size=st.sampled_from([1, 2, 5, "auto"]),
    length=st.integers(1, 30),
    stems=st.lists(st.sampled_from([0, 5, 30, 120]), min_size=1, max_size=3),
)
def test_shared_is_plain_on_random_models_and_prompts(kind, seed, size, length, stems):
    chance = random.Random(seed)
    module = tiny(kind, seed)
    prompts = mixed_prompts(chance, stems, chance.randint(1, 6))
    kwargs = {"max_gen_toks": length, "until": chance.choices(zoo.WORDS, k=3)}
    found, facts = generate(module, prompts, kwargs, size=size)
    assert facts["mode"] == "shared"
    assert found == generate(module, prompts, kwargs, size=3, scoring="plain")[0]


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


@pytest.mark.parametrize(
    ("kwargs", "word"),
    [
        ({"temperature": 0.7}, "sampling"),
        ({"num_beams": 2}, "num_beams"),
        ({"repetition_penalty": 1.2}, "repetition_penalty"),
        ({"min_new_tokens": 2}, "min_new_tokens"),
    ],
)
def test_what_is_not_greedy_is_left_to_transformers(kwargs, word):
    _, facts = generate(tiny("llama", 0), ["w1 w2", "w3"], {"max_gen_toks": 3, **kwargs})
    assert facts["mode"] == "plain"
    assert word in facts["reason"]


@pytest.mark.parametrize("kwargs", [{"num_beams": 1}, {"top_p": 0.9, "do_sample": False}, {"repetition_penalty": 1.0}])
def test_arguments_that_change_nothing_are_no_objection(kwargs):
    assert objection(tiny("llama", 0), plan_generation(kwargs), 20) is None


def test_a_generation_config_of_the_model_is_kept():
    module = tiny("llama", 0)
    module.generation_config.no_repeat_ngram_size = 2
    assert objection(module, plan_generation({}), 20) == "the model's generation config sets no_repeat_ngram_size"


def test_a_model_that_generates_in_its_own_way_does_so():
    module = tiny("llama", 0)
    module.__class__ = type("Own", (type(module),), {"generate": lambda self, **kwargs: None})
    assert objection(module, plan_generation({}), 20) == "the model generates in its own way"


@shares
def test_the_probe_sees_attention_that_is_not_what_it_says(monkeypatch):
    module = tiny("llama", 0)
    passes = ForwardPasses(module, torch.device("cpu"), None, 0)
    assert choose(passes, list(range(5, 60)), 55).mode == "shared"
    # A layer that scales its scores, but only where transformers' own attention is in use.
    from proctor.models.hf.decoding import slot_attention as room

    attend = room.attend
    monkeypatch.setattr(
        room, "attend", lambda *args, scaling, **kwargs: attend(*args, scaling=scaling * 1.01, **kwargs)
    )
    choice = choose(passes, list(range(5, 60)), 55)
    assert choice.mode == "plain"
    assert "logits differ" in choice.reason


@shares
def test_every_end_of_text_token_ends_a_text():
    module = tiny("llama", 3)
    prompts = mixed_prompts(random.Random(3))
    whole, _ = generate(module, prompts, {"max_gen_toks": 20})
    module.generation_config.eos_token_id = [2, *(zoo.tokenizer().encode(text.split()[4])[0] for text in whole[:2])]
    found, facts = generate(module, prompts, {"max_gen_toks": 20})
    assert facts["mode"] == "shared"
    assert found == generate(module, prompts, {"max_gen_toks": 20}, scoring="plain")[0]
    assert len(found[0].split()) <= 5 < len(whole[0].split())


@shares
def test_equal_prompts_are_decoded_once():
    model = zoo.open_architecture(tiny("llama", 0), batch_size=4)
    requests = [Generate("w1 w2 w3", {"max_gen_toks": 4, "until": []})] * 5
    found = [answer.text for _, answer in model.respond(requests)]
    assert len(found) == 5
    assert len(set(found)) == 1
    assert model.report()["generation"]["forwarded_tokens"] <= 3 + 3
    assert model.report()["generation"]["shared"] == 5


def test_batch_invariant_texts_are_made_one_by_one():
    model = zoo.open_architecture(tiny("llama", 0), batch_size=4, batch_invariant=True)
    prompts = mixed_prompts(random.Random(0))
    list(model.respond([Generate(prompt, {"max_gen_toks": 4}) for prompt in prompts]))
    assert set(model._batches["generate"]) == {1}


# -- the loop itself


def decoder(module, *, rows, max_tokens=8, tokens=1 << 20, stops=()):
    sizes: list[int] = []
    passes = ForwardPasses(module, torch.device("cpu"), None, 0)
    ending = StopRule(max_tokens, frozenset({2}), StopWatcher(zoo.tokenizer(), stops))
    return Decoder(passes, Budget(tokens, 1 << 20, rows), ending, sizes), passes, sizes


def numbers(chance: random.Random, count: int) -> list[int]:
    return [chance.randrange(4, zoo.VOCABULARY) for _ in range(count)]


@shares
def test_rows_that_have_stopped_make_room_for_waiting_prompts():
    chance = random.Random(2)
    module = tiny("llama", 2)
    prompts = [numbers(chance, 5) for _ in range(12)]
    alone = {}
    for place, prompt in enumerate(prompts):
        run, _, _ = decoder(module, rows=1, max_tokens=12, stops=["w3", "w1"])
        ((_, alone[place]),) = run([prompt], group_prompts([prompt])[0])
    assert len({len(new) for new in alone.values()}) > 1
    run, passes, sizes = decoder(module, rows=3, max_tokens=12, stops=["w3", "w1"])
    (group,) = group_prompts(prompts)
    assert dict(run(prompts, group)) == alone
    assert sizes == [3]
    # Nobody is forwarded after stopping: each prompt, and each new token but the last.
    assert passes.forwarded == sum(5 + len(new) - 1 for new in alone.values())


@shares
def test_memory_that_runs_out_costs_a_new_start_with_half_the_rows(monkeypatch, caplog):
    chance = random.Random(4)
    prompts = [numbers(chance, 6) for _ in range(9)]
    (group,) = group_prompts(prompts)
    module = tiny("llama", 4)
    run, _, _ = decoder(module, rows=2)
    expected = dict(run(prompts, group))
    run, passes, sizes = decoder(module, rows=8)
    step = passes.step

    def limited(cache, tokens):
        if cache.rows > 4:
            raise torch.OutOfMemoryError("out of memory")
        return step(cache, tokens)

    monkeypatch.setattr(passes, "step", limited)
    found = list(run(prompts, group))
    assert dict(found) == expected
    assert len(found) == len(prompts)
    assert sizes == [8, 4]
    assert "batches of half its size" in caplog.text


def test_memory_that_does_not_hold_one_prompt_is_a_sentence(monkeypatch):
    run, passes, _ = decoder(tiny("llama", 4), rows=1)
    monkeypatch.setattr(passes, "fill", lambda *_: (_ for _ in ()).throw(torch.OutOfMemoryError("out of memory")))
    with pytest.raises(ModelError, match="single prompt"):
        list(run([[5, 6]], group_prompts([[5, 6]])[0]))


def test_other_errors_are_not_taken_for_a_lack_of_memory(monkeypatch):
    run, passes, _ = decoder(tiny("llama", 4), rows=1)
    monkeypatch.setattr(passes, "fill", lambda *_: (_ for _ in ()).throw(ValueError("no")))
    with pytest.raises(ValueError, match="no"):
        list(run([[5, 6]], group_prompts([[5, 6]])[0]))


@shares
def test_the_budget_bounds_the_rows():
    prompts = [numbers(random.Random(1), 6) for _ in range(9)]
    run, _, sizes = decoder(tiny("llama", 4), rows=None, tokens=3 * 14)
    list(run(prompts, group_prompts(prompts)[0]))
    assert sizes == [3]


def test_slots_leave_a_model_as_it_was():
    module = tiny("llama", 0)
    before = module.config._attn_implementation
    with pytest.raises(ValueError, match="inside"), slots(SlotCache(1, 4, torch.device("cpu")), [module.config]):
        assert module.config._attn_implementation != before
        raise ValueError("inside")
    assert module.config._attn_implementation == before


# -- the shared models


ODD = ["", "a", "<s>Question: x", "word " * 700, "서울은 ", "\n\n", "Question:"]


@pytest.mark.parametrize("name", ["llama-bos", "neox", "mistral-sp"])
def test_few_shot_arithmetic_on_the_shared_models(shared_models, shared_hub, name):
    import json

    folder = shared_hub / "openai" / "gsm8k" / "main"
    train, test = (
        [json.loads(line) for line in (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()[:count]]
        for split, count in (("train", 8), ("test", 6))
    )
    shots = "".join(f"Question: {doc['question']}\nAnswer: {doc['answer']}\n\n" for doc in train)
    prompts = [f"{shots}Question: {doc['question']}\nAnswer:" for doc in test] + ODD
    kwargs = {"until": ["Question:", "</s>", "<|im_end|>"], "max_gen_toks": 40, "do_sample": False}
    texts = {}
    for scoring in ("auto", "plain"):
        args = {"pretrained": str(shared_models / name), "dtype": "float32", "scoring": scoring}
        model = open_model("hf", args, batch_size=4, device="cpu", threads=1)
        answers = dict(model.respond([Generate(prompt, kwargs) for prompt in prompts]))
        texts[scoring] = [answers[index].text for index in range(len(prompts))]
    assert texts["auto"] == texts["plain"]


# -- why texts end, and what they take


@shares
@pytest.mark.parametrize("scoring", ["auto", "plain"])
def test_a_text_says_why_it_ended(scoring):
    module = tiny("llama", 3)
    prompts = mixed_prompts(random.Random(3))
    whole, _ = generate(module, prompts, {"max_gen_toks": 12, "until": []})
    word = next(word for word in whole[0].split()[2:] if word not in whole[1].split()[:4])
    module.generation_config.eos_token_id = [2, zoo.tokenizer().encode(whole[1].split()[4])[0]]
    model = zoo.open_architecture(module, batch_size=4, scoring=scoring)
    found = dict(model.respond([Generate(prompt, {"max_gen_toks": 12, "until": [word]}) for prompt in prompts]))
    assert (found[0].finish, found[1].finish) == ("stop", "stop")
    for response in found.values():
        assert response.finish == "stop" if response.usage.new < 12 else response.usage.new == 12
    assert {"length", "stop"} == {response.finish for response in found.values()}


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
