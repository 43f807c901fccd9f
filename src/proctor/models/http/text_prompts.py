"""Scored prompts as texts, for servers that take no token ids, such as llama-cpp-python's."""

# Ids, sent as a text
# -------------------
#   ids       [BOS] 17 4 1830 ...      what is to be scored, as everywhere
#   text            "The capital"      what is sent; the server puts BOS before it, or does not
#   server    [BOS] 17 4 1830 ...      what it reads: the same ids, or a score would be of something else
#
# A text is sent only if the tokenizer reads it as the ids it stands for: ids that were cut at the left can begin in the
# midst of a character, and a few tokens in a row may not be those that their text has. What a server puts in front is
# found out by the handshake, and so is whether BOS comes back with the prompt.
#
# Invariant: no text is sent whose ids are others than those that are scored.

from __future__ import annotations

import threading
from collections.abc import Sequence

from proctor.models.http.completions import UnbelievableReplyError
from proctor.models.tokens.tokenizer import Tokens


class TextPrompts:
    """How one server takes prompts.

    Args:
        tokens: The tokenizer.
        front: The token that the server puts before each text; None: it puts none.
        echoes_front: Whether that token comes back with a prompt.
    """

    def __init__(self, tokens: Tokens, front: int | None, *, echoes_front: bool = True) -> None:
        self._tokens = tokens
        self.front = front
        self.echoes_front = echoes_front
        # Tokenizers are not made for several threads at once.
        self._lock = threading.Lock()

    def text(self, ids: Sequence[int]) -> str:
        """The text that the server reads as these ids.

        Args:
            ids: Token ids.

        Raises:
            UnbelievableReplyError: There is none.
        """
        rest = list(ids)
        if self.front is not None:
            if rest[:1] != [self.front]:
                raise UnbelievableReplyError("the server puts BOS before each text, and this one begins with another")
            rest = rest[1:]
        with self._lock:
            text = self._tokens.decode(rest, skip_special=False)
            if self._tokens.encode(text, False) != rest:
                raise UnbelievableReplyError("the server takes texts alone, and no text has these tokens")
        return text

    def echoed(self, length: int) -> int:
        """How many tokens of a prompt come back.

        Args:
            length: Its tokens.
        """
        return length if self.front is None or self.echoes_front else length - 1
