"""What a model does not take is learned from its refusal, once: no table of model names is true for long."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from proctor.models.http.replies import Reply

log = logging.getLogger("proctor")

DROPPED = ("temperature", "top_p", "top_k", "stop", "stop_sequences", "seed", "min_p", "repetition_penalty")
"""Parameters that a request can do without. Texts are cut at their stop strings here, too."""
RENAMED = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

_REFUSED = re.compile(
    r"unsupported|not support|n.t support|deprecated|not allowed|unrecognized|unknown|not permitted|extra input"
    r"|only the default|no longer|cannot (?:both )?be (?:used|specified|set)|not available|unexpected"
)


class Parameters:
    """What is left out of the requests of one server and model, and what is renamed.

    Attributes:
        changes: What was learned: a parameter and its new name, None where it is left out. For the results file.
    """

    def __init__(self) -> None:
        self.changes: dict[str, str | None] = {}

    def apply(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The payload that this model takes.

        Args:
            payload: As the request has it.
        """
        adapted: dict[str, Any] = {}
        for name, value in payload.items():
            target = self.changes.get(name, name)
            if target is not None:
                adapted[target] = value
        return adapted

    def learn(self, reply: Reply, payload: Mapping[str, Any]) -> bool:
        """Whether a refusal names a parameter that can be left out or renamed, and that is done from now on.

        Args:
            reply: The refusal.
            payload: What was refused, as it was sent.
        """
        if reply.status not in (400, 403, 422):
            return False
        words = reply.searched
        if not _REFUSED.search(words):
            return False
        parameter = reply.error.get("param")
        for name in payload:
            if name not in RENAMED and name not in DROPPED:
                continue
            if parameter == name or re.search(rf"\b{re.escape(name)}\b", words):
                # In the changes already: this request was in flight when another one was refused.
                return name in self.changes or self._change(name, reply)
        return False

    def _change(self, name: str, reply: Reply) -> bool:
        original = next((old for old, new in self.changes.items() if new == name), name)
        target = RENAMED.get(name)
        if target is not None and original != name:
            # Both names were refused: there is nothing left to try.
            return False
        self.changes[original] = target
        done = "is left out" if target is None else f"is sent as {target}"
        log.warning("The model does not take %s (%s): it %s of all requests.", original, reply.message, done)
        return True
