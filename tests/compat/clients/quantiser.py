"""A quantiser: rounds the weights of a loaded model and evaluates it before and after."""

import sys

import lm_eval
import torch
from _record import save
from lm_eval.models.huggingface import HFLM
from transformers import AutoModelForCausalLM, AutoTokenizer

TASKS = ["demo_text_folk", "demo_letter_folk", "demo_tales", "demo_errands"]


@torch.no_grad()
def quantise(model, bits):
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            step = module.weight.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
            module.weight.copy_((module.weight / step).round() * step)


def evaluate(model, tokenizer, manager):
    lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=8)
    results = lm_eval.simple_evaluate(model=lm, tasks=TASKS, limit=8, task_manager=manager, bootstrap_iters=0)
    seen = {task: {key: value for key, value in results["results"][task].items() if "," in key} for task in TASKS}
    return {"scores": seen, "average": sum(seen[task]["acc,none"] for task in TASKS[:2]) / 2}


path, out = sys.argv[1:]
model = AutoModelForCausalLM.from_pretrained(path, torch_dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(path)
manager = lm_eval.tasks.TaskManager(include_path=".", include_defaults=False)
before = evaluate(model, tokenizer, manager)
quantise(model, 3)
after = evaluate(model, tokenizer, manager)
save(out, {"before": before, "after": after})
