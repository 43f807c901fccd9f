"""A wrapper that keeps answers: CachingLM, and use_cache."""

import sys
import tempfile
from pathlib import Path

import lm_eval
from _record import save, scores
from lm_eval.api.instance import Instance
from lm_eval.api.model import CachingLM
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager


class Counting(HFLM):
    asked = 0

    def loglikelihood(self, requests, disable_tqdm=False):
        type(self).asked += len(requests)
        return super().loglikelihood(requests, disable_tqdm=disable_tqdm)

    def generate_until(self, requests, disable_tqdm=False):
        type(self).asked += len(requests)
        return super().generate_until(requests, disable_tqdm=disable_tqdm)


path, out = sys.argv[1:]
lm = Counting(pretrained=path, dtype="float32", batch_size=4, device="cpu")
manager = TaskManager(include_path=".", include_defaults=False)
seen = {"asked": []}
with tempfile.TemporaryDirectory() as folder:
    cached = CachingLM(lm, f"{folder}/answers.db")
    requests = [Instance("loglikelihood", {}, ("The capital is", f" {word}"), 0) for word in ("Windle", "Foxglove")]
    for _ in range(2):
        seen["asked"].append([cached.loglikelihood(requests), lm.asked])
    texts = [Instance("generate_until", {}, ("Late one", {"until": ["\n"], "max_gen_toks": 5}), 0)]
    for _ in range(2):
        seen["asked"].append([cached.generate_until(texts), lm.asked])
    seen["through"] = [
        cached.max_length,
        cached.tokenizer_name == lm.tokenizer_name,
        cached.rank,
        cached.tok_encode("a b"),
    ]
    more = [*requests, Instance("loglikelihood", {}, ("The capital is", " Dovecote"), 0)]
    seen["asked"].append([cached.loglikelihood(more), lm.asked])
    seen["files"] = sorted(file.name for file in Path(folder).glob("*.db"))
    run = {"tasks": ["demo_text_folk", "demo_errands"], "limit": 3, "task_manager": manager, "bootstrap_iters": 0}
    for _ in range(2):
        results = lm_eval.simple_evaluate(lm, use_cache=f"{folder}/run", **run)
        seen["asked"].append([scores(results), lm.asked])
    seen["files again"] = sorted(file.name for file in Path(folder).glob("*.db"))
    named = [
        lm_eval.simple_evaluate(
            "hf", model_args=f"pretrained={path},dtype=float32", use_cache=f"{folder}/named", device="cpu", **run
        )
        for _ in range(2)
    ]
    seen["named"] = [scores(one) for one in named]
save(out, seen)
