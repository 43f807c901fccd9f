"""Own decoding gives the text of transformers' generation: on many models, prompts and batches."""

from __future__ import annotations

import random

import architectures as zoo
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_texts import TINY, generate, mixed_prompts, shares, tiny

from proctor.errors import ModelError
from proctor.models import open_model
from proctor.models.base import Budget
from proctor.models.hf.decoding.decode import Decoder, ForwardPasses, StopRule, StopWatcher
from proctor.models.prefix.groups import group_prompts
from proctor.types import Generate


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
def test_equal_prompts_are_decoded_once():
    model = zoo.open_architecture(tiny("llama", 0), batch_size=4)
    requests = [Generate("w1 w2 w3", {"max_gen_toks": 4, "until": []})] * 5
    found = [answer.text for _, answer in model.respond(requests)]
    assert len(found) == 5
    assert len(set(found)) == 1
    assert model.report()["generation"]["forwarded_tokens"] <= 3 + 3
    assert model.report()["generation"]["shared"] == 5


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


def test_a_step_waits_for_the_device_once(monkeypatch):
    """On ``meta``, which has no values: what needs one to go on raises."""
    import transformers

    from proctor.models.hf.call_form import CallForm
    from proctor.models.hf.decoding import decode
    from proctor.models.hf.transfers import Transfer

    sizes = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 99}
    with torch.device("meta"):
        config = transformers.LlamaConfig(hidden_size=32, intermediate_size=48, **sizes)
        module = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    waits = []

    class CountedTransfer(Transfer):
        def wait(self):
            waits.append([block.device.type for block in self._blocks])
            return tuple(torch.zeros(block.shape, dtype=block.dtype) for block in self._blocks)

    monkeypatch.setattr(decode, "Transfer", CountedTransfer)
    passes = ForwardPasses(module, torch.device("meta"), None, 0, CallForm())
    decoder = Decoder(passes, Budget(1000, 10), StopRule(5, frozenset(), StopWatcher(None, ())), [])
    prompts = [[3, 4, 5, 6, 7, 8, 9], [3, 4, 5, 6, 8, 9]]
    texts = [text for group in group_prompts(prompts) for text in decoder(prompts, group)]
    assert sorted(len(new) for _, new in texts) == [5, 5]
    # The first token comes with the prompts, each of the others with a step.
    assert waits == [["meta", "meta"]] * 5
