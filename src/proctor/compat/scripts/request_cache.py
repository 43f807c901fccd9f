"""``lm_eval.caching.cache``: for scripts that clear lm-eval's cache of built requests, or look into it.

proctor builds requests in no time and keeps none, so nothing is ever found. Answers of models are
kept elsewhere (:mod:`proctor.store`).
"""

from __future__ import annotations

import logging
import os
from typing import Any

log = logging.getLogger("proctor")

PATH = os.environ.get("LM_HARNESS_CACHE_PATH") or os.path.join(os.path.dirname(__file__), ".cache")
"""Where lm-eval would keep requests; nothing is written there."""


def load_from_cache(file_name: str, cache: bool = False) -> None:
    """None: nothing is kept under any name."""


def save_to_cache(file_name: str, obj: Any) -> None:
    """Say that it is not kept."""
    log.warning("lm_eval.caching.cache keeps nothing: '%s' is not saved.", file_name)


def delete_cache(key: str = "") -> None:
    """There is nothing to delete."""
