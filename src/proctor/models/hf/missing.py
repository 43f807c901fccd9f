"""Whether a checkpoint holds all the weights of its model: transformers fills what is missing with random numbers.

Such a model answers, and its scores look like those of a bad model. So what transformers says of a loaded
checkpoint is an error where weights are missing, and a warning where it holds weights that the model does not
take. Not missing is what shares its memory with a weight that is there (tied weights), and what every model
computes for itself (:data:`COMPUTED`); what a class of transformers says it can do without
(``_keys_to_ignore_on_load_missing``) transformers leaves out itself.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor.errors import ModelError

log = logging.getLogger("proctor")

SHOWN = 20
COMPUTED = re.compile(r"(^|\.)(inv_freq|original_inv_freq|position_ids|masked_bias|attn\.bias|attention\.bias)$")
"""Buffers that old checkpoints have or lack, with equal values: masks, positions, rotary frequencies."""

Names = Sequence[str]


def split_info(loaded: Any) -> tuple[Any, Mapping[str, Any]]:
    """A module and its loading info; custom code may give the module alone, and nothing is known then."""
    if isinstance(loaded, tuple) and len(loaded) == 2 and isinstance(loaded[1], Mapping):
        return loaded
    return loaded, {}


def check_weights(module: Any, info: Mapping[str, Any], source: str, *, what: str = "checkpoint", allow: bool) -> None:
    """Raise :class:`ModelError` where a checkpoint lacks weights of ``module``; with ``allow``, warn only."""
    missing = _missing(module, info)
    if missing:
        sentence = (
            f"The {what} '{source}' lacks {len(missing)} of the weights that {type(module).__name__} takes, "
            f"which are drawn at random then: {listed(missing)}."
        )
        if not allow:
            raise ModelError(
                sentence,
                hint="Was the download complete, and is model_type in config.json right? "
                "allow_missing_weights=True in --model_args scores it all the same.",
            )
        log.warning("%s", sentence)
    unexpected = _unexpected(info)
    if unexpected:
        log.warning(
            "The %s '%s' holds %d weights that %s does not take, and which are left out: %s.",
            what, source, len(unexpected), type(module).__name__, listed(unexpected),
        )  # fmt: skip


def check_adapter(module: Any, held: Iterable[str], expected: Iterable[str], source: str, *, allow: bool) -> None:
    """The same of an adapter: ``held`` is in its file, ``expected`` is what the adapted ``module`` takes."""
    there, wanted = set(held), set(expected)
    # Embeddings may come along with an adapter.
    info = {"missing_keys": wanted - there, "unexpected_keys": there - wanted - set(module.state_dict())}
    check_weights(module, info, source, what="adapter", allow=allow)


def listed(names: Names) -> str:
    """The first names, and how many more there are."""
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _missing(module: Any, info: Mapping[str, Any]) -> Names:
    """Names without a value in the checkpoint; of another shape is without a value too."""
    mismatched = [one[0] if isinstance(one, tuple | list) else one for one in info.get("mismatched_keys") or ()]
    names = {*(info.get("missing_keys") or ()), *mismatched}
    if not names:
        return []
    there = _memory(module, without=names)
    return sorted(name for name in names if not COMPUTED.search(name) and _address(_tensor(module, name)) not in there)


def _memory(module: Any, without: set[str]) -> set[int]:
    """Where the tensors lie that the checkpoint did hold."""
    named = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    addresses = {_address(tensor) for name, tensor in named if name not in without}
    return {address for address in addresses if address is not None}


def _address(tensor: Any) -> int | None:
    """Where a tensor's values lie; None for one that has none."""
    if tensor is None or tensor.is_meta or not tensor.numel():
        return None
    return tensor.data_ptr()


def _tensor(module: Any, name: str) -> Any:
    value = module
    for part in name.split("."):
        value = getattr(value, part, None)
    return value if hasattr(value, "data_ptr") else None


def _unexpected(info: Mapping[str, Any]) -> Names:
    return sorted(name for name in info.get("unexpected_keys") or () if not COMPUTED.search(name))
