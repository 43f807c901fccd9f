"""``lm_eval.models.api_models``: a chat as text, and the constants that scripts read."""

from __future__ import annotations

import os
from typing import NamedTuple

LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER = os.environ.get("LMEVAL_MODEL_NONE_ANSWER_PLACEHOLDER", "")
"""What lm-eval takes for the response where an API gave none."""
DEFAULT_IMAGE_PLACEHOLDER = "<image>"


class JsonChatStr(NamedTuple):
    """The messages of a chat as JSON."""

    prompt: str

    def encode(self, encoding: str) -> bytes:
        """The bytes of the JSON."""
        return self.prompt.encode(encoding)
