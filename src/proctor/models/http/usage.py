"""The tokens that a reply says it took, in the forms of OpenAI's and of Anthropic's APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.types import Usage


def usage_of(body: Mapping[str, Any]) -> Usage | None:
    """The tokens of one reply.

    Args:
        body: The reply.

    Returns:
        None where it does not say.
    """
    usage = body.get("usage")
    if not isinstance(usage, Mapping):
        return None
    if "input_tokens" in usage:
        # Anthropic: what was read from the prompt cache or written to it stands beside input_tokens, not in it.
        cached, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
        read = _count(usage, "input_tokens") + cached + written
        return Usage(read, cached, _count(usage, "output_tokens"), written=written)
    return Usage(
        _count(usage, "prompt_tokens"),
        _detail(usage, "prompt_tokens_details", "cached_tokens"),
        _count(usage, "completion_tokens"),
        _detail(usage, "completion_tokens_details", "reasoning_tokens"),
    )


def _detail(usage: Mapping[str, Any], group: str, name: str) -> int:
    details = usage.get(group)
    return _count(details, name) if isinstance(details, Mapping) else 0


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    # A number that the store cannot hold is no count of tokens.
    return value if 0 <= value < 1 << 32 else 0
