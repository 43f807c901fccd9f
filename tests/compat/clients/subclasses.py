"""Subclasses of HFLM as papers have them: each changes another step."""

import sys

import lm_eval
import torch
from _record import save
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoConfig, AutoModelForCausalLM


class Contrast(HFLM):
    """Subtracts another pass from the logits."""

    def _model_call(self, inps, attn_mask=None, labels=None):
        first = super()._model_call(inps, attn_mask, labels)
        return 1.5 * first - 0.5 * first.roll(1, dims=-1)


class Upper(HFLM):
    """Other tokens."""

    def tok_encode(self, string, left_truncate_len=None, add_special_tokens=None):
        return super().tok_encode(
            string.upper(), left_truncate_len=left_truncate_len, add_special_tokens=add_special_tokens
        )


class Prefixed(HFLM):
    """Every request changed on its way in."""

    def loglikelihood(self, requests, disable_tqdm=False):
        for request in requests:
            request.arguments = (f"Hint. {request.args[0]}", request.args[1])
        return super().loglikelihood(requests, disable_tqdm=disable_tqdm)

    def generate_until(self, requests, disable_tqdm=False):
        return [f"{text} 30" for text in super().generate_until(requests, disable_tqdm=disable_tqdm)]


class Sampled(HFLM):
    """Its own generation."""

    def _model_generate(self, context, max_length, stop, **generation_kwargs):
        self.given = [sorted(generation_kwargs), max_length, stop, list(context.shape)]
        return self.model.generate(context, max_length=max_length, do_sample=False, pad_token_id=1)


class Shorter(HFLM):
    """Other limits."""

    @property
    def max_length(self):
        return 48

    @property
    def max_gen_toks(self):
        return 3

    @property
    def eot_token_id(self):
        return 7


@register_model("own-loader")
class OwnLoader(HFLM):
    """Its own way to the weights."""

    def __init__(self, pretrained, scale=1.0, **kwargs):
        self.scale = float(scale)
        super().__init__(pretrained=pretrained, backend="causal", **kwargs)

    def _get_config(self, pretrained, **kwargs):
        self._config = AutoConfig.from_pretrained(pretrained)

    def _create_model(self, pretrained, dtype="auto", **kwargs):
        self._model = AutoModelForCausalLM.from_pretrained(pretrained, dtype=torch.float32)
        with torch.no_grad():
            self._model.model.norm.weight.mul_(self.scale)


class Wrapped(torch.nn.Module):
    """A module that is no PreTrainedModel."""

    def __init__(self, model):
        super().__init__()
        self.inner, self.config, self.device = model, model.config, model.device

    def forward(self, input_ids, attention_mask=None, **kwargs):
        found = self.inner(input_ids=input_ids, attention_mask=attention_mask)
        found.logits = found.logits * 0.5
        return found

    def tie_weights(self):
        return None


path, out = sys.argv[1:]
manager = TaskManager(include_path=".", include_defaults=False)
GIVEN = {"pretrained": path, "dtype": "float32", "batch_size": 3, "device": "cpu"}


def evaluate(model, tasks=("demo_letter_folk", "demo_errands", "demo_tales"), **kwargs):
    results = lm_eval.simple_evaluate(
        model, tasks=list(tasks), limit=3, num_fewshot=1, task_manager=manager, bootstrap_iters=0, **kwargs
    )
    return {name: [[row["resps"], row["filtered_resps"]] for row in rows] for name, rows in results["samples"].items()}


seen = {cls.__name__: evaluate(cls(**GIVEN)) for cls in (Contrast, Upper, Prefixed, Shorter)}
sampled = Sampled(**GIVEN)
seen["Sampled"] = [evaluate(sampled, ["demo_errands"]), sampled.given]
seen["OwnLoader"] = evaluate("own-loader", model_args=f"pretrained={path},scale=0.8", batch_size=2, device="cpu")
inner = AutoModelForCausalLM.from_pretrained(path).float()
seen["Wrapped"] = evaluate(
    HFLM(pretrained=Wrapped(inner), tokenizer=path, batch_size=2), ["demo_text_folk", "demo_tales"]
)
changing = HFLM(**GIVEN)
seen["attributes"] = []
for name, value in {
    "_max_length": 40,
    "batch_size_per_gpu": 2,
    "add_bos_token": True,
    "custom_prefix_token_id": 9,
}.items():
    setattr(changing, name, value)
    seen["attributes"].append(evaluate(changing))
changing.tokenizer.padding_side = "left"
changing._model_call = lambda inps, **kwargs: changing.model(inps).logits * 2
seen["instance"] = evaluate(changing)
save(out, seen)
