"""Two programs on one module that stands on a device: built or loaded once, and given to both.

A model of 8B parameters takes longer to write and read twice than to be measured, so random weights are made where
they are used, and both programs get the same module: lm-eval's ``HFLM`` and proctor's ``hf`` take one as
``pretrained``. Both are called as their runs call them, with requests; the same meter counts for both.
"""

from __future__ import annotations

import gc
import importlib.util
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers

from side_by_side.build import random_module, trained_tokenizer
from side_by_side.cases import Shape
from side_by_side.driver import Meter, wait_for
from side_by_side.prompts import Document, requests_of

Responses = Mapping[int, Sequence[Any]]
"""By document: its options' pairs of log-probability and greedy flag, or its text."""


@dataclass
class Subject:
    """A module on a device, with its tokenizer and the meter of all that passes it."""

    name: str
    module: Any
    tokenizer: Any
    device: str
    meter: Meter = field(default_factory=Meter)

    def facts(self) -> dict[str, Any]:
        """What operations are counted from, read off the module. ``body``: matrices that every token meets."""
        config = getattr(self.module.config, "text_config", None) or self.module.config
        ends = {id(self.module.get_input_embeddings().weight), id(self.module.get_output_embeddings().weight)}
        matrices = (one for one in self.module.parameters() if one.dim() > 1 and id(one) not in ends)
        heads = config.num_attention_heads
        size = getattr(config, "head_dim", None) or config.hidden_size // heads
        return {
            "name": self.name,
            "parameters": self.module.num_parameters(),
            "body": sum(one.numel() for one in matrices),
            "layers": config.num_hidden_layers,
            "hidden": config.hidden_size,
            "width": heads * size,
            "vocabulary": config.vocab_size,
            "dtype": str(self.module.dtype).removeprefix("torch."),
        }


def build_subject(shape: Shape, device: str) -> Subject:
    """A Llama of this shape with random weights, made on the device."""
    tokenizer = trained_tokenizer()
    return Subject(shape.name, random_module(shape, tokenizer, device).eval(), tokenizer, device)


def load_subject(folder: str, device: str) -> Subject:
    """A real checkpoint of this machine, in the dtype that it was stored in."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    module = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").to(device)
    name = folder.rstrip("/").rpartition("/")[2]
    return Subject(name, module.eval(), tokenizer, device)


@contextmanager
def measured(subject: Subject, run: dict[str, Any]) -> Iterator[None]:
    """Fill ``run`` with what happens within: seconds, tokens forwarded, calls, peak memory of the device."""
    meter, on_gpu = subject.meter, subject.device.startswith("cuda")
    meter.watch(subject.module)
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(subject.device)
    before, cpu, start = (meter.tokens, meter.calls), time.process_time(), time.perf_counter()
    wait_for(subject.device)
    yield
    wait_for(subject.device)
    run["scoring_wall"], run["scoring_cpu"] = time.perf_counter() - start, time.process_time() - cpu
    run["embedded_tokens"], run["forward_calls"] = meter.tokens - before[0], meter.calls - before[1]
    run["device_peak_bytes"] = torch.cuda.max_memory_allocated(subject.device) if on_gpu else None


def run_proctor(
    subject: Subject, documents: Sequence[Document], *, tokens: int, batch: int | str = "auto", **arguments: Any
) -> tuple[Responses, dict[str, Any]]:
    """The responses of proctor, and what they cost; its probes are part of it."""
    from proctor.models.hf.load.load import load_model
    from proctor.types import Generate, Loglikelihood

    given = {"pretrained": subject.module, "tokenizer": subject.tokenizer, **arguments}
    model = load_model(given, batch_size=batch, device=subject.device)
    requests = [
        Loglikelihood(one.context, one.options) if one.options else Generate(one.context, requests_of(one, tokens))
        for one in documents
    ]
    run: dict[str, Any] = {}
    with measured(subject, run):
        responses = dict(model.respond(requests))
    report = model.report()
    run["report"] = dict(report["scoring"] or report["generation"])
    values = {number: getattr(one, "values", None) or [one.text] for number, one in responses.items()}  # type: ignore[union-attr]
    return values, run


def run_lm_eval(
    subject: Subject, documents: Sequence[Document], *, tokens: int, batch: int
) -> tuple[Responses, dict[str, Any]]:
    """The responses of lm-eval, and what they cost; a batch that does not fit is halved and all is run again."""
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    # It warns of a module that it has not loaded itself.
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    lm = HFLM(pretrained=subject.module, tokenizer=subject.tokenizer, batch_size=batch, device=subject.device)
    scored, generated = [], []
    for number, one in enumerate(documents):
        for place, option in enumerate(one.options):
            scored.append(Instance("loglikelihood", {}, (one.context, option), place, ("bench", number, 1)))
        if not one.options:
            arguments = (one.context, requests_of(one, tokens))
            generated.append(Instance("generate_until", {}, arguments, 0, ("bench", number, 1)))
    run: dict[str, Any] = {"batch_size": batch}
    try:
        with measured(subject, run):
            found = lm.loglikelihood(scored, disable_tqdm=True) if scored else []
            texts = lm.generate_until(generated, disable_tqdm=True) if generated else []
    except torch.OutOfMemoryError:
        if batch == 1:
            raise
        free()
        return run_lm_eval(subject, documents, tokens=tokens, batch=batch // 2)
    if generated:
        return {number: [text] for number, text in enumerate(texts)}, run
    left = iter(found)
    return {number: [next(left) for _ in one.options] for number, one in enumerate(documents)}, run


PROGRAMS: Mapping[str, Callable[..., tuple[Responses, dict[str, Any]]]] = {
    "proctor": run_proctor,
    "lm-eval": run_lm_eval,
}


def has_lm_eval() -> bool:
    """Whether lm-eval and what its ``hf`` imports are installed here."""
    return all(importlib.util.find_spec(name) is not None for name in ("lm_eval", "accelerate"))


def free() -> None:
    """Give the device's memory back between cells."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
