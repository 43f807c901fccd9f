"""``lm_eval.models.sglang_generate_API``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.openai_completions import LocalCompletionsAPI
from proctor.compat.models.unsupported import unsupported

__all__ = ["SGLANGGENERATEAPI"]

SGLANGGENERATEAPI = unsupported("SGLANGGENERATEAPI", LocalCompletionsAPI, "models behind an API", __name__)
