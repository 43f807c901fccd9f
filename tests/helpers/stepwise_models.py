"""HFLM with steps that say they are changed, and requests to score."""

from __future__ import annotations

from proctor.compat.scripts.huggingface import HFLM
from proctor.compat.tasks.instance import Instance

CONTEXTS = ("The capital of France is", "Q: one plus one?\nA: ", "", "<s>Already begun")
CONTINUATIONS = (" Paris", " a very long answer", "x", "x y")


def asked(kind, *arguments):
    return Instance(kind, {}, arguments, 0)


class Stepwise(HFLM):
    """Changes nothing, but says so: everything takes the plain route."""

    def _model_call(self, inps, attn_mask=None, labels=None):
        return super()._model_call(inps, attn_mask=attn_mask, labels=labels)

    def _model_generate(self, context, max_length, stop, **generation_kwargs):
        return super()._model_generate(context, max_length, stop, **generation_kwargs)


def stepwise(lm, cls=Stepwise, **more):
    return cls(pretrained=lm.model, tokenizer=lm.tokenizer, batch_size=3, **more)


SCORED = [asked("loglikelihood", context, text) for context in CONTEXTS for text in CONTINUATIONS]
