"""Whether prefixes may be shared on this model, in this run: asked of the config, then of the numbers.

Where attention is not full (windows, local layers, ALiBi, state spaces) sharing gives other
scores without any error. So both halves are needed: the config must not speak against masks
of our own, and a probe as long as the run's longest request must give what plain rows give.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import torch

from proctor.models.hf.attention import layer_windows, text_config
from proctor.models.hf.loglikelihood import Scored, Scorer
from proctor.models.hf.rows import Row, make_rows, make_span
from proctor.models.hf.tree import TreeScorer
from proctor.models.prefix import Limits

log = logging.getLogger("proctor")

Mode = Literal["tree", "context", "plain"]
MODES: tuple[Mode, ...] = ("tree", "context", "plain")

PROBE_TAIL = 24
"""Tokens after the fork of the probe."""


@dataclass(frozen=True, slots=True)
class Decision:
    """How this run scores, and why. ``max_probe_difference``: nats, None where nothing was probed."""

    mode: Mode
    reason: str
    max_probe_difference: float | None = None

    def facts(self) -> Mapping[str, Any]:
        """For the results file."""
        return asdict(self)


def decide(scorer: Scorer, rows: Sequence[Row], wanted: str) -> Decision:
    """Choose tree, context or plain for these rows (longest first); ``wanted`` auto or one of them."""
    if wanted == "plain":
        return Decision("plain", "asked for")
    longest = scorer.width(rows[0])
    objection = config_objection(scorer)
    if objection:
        return Decision("plain", objection)
    worst: float | None = None
    reason = ""
    for mode in ("tree", "context"):
        if wanted == "context" and mode == "tree":
            continue
        difference, allowed = probe(scorer, rows[0], mode)
        worst = difference if worst is None else max(worst, difference)
        if difference <= allowed:
            return Decision(mode, reason or "probe passed", difference)
        reason = f"{mode} differs from plain rows by {difference:.2g} nats on a probe of {longest} tokens"
    return Decision("plain", reason, worst)


def config_objection(scorer: Scorer) -> str | None:
    """What the model's config says against sharing, or None."""
    if scorer.backend != "causal":
        return "encoder-decoder: the encoder runs once a context instead"
    if scorer.head is None:
        return "the model has no output head of its own"
    parameters = inspect.signature(scorer.module.forward).parameters
    for argument in ("position_ids", "attention_mask", "past_key_values"):
        if argument not in parameters:
            return f"the model takes no {argument}"
    config = text_config(scorer.module)
    attention = getattr(config, "_attn_implementation", None) or "eager"
    if attention not in ("sdpa", "eager"):
        return f"attention of kind {attention} takes no mask of its own"
    windows = layer_windows(config)
    return windows if isinstance(windows, str) else None


def probe(scorer: Scorer, longest: Row, mode: Mode) -> tuple[float, float]:
    """The largest difference from plain rows on forks of the longest request, and what is allowed.

    The forks stand in a cached prefix, beside each other in one pass, and within each other: what
    a run makes of its requests. What differs between two ways of computing plain rows is noise.
    """
    rows = make_rows(_forks(longest, scorer.max_length), share=True)
    stem = len(longest.lead.tokens) - 1
    # So that the stem goes to the cache and the forks hang on it together.
    limits = Limits(tokens=max(1, min(stem, 4 * PROBE_TAIL)))
    plain = _by_owner([result for row in rows for result in scorer([row])])
    try:
        shared = _by_owner(list(TreeScorer(scorer, limits, "context" if mode == "context" else "tree")(rows)))
    except Exception as error:  # noqa: BLE001 - whatever a model does with a mask it does not know
        log.debug("The probe of %s failed: %s", mode, error)
        return float("inf"), 0.0
    together = _by_owner(scorer(rows))
    noise = max(abs(plain[owner] - together[owner]) for owner in plain)
    difference = max(abs(plain[owner] - shared[owner]) for owner in plain)
    if not np.isfinite(difference):
        return float("inf"), 0.0
    return difference, max(_floor(scorer.module.dtype), 8 * noise)


def _floor(dtype: torch.dtype) -> float:
    """Differences in nats that rounding alone explains, for sums over the tail of the probe."""
    return {torch.float64: 1e-8, torch.float32: 1e-3, torch.float16: 0.05}.get(dtype, 0.3)


def _forks(longest: Row, max_length: int) -> list[Any]:
    """Spans that share the longest request's beginning: itself, a fork, a fork of the fork, and a short one."""
    tokens = longest.lead.tokens[-(max_length + 1) :]
    cut = max(1, len(tokens) - 1 - PROBE_TAIL)
    stem, tail = tokens[:cut].tolist(), tokens[cut:].tolist()
    turned = tail[::-1]
    half = max(1, len(turned) // 2)
    endings = [tail, turned, turned[:half] + tail[: len(tail) - half], turned[:half]]
    return [make_span(owner, stem, ending) for owner, ending in enumerate(endings)]


def _by_owner(results: Sequence[Scored]) -> dict[int, float]:
    return {result.owner: result.logprob for result in results}
