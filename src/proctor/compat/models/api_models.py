"""``lm_eval.models.api_models``: chats as text, and the class of models behind an API, which cannot be made yet."""

from __future__ import annotations

import os
from typing import NamedTuple

from proctor.compat.api.model import TemplateLM
from proctor.compat.models.unsupported import unsupported

__all__ = ["LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER", "JsonChatStr", "TemplateAPI"]

LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER = os.environ.get("LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER", "")
"""What lm-eval takes for the answer where an API gave none."""


class JsonChatStr(NamedTuple):
    """The messages of a chat as JSON."""

    prompt: str

    def encode(self, encoding: str) -> bytes:
        """The bytes of the JSON."""
        return self.prompt.encode(encoding)


TemplateAPI = unsupported("TemplateAPI", TemplateLM, "models behind an API", __name__)
