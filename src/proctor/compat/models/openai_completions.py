"""``lm_eval.models.openai_completions``: the classes' names; see :mod:`proctor.compat.models.unsupported`."""

from __future__ import annotations

from proctor.compat.models.api_models import JsonChatStr, TemplateAPI
from proctor.compat.models.unsupported import unsupported

__all__ = [
    "AzureOpenaiChatCompletionsLM",
    "JsonChatStr",
    "LocalChatCompletion",
    "LocalCompletionsAPI",
    "OpenAIChatCompletion",
    "OpenAICompletionsAPI",
    "TemplateAPI",
]

LocalCompletionsAPI = unsupported("LocalCompletionsAPI", TemplateAPI, "models behind an API", __name__)
LocalChatCompletion = unsupported("LocalChatCompletion", LocalCompletionsAPI, "models behind an API", __name__)
OpenAICompletionsAPI = unsupported("OpenAICompletionsAPI", LocalCompletionsAPI, "models behind an API", __name__)
OpenAIChatCompletion = unsupported("OpenAIChatCompletion", LocalChatCompletion, "models behind an API", __name__)
AzureOpenaiChatCompletionsLM = unsupported(
    "AzureOpenaiChatCompletionsLM", OpenAIChatCompletion, "models behind an API", __name__
)
