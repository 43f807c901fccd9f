"""A study of perplexity by length and window: rolling requests, windows by hand, tokens scored one by one."""

import json
import math
import sys
from pathlib import Path

import torch
from _record import save
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window

path, out = sys.argv[1:]
texts = [json.loads(line)["text"] for line in Path("data/tales.jsonl").read_text().splitlines()][:3]
seen = {}
for length in (32, 100, None):
    lm = HFLM(path, dtype="float32", batch_size=2, device="cpu", max_length=length)
    requests = [Instance("loglikelihood_rolling", {}, (text,), n) for n, text in enumerate([*texts, " ".join(texts)])]
    rolled = lm.loglikelihood_rolling(requests)
    hand = []
    for text in texts:
        windows = [
            make_disjoint_window(one)
            for one in get_rolling_token_windows(lm.tok_encode(text), lm.prefix_token_id, lm.max_length, 1)
        ]
        hand.append(sum(score for score, _ in lm._loglikelihood_tokens([(None, *one) for one in windows])))
    seen[str(length)] = {
        "rolled": rolled,
        "hand": hand,
        "ppl": [math.exp(-value / len(text.split())) for value, text in zip(rolled, texts, strict=False)],
    }
ids = torch.tensor([lm.tok_encode(texts[0])])
with torch.no_grad():
    logits = lm.model(ids).logits.log_softmax(-1)
seen["direct"] = logits[0, :-1].gather(-1, ids[0, 1:, None]).sum()
seen["call"] = lm._model_call(ids).shape
save(out, seen)
