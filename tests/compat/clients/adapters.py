"""Adapters: a LoRA around the model, and delta weights, evaluated without and with."""

import sys

import lm_eval
import torch
from _record import save
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

path, out = sys.argv[1:]
manager = TaskManager(include_path=".", include_defaults=False)


def evaluate(lm):
    results = lm_eval.simple_evaluate(
        lm, tasks=["demo_text_folk", "demo_errands"], limit=3, task_manager=manager, bootstrap_iters=0
    )
    info = {key: results["config"].get(key) for key in ("model_num_parameters", "model_dtype")}
    return [{name: [row["resps"] for row in rows] for name, rows in results["samples"].items()}, info]


torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(path)
seen = {"plain": evaluate(HFLM(pretrained=model, tokenizer=tokenizer, batch_size=2))}
adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
torch.manual_seed(1)
with torch.no_grad():
    for name, weight in adapted.named_parameters():
        if "lora_" in name:
            weight.normal_(0, 0.05)
seen["adapted"] = evaluate(HFLM(pretrained=adapted, tokenizer=tokenizer, batch_size=2))
with adapted.disable_adapter():
    seen["switched off"] = evaluate(HFLM(pretrained=adapted, tokenizer=tokenizer, batch_size=2))[0] == seen["plain"][0]
merged = adapted.merge_and_unload()
seen["merged"] = evaluate(HFLM(pretrained=merged, tokenizer=tokenizer, batch_size=2))
half = merged.to(torch.bfloat16)
seen["halved"] = evaluate(HFLM(pretrained=half, tokenizer=tokenizer, batch_size=2))[1]
save(out, seen)
