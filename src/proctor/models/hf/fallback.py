"""The warning for a model that should share prefixes and does not: what it costs, and what to do.

An engine that is off gives the right numbers several times slower, which nobody notices. So it is
never off in silence where nothing about the model explains it.
"""

from __future__ import annotations

import logging
from typing import Any

import torch
import transformers

from proctor.models.hf.tested import TRANSFORMERS
from proctor.models.prefix.cost import many

log = logging.getLogger("proctor")


def warn_of_fallback(doing: str, reason: str, module: Any, *, plain: int, shared: int) -> None:
    """Warn that ``doing`` goes on without shared prefixes.

    ``plain``: the tokens that are forwarded now; ``shared``: those that sharing would forward.
    """
    base = module.get_base_model() if hasattr(module, "get_base_model") else module
    times = f", {plain / shared:.1f} times as many" if shared and plain > shared else ""
    installed = transformers.__version__
    remedy = f"Install transformers {TRANSFORMERS}, with which sharing was tested, or report this"
    if installed == TRANSFORMERS:
        remedy = "Please report this"
    log.warning(
        "%s (%s), though %s should share prefixes. The results are right, but %s tokens are forwarded instead of "
        "%s%s. %s (transformers %s, torch %s).",
        *(doing, reason, type(base).__name__, many(plain), many(shared), times),
        *(remedy, installed, torch.__version__),
    )
