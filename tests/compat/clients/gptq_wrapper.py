"""A compression toolkit: hands a model over without its tokenizer and reaches into the wrapper afterwards."""

import sys

import torch
from _record import save, scores
from lm_eval import evaluator
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM


class Evaluator:
    def __init__(self, model):
        self.lm = HFLM(pretrained=model, batch_size="auto", max_batch_size=4)
        self.device = self.lm.device
        self.lm.model.eval()

    def facts(self):
        lm = self.lm
        return {
            "device": str(lm.device),
            "sizes": [lm.max_length, lm.max_gen_toks, lm.vocab_size, lm.rank, lm.world_size],
            "tokens": [lm.eot_token_id, lm.prefix_token_id],
            "same": [lm.model is lm._model, lm.config is lm.model.config, lm.model.training],
            "backend": lm.backend,
            "batch": [lm.batch_size, lm.max_batch_size, lm.batch_sizes],
            "special": lm.add_bos_token,
            "logits": lm._model_call(torch.tensor([lm.tok_encode("What is the trade of Anwen?")]))[0, -1, :5],
        }

    def run(self, **kwargs):
        return evaluator.simple_evaluate(self.lm, model_args="ignored=1", **kwargs)


path, out = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
model.seqlen = 256
one = Evaluator(model)
facts = one.facts()

results = one.run(
    tasks=["demo_text_folk"], num_fewshot=2, limit=6, task_manager=TaskManager(include_path=".", include_defaults=False)
)
save(out, {"facts": facts, "scores": scores(results), "config": results["config"]["model_num_parameters"]})
