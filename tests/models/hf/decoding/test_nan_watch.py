"""NaN among the logits of a generation is noted for the prompt that gave it."""

from __future__ import annotations

import architectures as zoo
import torch
from tiny_texts import shares

from proctor.types import Generate


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
