"""``lm_eval.defaults``: the values that hold where no other is given."""

from __future__ import annotations

import os
from typing import Any

DEFAULT_MAX_LENGTH = 2048
DEFAULT_MAX_GEN_TOKS = 256
DEFAULT_RANDOM_SEED = 0
DEFAULT_OTHER_SEED = 1234

_WORDS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off", ""), False),
}


def _envbool(variable: str, default: bool) -> bool:
    word = os.environ.get(variable)
    if word is None:
        return default
    if word.lower() not in _WORDS:
        raise ValueError(f"{variable}={word!r} is neither true nor false")
    return _WORDS[word.lower()]


LOGGING_LEVEL = os.environ.get("LMEVAL_LOG_LEVEL", "INFO")
LMEVAL_HASHMM = _envbool("LMEVAL_HASHMM", True)
DISABLE_MULTIPROC = _envbool("LMEVAL_DISABLE_MULTIPROC", False)


def default_gen_kwargs(until: str | list[str] | None, max_gen_toks: int = DEFAULT_MAX_GEN_TOKS) -> dict[str, Any]:
    """Greedy generation up to ``until``."""
    stops = [until] if isinstance(until, str) else [] if until is None else until
    return {"temperature": 0.0, "do_sample": False, "max_gen_toks": max_gen_toks, "until": stops}
