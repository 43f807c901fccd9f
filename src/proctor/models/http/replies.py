"""What came back for one request, and what it means: done, again, later, never, or an end to the whole run."""

# From a reply to what is done
# ----------------------------
#   200 with a JSON object                       DONE
#   408, 409, 5xx, connection, timeout           RETRY    with growing waits, a bounded number of times
#   429, 503 and 529 with or without a wait      LATER    the limiter waits; no attempt is counted
#   400, 413, 422 and others of the request      FAIL     this request alone: one error record
#   401, 402, 403, 404, money, no JSON           STOP     every request would fail alike, and may cost
#
# Whoever reads bodies of strangers expects anything: no field is looked up without asking for its type.
#
# Invariant: a sentence quotes at most :data:`QUOTED` characters of a body, and nothing that looks like a secret.

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from proctor.secrets import redact_text

QUOTED = 300
_MONEY = (
    *("insufficient_quota", "credit_balance_exhausted", "credit balance", "enforced_spend_limit_reached"),
    *("billing", "exceeded your current quota"),
)
_TOO_LONG = (
    "context_length_exceeded",
    "maximum context length",
    "context length",
    "prompt is too long",
    "max_model_len",
)


_MALFORMED = ("validation error", "input should be a valid")
"""llama-cpp-python's server has status 500 for a request that it cannot read; it will not be able to the next time."""


class Verdict(Enum):
    """What is done about a reply."""

    DONE = auto()
    RETRY = auto()
    LATER = auto()
    FAIL = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server sent.

    Attributes:
        status: The HTTP status; 0 where no reply came.
        body: The JSON value; None where it is none.
        text: The beginning of the body, or why none came.
        headers: Names in lower case.
        final: No reply came, and none would at another try: the address or the certificate is wrong.
    """

    status: int
    body: Any = None
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    final: bool = False

    @property
    def error(self) -> Mapping[str, Any]:
        """The error object of an API's refusal; empty where there is none."""
        body = self.body
        if isinstance(body, list) and body:
            body = body[0]
        if not isinstance(body, Mapping):
            return {}
        inner = body.get("error")
        if isinstance(inner, Mapping):
            return inner
        return {"message": inner} if isinstance(inner, str) else body

    @property
    def message(self) -> str:
        """What the server says is wrong, in one line, without secrets."""
        error = self.error
        said = next((error[key] for key in ("message", "detail", "msg") if isinstance(error.get(key), str)), None)
        if said is None:
            said = json.dumps(self.body, ensure_ascii=False) if self.body is not None else self.text
        line = " ".join(redact_text(said).split())
        return line if len(line) <= QUOTED else line[: QUOTED - 1] + "…"

    @property
    def searched(self) -> str:
        """Message, code, type and parameter in lower case, to look for words in."""
        error = self.error
        words = [error.get(key) for key in ("message", "detail", "code", "error_code", "type", "param")]
        return " ".join(str(word) for word in words if isinstance(word, (str, int))).lower()

    @property
    def is_too_long(self) -> bool:
        """Whether the prompt was longer than the model takes."""
        return self.status in (400, 413, 422) and any(words in self.searched for words in _TOO_LONG)


def verdict(reply: Reply) -> Verdict:
    """What is done about a reply.

    Args:
        reply: The reply.
    """
    if reply.final:
        return Verdict.STOP
    if reply.status == 200:
        return Verdict.DONE if isinstance(reply.body, Mapping) else Verdict.STOP
    # 400: so does Anthropic say that the credit is used up.
    if reply.status in (400, 402, 403, 429) and any(word in reply.searched for word in _MONEY):
        return Verdict.STOP
    if reply.status in (429, 529) or (reply.status == 503 and "retry-after" in reply.headers):
        return Verdict.LATER
    if reply.status == 500 and any(words in reply.searched for words in _MALFORMED):
        return Verdict.FAIL
    if reply.status in (0, 408, 409, 425) or reply.status >= 500:
        return Verdict.RETRY
    if reply.status in (401, 402, 403, 404, 405, 407):
        return Verdict.STOP
    return Verdict.FAIL
