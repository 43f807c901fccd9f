"""A modified forward pass under evaluation, as papers' repositories have it.

python scaled_forward.py MODEL TASKS OUT.json [SCALE]
"""

import json
import sys

import lm_eval
import torch
from lm_eval.models.huggingface import HFLM
from lm_eval.utils import handle_non_serializable, make_table


class ScaledLM(HFLM):
    """Divides the logits by a temperature before anything is made of them."""

    def __init__(self, pretrained, temperature=1.0, **kwargs):
        super().__init__(pretrained=pretrained, **kwargs)
        self.temperature = temperature

    def _model_call(self, inps, attn_mask=None, labels=None):
        with torch.no_grad():
            logits = super()._model_call(inps, attn_mask=attn_mask, labels=labels)
        return logits / self.temperature


def main(model, tasks, out, scale="1.5"):
    lm = ScaledLM(model, temperature=float(scale), batch_size=4, dtype="float32", device="cpu")
    results = lm_eval.simple_evaluate(
        model=lm, tasks=tasks.split(","), num_fewshot=1, limit=5, bootstrap_iters=20, log_samples=True
    )
    print(make_table(results))
    if "groups" in results:
        print(make_table(results, "groups"))
    with open(out, "w") as file:
        json.dump(results, file, indent=2, default=handle_non_serializable)


if __name__ == "__main__":
    main(*sys.argv[1:])
