"""Whether prefixes may be shared on this model, in this run: asked of the config, then of the numbers.

Where attention is not full (windows, local layers, ALiBi, state spaces) sharing gives other
scores without any error. So both halves are needed: the config must not speak against masks
of our own, and a probe must give what plain rows give.
"""

# How the gate decides
# --------------------
#     scoring=plain ------------------------------------------------------------------------> plain
#        |
#     config_objection: encoder-decoder, no head, states, flash attention, ALiBi, ... -------> plain
#        |  none
#     probe "tree", once for each call form that fills a cache; the first that agrees -------> tree
#        |  none agrees (or scoring=context)
#     probe "context" (no cache, one mask) agrees -------------------------------------------> context
#        |  no, or NaN, or memory ran out
#     plain, with the reason in the log and in the results file
#
# The probe is made of the run's longest request, so that its length and its tokens are the run's own:
#
#     stem (cached) ---+--- a b c d    the request itself; its last PROBE_TAIL + 1 tokens
#                      +--- d c b a    the end in reverse
#                      +--- d c a b    a fork of that fork
#                      +--- d c        the beginning of both
#                      +--- ...        WIDE_PROBE in all, for code that transformers does not define
#
# These rows are scored plainly and by the mode; the largest difference of a sum, in nats, must be one that rounding
# explains in the model's dtype (:func:`allowed`). The model computes in the run's dtype, the softmax and the sum of the
# probe in float32 at least: in bfloat16 sums from -128 to -256 are whole numbers, and one step of them says nothing.
#
# What was weighed
#   - A list of architectures that are known to work: wrong with the next release, and silent about a checkpoint's
#     own code.
#   - The config alone: it does not tell whether the code does what it says.
#   - The probe alone: a window that is longer than the probe does not show in it. Hence :func:`probe_length`, a probe
#     longer than the widest window that an input fills, or at full length where the code is not transformers' own.
#   - Comparing all requests: exact, and costs more than it saves.
#
# Invariants
#   - No prefix is shared unless the config does not speak against it *and* the numbers agree.
#   - The gate ends no run: what fails in shared scoring leads to the next mode. Only plain rows that fail, with
#     anything but a lack of memory, raise.
#   - The reason is reported; ``surprising`` marks what is worth a bug report.

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from proctor.models.hf.attention import attention_kind, changing_positions, dtype_of, layer_windows, text_config
from proctor.models.hf.call_form import CallForm, call_forms
from proctor.models.hf.device import free_caches, is_out_of_memory
from proctor.models.hf.fallback import warn_of_fallback
from proctor.models.hf.hooks import is_known
from proctor.models.hf.scoring.row_scorer import RowScorer, SpanScore
from proctor.models.hf.scoring.tree import TreeScorer
from proctor.models.prefix.cost import count_distinct
from proctor.models.prefix.packs import Limits
from proctor.models.prefix.rows import Row, Span, make_rows, make_span
from proctor.models.tokens.windows import scored_input

log = logging.getLogger("proctor")

Mode = Literal["tree", "context", "plain"]

PROBE_TAIL = 10
"""Tokens after the fork of the probe."""
WIDE_PROBE = 12
"""Forks of a probe on code that nobody knows: as many tokens side by side as a run's widest pass."""
PROBE_TOKENS = 32
"""Tokens of a probe beyond the widest window."""


_NOTHING_SHARED = "Every request is computed by itself"
PASSED = "probe passed"
"""The reason of a decision to share, as the results file has it."""
NO_CACHE = "the model fills no cache that is passed to it"
NOT_A_NUMBER = "the model gave NaN on a probe"


@dataclass(frozen=True, slots=True)
class ScoringDecision:
    """How this run scores, and why.

    ``max_probe_difference``: nats, None where nothing was probed. ``form``: how the module is called,
    where prefixes are shared. ``surprising``: nothing in the config speaks against sharing, and
    transformers itself defines the model, yet prefixes are not shared.
    """

    mode: Mode
    reason: str
    max_probe_difference: float | None = None
    form: CallForm | None = None
    surprising: bool = False

    def in_words(self) -> str:
        """A sentence: what is shared, the mode as ``--model_args scoring=`` takes it, and why or how sure."""
        what = {"tree": "Shared prefixes are computed once", "context": "The options of a document share its prefix"}
        why = "checked against plain scoring" if self.reason == PASSED else self.reason
        return f"{what.get(self.mode, _NOTHING_SHARED)} (scoring mode: {self.mode}; {why})."

    def facts(self) -> Mapping[str, Any]:
        """For the results file."""
        return {"mode": self.mode, "reason": self.reason, "max_probe_difference": self.max_probe_difference}


def decide(scorer: RowScorer, rows: Sequence[Row], wanted: str) -> ScoringDecision:
    """Choose tree, context or plain.

    Args:
        scorer: Scores the plain rows of the probe.
        rows: The rows of the run, longest first.
        wanted: ``auto``, ``tree``, ``context`` or ``plain``.

    Returns:
        The mode, its reason, and the call form where prefixes are shared.
    """
    if wanted == "plain":
        return ScoringDecision("plain", "asked for")
    longest = scorer.width(rows[0])
    objection = config_objection(scorer, longest)
    if objection:
        return ScoringDecision("plain", objection)
    length = probe_length(scorer.module, longest)
    known = is_known(scorer.module)
    worst: float | None = None
    reason = "" if wanted == "context" else NO_CACHE
    try:
        for mode, form in _attempts(scorer, wanted):
            difference = probe(scorer, rows[0], length, mode, form)
            if math.isnan(difference):
                return ScoringDecision("plain", NOT_A_NUMBER)
            worst = difference if worst is None else max(worst, difference)
            if difference <= allowed(dtype_of(scorer.module)):
                passed = mode == "tree" or wanted == "context"
                return ScoringDecision(mode, PASSED if passed else reason, difference, form, known and not passed)
            reason = f"{mode} differs from plain rows by {difference:.2g} nats on a probe of {length} tokens"
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        free_caches()
        return ScoringDecision("plain", f"memory ran out on a probe of {length} tokens", worst)
    return ScoringDecision("plain", reason, worst, surprising=known)


def announce(decision: ScoringDecision, scorer: RowScorer, rows: Sequence[Row]) -> None:
    """Log how these rows are scored, and at what cost where that is a surprise.

    Args:
        decision: What was decided.
        scorer: Knows the module and its limit.
        rows: The rows of the run.
    """
    if not decision.surprising:
        level = logging.INFO if decision.mode == "tree" else logging.WARNING
        log.log(level, "%s", decision.in_words())
        return
    inputs = [scored_input(row.lead.tokens, scorer.max_length) for row in rows]
    plain, shared = sum(map(scorer.width, rows)), count_distinct(inputs)
    doing = "Only the options of one document share a prefix" if decision.mode == "context" else _NOTHING_SHARED
    warn_of_fallback(doing, decision.reason, scorer.module, plain=plain, shared=shared)


def _attempts(scorer: RowScorer, wanted: str) -> Iterator[tuple[Mode, CallForm]]:
    """What to probe, best first: sharing over a cache in each form that fills one, then within one context."""
    form = CallForm()
    if wanted != "context":
        for form in call_forms(scorer.module, scorer.device, scorer.autocast):
            yield "tree", form
    yield "context", form


def config_objection(scorer: RowScorer, longest: int) -> str | None:
    """What the model's config says against sharing, or None.

    Args:
        scorer: Knows the module.
        longest: Tokens of the longest input.
    """
    if scorer.backend != "causal":
        return "encoder-decoder: the encoder runs once a context instead"
    if scorer.head is None:
        return "the model has no output head of its own"
    config = text_config(scorer.module)
    if getattr(scorer.module, "_is_stateful", False):
        return "layers with a state instead of keys and values"
    attention = attention_kind(config)
    if attention not in ("sdpa", "eager"):
        return f"attention of kind {attention} takes no mask of its own"
    windows = layer_windows(config)
    return windows if isinstance(windows, str) else changing_positions(config, longest)


def probe_length(module: Any, longest: int) -> int:
    """How long a probe must be, in tokens, to show what a run's requests would meet.

    What transformers itself defines says its windows in the config: beyond them nothing depends
    on the length, and a window that no input fills is none. Anything else is probed at full length.

    Args:
        module: The model.
        longest: Tokens of the longest input.
    """
    windows = layer_windows(text_config(module))
    if isinstance(windows, str) or not is_known(module):
        return longest
    widest = max((window for window in windows.values() if window and window < longest), default=0)
    return min(longest, PROBE_TOKENS + widest)


def probe(scorer: RowScorer, longest: Row, length: int, mode: Mode, form: CallForm) -> float:
    """The largest difference from plain rows, on forks of the longest request's first tokens.

    The forks stand on a cached prefix, beside each other in one pass, and within each other: what
    a run makes of its requests.

    Args:
        scorer: Scores the plain rows.
        longest: The longest row of the run.
        length: Tokens of the probe.
        mode: What is compared, tree or context.
        form: How the module is called.

    Returns:
        Nats; infinite where sharing fails, NaN where plain rows give NaN: there is nothing to compare with.

    Raises:
        Exception: Memory ran out, or plain rows failed.
    """
    rows = make_rows(_forks(longest, length, 4 if is_known(scorer.module) else WIDE_PROBE), share=True)
    scorer = _with_exact_sums(scorer)
    # So that the stem goes to the cache and the forks hang on it together.
    limits = Limits(tokens=max(1, min(length, 2 * len(rows) * PROBE_TAIL)))
    plain = _by_owner(scorer(rows))
    if any(map(math.isnan, plain.values())):
        return math.nan
    try:
        kind = "context" if mode == "context" else "tree"
        shared = _by_owner(list(TreeScorer(scorer, limits, kind, form=form)(rows)))
    except Exception as error:
        log.debug("The probe of %s failed: %s", mode, error)
        if is_out_of_memory(error):
            raise
        return float("inf")
    difference = max(abs(plain[owner] - shared[owner]) for owner in plain)
    return difference if math.isfinite(difference) else float("inf")


def _with_exact_sums(scorer: RowScorer) -> RowScorer:
    """A scorer of the same module whose log-probabilities and sums are not rounded to 16 bits."""
    if torch.finfo(scorer.softmax_dtype or dtype_of(scorer.module)).bits > 16:
        return scorer
    exact = copy.copy(scorer)
    exact.softmax_dtype = torch.float32
    return exact


def allowed(dtype: torch.dtype) -> float:
    """Differences in nats that rounding alone explains, for sums over the tail of the probe.

    Args:
        dtype: What the model computes in.
    """
    return {torch.float64: 1e-8, torch.float32: 1e-3, torch.float16: 0.1}.get(dtype, 0.5)


def _forks(longest: Row, length: int, number: int) -> list[Span]:
    """Spans with one context: the request itself, forks of it, forks of a fork, and a fork's beginning."""
    tokens = longest.lead.tokens[: length + 1]
    cut = max(1, len(tokens) - 1 - PROBE_TAIL)
    stem, tail = tokens[:cut].tolist(), tokens[cut:].tolist()
    turned = tail[::-1]
    half = max(1, len(turned) // 2)
    endings = [tail, turned, turned[:half] + tail[: len(tail) - half], turned[:half]]
    endings += [turned[shift:] + turned[:shift] for shift in range(1, number - len(endings) + 1)]
    return [make_span(owner, stem, ending) for owner, ending in enumerate(endings)]


def _by_owner(results: Sequence[SpanScore]) -> dict[int, float]:
    return {result.owner: result.logprob for result in results}
