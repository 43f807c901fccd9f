"""``lm_eval.models.anthropic_llms``: the classes' names; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.api.model import LM
from proctor.compat.models.openai_completions import LocalCompletionsAPI
from proctor.compat.models.unsupported import unsupported

__all__ = ["AnthropicChat", "AnthropicLM"]

AnthropicLM = unsupported("AnthropicLM", LM, "models behind an API", __name__)
AnthropicChat = unsupported("AnthropicChat", LocalCompletionsAPI, "models behind an API", __name__)
