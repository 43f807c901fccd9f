"""A model that accelerate has prepared, and an object that has been compiled or put on a device."""

import sys

import lm_eval
import torch
from _record import save
from accelerate import Accelerator
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM, AutoTokenizer

path, out = sys.argv[1:]
accelerator = Accelerator(cpu=True)
model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(path)
prepared = accelerator.prepare(model)
lm = HFLM(pretrained=accelerator.unwrap_model(prepared), tokenizer=tokenizer, batch_size=4)
lm._rank, lm._world_size, lm._device = accelerator.process_index, accelerator.num_processes, accelerator.device
lm.accelerator = accelerator
results = lm_eval.simple_evaluate(
    lm,
    tasks=["demo_text_folk", "demo_tales"],
    limit=4,
    task_manager=TaskManager(include_path=".", include_defaults=False),
    bootstrap_iters=0,
)
direct = lm_eval.simple_evaluate(
    HFLM(pretrained=prepared, tokenizer=tokenizer, batch_size=4, device="cpu"),
    tasks=["demo_text_folk"],
    limit=4,
    task_manager=TaskManager(include_path=".", include_defaults=False),
    bootstrap_iters=0,
)
seen = {"main": accelerator.is_main_process, "results": results["results"], "direct": direct["results"]}
seen["none elsewhere"] = results is not None
save(out, seen)
