"""How a run will score and generate, before its weights are read: the gates, on a small model of the same config.

Whether prefixes may be shared depends on the model's code and config, not on its weights. So a model
of that code is built with the config's windows, layers' kinds and positions but fewer layers and
heads, a small vocabulary and random weights, large enough that a wrong mask shows, and the gates of
a run decide on it. What only the real model can show (rounding in its dtype, memory) stays open.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
import transformers

from proctor.models.generation import GenerationPlan
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.attention import layer_windows
from proctor.models.hf.call_form import call_forms
from proctor.models.hf.decoding.decode import ForwardPasses
from proctor.models.hf.decoding.decoding_gate import LEAST_PROBE, DecodingDecision, choose_first, objection
from proctor.models.hf.hooks import is_known
from proctor.models.hf.scoring.row_scorer import RowScorer
from proctor.models.hf.scoring.scoring_gate import ScoringDecision, config_objection, decide, probe_length
from proctor.models.prefix.rows import make_rows, make_span

log = logging.getLogger("proctor")

VOCABULARY = 256
HEADS = 2
INNER = 64
EXPERTS = 8
LEAST_LAYERS = 2
MOST_TOKENS = 2048
"""Of a probe on code that nobody knows, which a run probes at full length."""
SPREAD = 1.5
"""Standard deviation of weights, times the root of their width: what a token sees must change its scores."""
CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the gates say of a small model; ``against``: what the config says already, with no model at all."""

    module: Any
    against: str | None = None

    def scoring(self, wanted: Literal["auto", "context"], longest: int) -> ScoringDecision:
        """How inputs of up to ``longest`` tokens will be scored."""
        if self.against:
            return ScoringDecision("plain", self.against)
        scorer = RowScorer(self.module, CPU, backend="causal", max_length=longest)
        against = config_objection(scorer, longest)
        if against:
            return ScoringDecision("plain", against)
        ids = self._ids(longest + 1)
        return decide(scorer, make_rows([make_span(0, ids[:-1], ids[-1:])], share=True), wanted)

    def generation(self, plan: GenerationPlan, longest: int) -> DecodingDecision:
        """How text will be generated, for prompts and answers of up to ``longest`` tokens together."""
        against = self.against or objection(self.module, plan, longest)
        if against:
            return DecodingDecision("plain", against)
        length = max(probe_length(self.module, min(longest, MOST_TOKENS)), LEAST_PROBE)
        attempts = (ForwardPasses(self.module, CPU, None, 0, form) for form in call_forms(self.module, CPU))
        return choose_first(attempts, self._ids(length), length)

    def _ids(self, count: int) -> list[int]:
        if not is_known(self.module):
            count = min(count, MOST_TOKENS)
        generator = torch.Generator().manual_seed(0)
        return torch.randint(3, VOCABULARY, (max(count, 2),), generator=generator).tolist()


def rehearse(arguments: HfArguments, config: Any) -> Rehearsal | None:
    """A small model for a config; None where none can be built, which only the real one's weights make up for."""
    windows = layer_windows(getattr(config, "text_config", None) or config)
    if isinstance(windows, str):
        return Rehearsal(None, windows)
    # Some models want their sizes in a proportion that only the whole config keeps.
    for narrow in (True, False):
        try:
            module = _build(_small_config(config, narrow=narrow), arguments)
        except Exception:
            # Whatever a model's code makes of sizes that nobody has trained.
            log.debug("No small model of %s.", getattr(config, "model_type", "this config"), exc_info=True)
            continue
        _read_generation_config(module, arguments)
        return Rehearsal(module)
    return None


def _build(config: Any, arguments: HfArguments) -> Any:
    options = {key: value for key, value in arguments.extra.items() if key == "attn_implementation"}
    module = transformers.AutoModelForCausalLM.from_config(
        config, trust_remote_code=arguments.trust_remote_code, **options
    )
    module = module.float().eval()
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=SPREAD / parameter.shape[-1] ** 0.5, generator=generator)
    with torch.no_grad():
        module(input_ids=torch.tensor([[3, 4]]))
    return module


def _read_generation_config(module: Any, arguments: HfArguments) -> None:
    """The checkpoint's own settings may speak against decoding of our own."""
    try:
        module.generation_config = transformers.GenerationConfig.from_pretrained(
            arguments.source, revision=arguments.revision, **arguments.hub
        )
    except OSError:
        log.debug("%s has no generation config.", arguments.source)


def _small_config(config: Any, *, narrow: bool) -> Any:
    """The config with a small vocabulary and few layers, and if ``narrow`` with few heads."""
    small = copy.deepcopy(config)
    inner = getattr(small, "text_config", None) or small
    _shorten(inner)
    if narrow:
        _narrow(inner)
    for one in {id(small): small, id(inner): inner}.values():
        one.pad_token_id, one.bos_token_id, one.eos_token_id = 0, 1, 2
    return small


def _shorten(config: Any) -> None:
    """A small vocabulary, and the first layers, until each kind of layer has been seen."""
    config.vocab_size = VOCABULARY
    kinds: Sequence[str] = getattr(config, "layer_types", None) or ()
    count = max([LEAST_LAYERS, *(kinds.index(kind) + 1 for kind in set(kinds))])
    layers = getattr(config, "num_hidden_layers", None)
    config.num_hidden_layers = min(count, layers) if isinstance(layers, int) else count
    if "layer_types" in vars(config) and kinds:
        config.layer_types = list(kinds[: config.num_hidden_layers])


def _narrow(config: Any) -> None:
    """Few heads of the same size, as many keys to a query as before or nearly so."""
    heads, hidden = config.num_attention_heads, config.hidden_size
    size = getattr(config, "head_dim", None) or hidden // heads
    groups = getattr(config, "num_key_value_heads", None)
    config.num_attention_heads, config.hidden_size = HEADS, HEADS * size
    if groups is not None:
        config.num_key_value_heads = HEADS if groups == heads else 1
    for name in ("num_experts", "num_local_experts"):
        if isinstance(getattr(config, name, None), int):
            setattr(config, name, min(getattr(config, name), max(EXPERTS, getattr(config, "num_experts_per_tok", 1))))
    for name in ("intermediate_size", "moe_intermediate_size", "shared_expert_intermediate_size"):
        if isinstance(getattr(config, name, None), int):
            setattr(config, name, INNER)
