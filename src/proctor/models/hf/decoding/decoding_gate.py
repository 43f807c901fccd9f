"""Whether a model's greedy text may be decoded with shared prefixes: asked of its configs, then of its numbers.

What is exact on full attention is silently wrong elsewhere, so both halves must agree: no
config may speak against it for prompts and answers of this length, and on the longest prompt
the logits must be those of transformers' own generation.
"""

# How the gate decides
# --------------------
#     objection: sampling, beams, penalties, an own ``generate``, states, ALiBi, changing positions -----> plain
#        |  none
#     for each call form that fills a cache: :func:`choose` -- logits agree ----------------------------> shared
#        |  none agrees, NaN, memory ran out, attention of its own
#     plain: transformers' own ``generate``, one prompt after the other or in its batches; the reason is reported
#
# The probe, on the longest prompt (repeated or shortened to the wanted length):
#
#     reference      generate(ids), PROBE_TOKENS steps                        logits r0 r1 r2
#     slots          prefix: ids[:half]
#                    row 0:  ids[half:]                 then two steps        logits f0 f1 f2   (compared)
#                    row 1:  ids[half:] + 3 tokens      then two steps        (ignored)
#
# Row 1 is longer, so that row 0 is padded and masked as rows of a run are. Steps are fed with the reference's tokens:
# a tie that falls differently would otherwise compare different texts. The difference is divided by the standard
# deviation of the reference's logits: logits have no natural unit, and models scale them very differently.
#
# What was weighed
#   - The scoring gate's answer: another cache, another attention function, and generation has settings of its own
#     (penalties, a model's own generation config) of which scoring knows nothing.
#   - Comparing texts instead of logits: a text can agree by luck on a prompt, and differ by a tie without an error.
#   - Rebuilding penalties and sampling: each would have to follow transformers forever; they are left to it.
#
# Invariants
#   - An argument that is set, and not known to be without effect on greedy search (:data:`IGNORED`,
#     :data:`NEUTRAL`), is an objection. So an argument that a future release adds is left to transformers, not ignored.
#   - ``attended`` must count one call per layer and pass: a model that does its attention elsewhere is refused.
#   - The gate ends no run; whatever a probe raises means plain.

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from transformers import GenerationConfig, GenerationMixin

from proctor.models.generation import GenerationPlan
from proctor.models.hf.attention import changing_positions, layer_windows, text_config
from proctor.models.hf.call_form import CallForm
from proctor.models.hf.decoding.decode import ForwardPasses
from proctor.models.hf.decoding.kv_slots import SlotCache, UnsupportedAttentionError
from proctor.models.hf.deferred_imports import without_distribution
from proctor.models.hf.device import autocast, is_out_of_memory
from proctor.models.hf.scoring.scoring_gate import NO_CACHE, NOT_A_NUMBER, PASSED

log = logging.getLogger("proctor")

IGNORED = frozenset(
    {
        *("temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff"),
        *("early_stopping", "length_penalty"),
    }
)
"""Generation arguments that greedy search does not look at."""
OF_THE_MODEL = frozenset(
    {
        *("transformers_version", "max_length", "do_sample", "use_cache", "is_assistant"),
        *("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id"),
    }
)
"""Settings in a model's own generation config that are overruled, or looked at here."""
NEUTRAL: Mapping[str, Any] = {
    "num_beams": 1,
    "num_beam_groups": 1,
    "num_return_sequences": 1,
    "repetition_penalty": 1,
    "encoder_repetition_penalty": 1,
    "guidance_scale": 1,
    "diversity_penalty": 0,
    "no_repeat_ngram_size": 0,
    "encoder_no_repeat_ngram_size": 0,
    "min_length": 0,
    "min_new_tokens": 0,
}
"""Values that switch an argument off."""

PROBE_TOKENS = 3
LEAST_PROBE = 8
PROBE_ROOM = 2 * PROBE_TOKENS + 2
"""Tokens that a probe adds to its prompt."""
TOLERANCES = {torch.float64: 1e-6, torch.float32: 1e-3, torch.float16: 0.03}
COARSE_TOLERANCE = 0.2


@dataclass(frozen=True, slots=True)
class DecodingDecision:
    """How prompts are generated after, and why.

    ``max_probe_difference``: in standard deviations of the logits. ``form``: how the module is
    called, where prefixes are shared. ``surprising``: nothing in the configs speaks against sharing,
    and transformers itself defines the model, yet prefixes are not shared.
    """

    mode: Literal["shared", "plain"]
    reason: str
    max_probe_difference: float | None = None
    form: CallForm | None = None
    surprising: bool = False

    def in_words(self) -> str:
        """A sentence: whether prompts share prefixes, and why or how sure."""
        if self.mode == "shared":
            why = "checked against transformers' own generation" if self.reason == PASSED else self.reason
            return f"Shared prefixes of prompts are computed once ({why})."
        return f"Every prompt is generated after by itself, through transformers ({self.reason})."

    def facts(self) -> dict[str, Any]:
        """For the results file."""
        facts = {"mode": self.mode, "reason": self.reason, "max_probe_difference": self.max_probe_difference}
        return {key: value for key, value in facts.items() if value is not None}


def objection(module: Any, plan: GenerationPlan, longest: int) -> str | None:
    """What speaks against own decoding, or None.

    Args:
        module: The model, as transformers or peft has loaded it.
        plan: How texts are generated.
        longest: The most tokens of a prompt and what is generated after it, together.
    """
    if plan.do_sample:
        return "sampling draws for a batch as a whole"
    for key, value in plan.extra.items():
        if key not in IGNORED and not _is_off(key, value):
            return f"{key} is left to transformers"
    base = module.get_base_model() if hasattr(module, "get_base_model") else module
    if getattr(type(base), "generate", None) is not vars(GenerationMixin)["generate"]:
        return "the model generates in its own way"
    if getattr(base, "_is_stateful", False):
        return "layers with a state instead of keys and values"
    return _objection_of_defaults(base.generation_config) or _objection_of_attention(base, longest)


def _is_off(key: str, value: Any) -> bool:
    return value is None or value is False or (key in NEUTRAL and value == NEUTRAL[key])


def _objection_of_defaults(config: Any) -> str | None:
    default = GenerationConfig().to_dict()
    for key, value in config.to_dict().items():
        known = key in IGNORED or key in OF_THE_MODEL or key.startswith("_") or value == default.get(key)
        if not known and not _is_off(key, value):
            return f"the model's generation config sets {key}"
    return None


def _objection_of_attention(module: Any, longest: int) -> str | None:
    config = text_config(module)
    windows = layer_windows(config)
    return windows if isinstance(windows, str) else changing_positions(config, longest)


def choose_first(attempts: Iterable[ForwardPasses], prompt: Sequence[int], length: int) -> DecodingDecision:
    """The decision of the first passes whose probe succeeds, else that of the last.

    Args:
        attempts: Passes, one for each call form.
        prompt: Token ids of a prompt of the run.
        length: Tokens of the probe.
    """
    choice = DecodingDecision("plain", NO_CACHE)
    for passes in attempts:
        choice = choose(passes, prompt, length)
        if choice.mode == "shared" or choice.reason == NOT_A_NUMBER:
            return choice
    return replace(choice, surprising=True)


def choose(passes: ForwardPasses, prompt: Sequence[int], length: int) -> DecodingDecision:
    """Compare with transformers' own generation on a real prompt.

    Args:
        passes: Forward passes over slots.
        prompt: Token ids, at least one; repeated or shortened to ``length``.
        length: Tokens of the probe.
    """
    ids = (list(prompt) * (length // len(prompt) + 1))[:length]
    try:
        difference, allowed = probe(passes, ids)
    except Exception as error:
        # Whatever a model does in a cache that it does not know.
        log.debug("The probe of shared generation failed.", exc_info=True)
        if is_out_of_memory(error):
            return DecodingDecision("plain", "memory ran out in the probe")
        why = str(error) if isinstance(error, UnsupportedAttentionError) else type(error).__name__
        return DecodingDecision("plain", f"the model does not take a cache of slots: {why}")
    if math.isnan(difference):
        return DecodingDecision("plain", NOT_A_NUMBER)
    if difference <= allowed:
        return DecodingDecision("shared", PASSED, difference, passes.form)
    return DecodingDecision("plain", f"logits differ by {difference:.2g} of their spread on a probe", difference)


def probe(passes: ForwardPasses, ids: Sequence[int]) -> tuple[float, float]:
    """The largest difference of the logits of a few steps.

    Args:
        passes: Forward passes over slots.
        ids: Token ids of the prompt, at least two.

    Returns:
        The difference and what is allowed, in standard deviations of the reference's logits. The difference is NaN
        where transformers' own generation gives NaN: there is nothing to compare with.

    Raises:
        UnsupportedAttentionError: The model does not attend through the slots.
    """
    reference, new = _reference(passes, ids)
    if bool(reference.isnan().any()):
        return math.nan, 0.0
    cache = SlotCache(2, len(ids) + PROBE_TOKENS + 4, passes.device)
    fork = len(ids) // 2
    passes.prefix(cache, ids[:fork])
    # A longer neighbour: the row that is compared is padded and masked.
    logits = [passes.fill(cache, [ids[fork:], [*ids[fork:], *ids[:3]]])[0]]
    logits.extend(passes.step(cache, [token, ids[0]])[0] for token in new[: len(reference) - 1])
    if not cache.layers or cache.attended != len(cache.layers) * (len(logits) + 1):
        raise UnsupportedAttentionError("its attention is its own")
    spread = float(reference.std())
    difference = float((torch.stack(logits) - reference).abs().max()) / spread
    difference = difference if math.isfinite(difference) else math.inf
    return difference, TOLERANCES.get(getattr(passes.module, "dtype", torch.float32), COARSE_TOLERANCE)


def _reference(passes: ForwardPasses, ids: Sequence[int]) -> tuple[torch.Tensor, list[int]]:
    """The logits of some steps of transformers' generation, and its tokens."""
    block = torch.tensor([list(ids)], device=passes.device)
    with without_distribution(), torch.no_grad(), autocast(passes.device, passes.amp):
        output = passes.module.generate(
            input_ids=block,
            attention_mask=torch.ones_like(block),
            do_sample=False,
            max_length=len(ids) + PROBE_TOKENS,
            pad_token_id=passes.pad,
            return_dict_in_generate=True,
            output_logits=True,
        )
    return torch.cat(output.logits).float(), output.sequences[0, len(ids) :].tolist()
