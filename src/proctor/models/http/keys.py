"""The key of an API: where it is read from, and how it is sent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from proctor.errors import UsageError
from proctor.secrets import note

if TYPE_CHECKING:
    from proctor.models.http.arguments import ApiArguments


def bearer(key: str) -> dict[str, str]:
    """The headers that hold a key; none without a key.

    Args:
        key: The key.
    """
    return {"Authorization": f"Bearer {key}"} if key else {}


def find_key(kind: str, arguments: ApiArguments, names: Sequence[str], *, is_local: bool) -> str:
    """The key of an API; a server of one's own may need none.

    Args:
        kind: The name of the kind, for sentences.
        arguments: The model arguments.
        names: Environment variables, the first of which that is set has it.
        is_local: Whether the server is one's own.

    Raises:
        UsageError: There is none, and the API needs one.
    """
    key = (arguments.auth_token or next((os.environ[name] for name in names if os.environ.get(name)), "")).strip()
    if not key and not is_local and arguments.header is None:
        raise UsageError(f"The model '{kind}' needs a key.", hint=f"Set the environment variable {names[0]}.")
    if any(sign in key for sign in "\r\n\0") or not key.isascii():
        where = "auth_token" if arguments.auth_token else names[0]
        raise UsageError(f"The key in {where} holds characters that no header may have.")
    if key and any("@" in urlsplit(address).netloc for address in arguments.base_url):
        raise UsageError(
            "base_url holds a user's name, and there is a key as well: a request can have one of them.",
            hint=f"Leave the name out of base_url, or unset {names[0]}.",
        )
    note({"api_key": key})
    return key
