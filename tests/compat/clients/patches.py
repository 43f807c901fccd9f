"""Research code that patches transformers: a module's forward, a loader, hooks on layers, a method of the wrapper."""

import sys

import lm_eval
import torch
import transformers
from _record import save
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers.models.llama.modeling_llama import LlamaMLP

path, out = sys.argv[1:]
manager = TaskManager(include_path=".", include_defaults=False)
ARGS = {"pretrained": path, "dtype": "float32"}


def evaluate(model="hf", args=ARGS):
    results = lm_eval.simple_evaluate(
        model,
        model_args=args,
        tasks=["demo_text_folk", "demo_errands"],
        limit=3,
        batch_size=2,
        device="cpu",
        task_manager=manager,
        bootstrap_iters=0,
    )
    return {name: [one["resps"] for one in rows] for name, rows in results["samples"].items()}


seen = {"plain": evaluate()}
forward = LlamaMLP.forward
LlamaMLP.forward = lambda self, x: forward(self, x) * 0.7
seen["forward"] = evaluate()
LlamaMLP.forward = forward
seen["back"] = evaluate() == seen["plain"]

load = transformers.AutoModelForCausalLM.from_pretrained


def shaken(*args, **kwargs):
    model = load(*args, **kwargs)
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight.mul_(-1)
    return model


transformers.AutoModelForCausalLM.from_pretrained = shaken
seen["loader"] = evaluate()
transformers.AutoModelForCausalLM.from_pretrained = load

lm = HFLM(**ARGS, batch_size=2, device="cpu")
calls = []
layer = lm.model.model.layers[2]


def steer(module, args, output):
    hidden = output[0] if isinstance(output, tuple) else output
    calls.append(list(hidden.shape))
    hidden = hidden + 0.05
    return (hidden, *output[1:]) if isinstance(output, tuple) else hidden


handle = layer.register_forward_hook(steer)
seen["hook"] = evaluate(lm, None)
seen["calls"] = [calls[:20], len(calls)]
handle.remove()
seen["removed"] = evaluate(lm, None) == seen["plain"]

head = lm.model.lm_head.forward
lm.model.lm_head.forward = lambda hidden: head(hidden).div(2.0)
seen["head"] = evaluate(lm, None)
del lm.model.lm_head.forward

call = HFLM._model_call
HFLM._model_call = lambda self, inps, **kwargs: call(self, inps, **kwargs) / 3
seen["class"] = evaluate()
HFLM._model_call = call
encode = HFLM.tok_encode
HFLM.tok_encode = lambda self, string, **kwargs: encode(self, string.lower(), **kwargs)
seen["encode"] = evaluate()
HFLM.tok_encode = encode
save(out, seen)
