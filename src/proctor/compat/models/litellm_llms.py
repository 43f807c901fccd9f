"""``lm_eval.models.litellm_llms``: the class's name; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.openai_completions import LocalChatCompletion
from proctor.compat.models.unsupported import unsupported

__all__ = ["LiteLLMChatCompletion"]

LiteLLMChatCompletion = unsupported("LiteLLMChatCompletion", LocalChatCompletion, "models behind an API", __name__)
