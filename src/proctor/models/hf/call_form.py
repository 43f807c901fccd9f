"""By which names a module's forward takes a cache, a mask and positions: found by calling it.

Libraries rename arguments, and decorators or ``**kwargs`` hide them, so a signature proves nothing
either way. A name is right if the cache that is passed by it is filled. Known names are tried
first (those in the signature before the others, so that usually one pass of two tokens is enough);
if none is right, the module's own generation is watched for the names that it uses.

A form that is found here is only able to run. Whether its numbers are right is for the probes of
:mod:`proctor.models.hf.scoring.scoring_gate` and :mod:`proctor.models.hf.decoding.decoding_gate`.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch

from proctor.models.hf.deferred_imports import without_distribution
from proctor.models.hf.device import autocast, is_out_of_memory
from proctor.models.hf.last_layer import last_feed_forward
from proctor.models.hf.scoring.kv_stack import StackCache

log = logging.getLogger("proctor")

CACHE_NAMES = ("cache", "past_key_values")
"""transformers from 5.24 on, and before."""
TRIAL_TOKENS = 2


@dataclass(frozen=True, slots=True)
class CallForm:
    """Names of forward's arguments: of the cache of keys and values, of the mask, of the positions.

    ``last_rows``: the last feed-forward part gets only the rows whose logits are needed
    (:mod:`proctor.models.hf.last_layer`).
    """

    cache: str = CACHE_NAMES[0]
    mask: str = "attention_mask"
    positions: str = "position_ids"
    last_rows: bool = False


def call_forms(module: Any, device: torch.device, amp: torch.dtype | None = None) -> Iterator[CallForm]:
    """The forms under which ``module`` fills a cache, likeliest first; nothing if there is none.

    Of each, first the one with ``last_rows``, where the model has such a part. ``amp``: the dtype of mixed precision,
    if any. Raises where memory runs out.
    """
    prunable = last_feed_forward(module) is not None
    tried: set[CallForm] = set()
    for form in _candidates(module, device):
        if form not in tried and _fills(module, form, device, amp):
            if prunable:
                yield replace(form, last_rows=True)
            yield form
        tried.add(form)


def _candidates(module: Any, device: torch.device) -> Iterator[CallForm]:
    base = _base(module)
    named = inspect.signature(base.forward).parameters
    for name in sorted(CACHE_NAMES, key=lambda name: name not in named):
        yield CallForm(name)
    observed = _observe(base, device)
    if observed is not None:
        yield observed


def _base(module: Any) -> Any:
    """The model itself, where an adapter is wrapped around it."""
    return module.get_base_model() if hasattr(module, "get_base_model") else module


def _fills(module: Any, form: CallForm, device: torch.device, amp: torch.dtype | None) -> bool:
    """Whether a pass of a few tokens with this form leaves their keys and values in the cache."""
    cache = StackCache()
    ids = torch.zeros((1, TRIAL_TOKENS), dtype=torch.long, device=device)
    positions = torch.arange(TRIAL_TOKENS, device=device)[None]
    arguments = {"input_ids": ids, form.positions: positions, form.cache: cache, "use_cache": True}
    try:
        with torch.no_grad(), autocast(device, amp):
            module(**arguments)
    except Exception as error:
        # Whatever a model does with arguments that it does not know.
        if is_out_of_memory(error):
            raise
        log.debug("A pass with %s failed.", form, exc_info=True)
        return False
    return cache.get_seq_length() == TRIAL_TOKENS


def _observe(module: Any, device: torch.device) -> CallForm | None:
    """The names that the module's own generation uses in its first pass, or None if it passes no cache."""
    passed: list[dict[str, Any]] = []
    ids = torch.zeros((1, TRIAL_TOKENS), dtype=torch.long, device=device)
    handle = module.register_forward_pre_hook(lambda _module, _args, kwargs: passed.append(kwargs), with_kwargs=True)
    try:
        with handle, without_distribution(), torch.no_grad():
            module.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=1, pad_token_id=0
            )
    except Exception as error:
        if is_out_of_memory(error):
            raise
        log.debug("Generating one token failed.", exc_info=True)
    return _names(passed[0]) if passed else None


def _names(arguments: dict[str, Any]) -> CallForm | None:
    """The form of a call, by the values: a cache can be updated, a mask is ones, positions are counted."""
    cache = [name for name, value in arguments.items() if hasattr(value, "update") and hasattr(value, "get_seq_length")]
    if not cache:
        return None
    rows = {name: value.tolist() for name, value in arguments.items() if isinstance(value, torch.Tensor)}
    masks = [name for name, value in rows.items() if value == [[1] * TRIAL_TOKENS]]
    positions = [name for name, value in rows.items() if value == [list(range(TRIAL_TOKENS))]]
    usual = CallForm()
    return CallForm(cache[0], (masks or [usual.mask])[0], (positions or [usual.positions])[0])
