"""The addresses of one server, from the one that the user gave."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

_ENDINGS = ("/chat/completions", "/completions", "/messages", "/generate")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server.

    Attributes:
        url: Where requests go.
        api: The API's root, usually ending in ``/v1``.
        root: The server's root, for its own addresses such as ``/tokenize``.
    """

    url: str
    api: str
    root: str


def endpoint(address: str, ending: str) -> Endpoint:
    """The addresses of a server.

    Args:
        address: As the user gave it: the endpoint itself, as lm-eval wants it, or the root of the API.
        ending: What the endpoint's path ends with, such as ``/completions``.
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    known = next((one for one in _ENDINGS if path.endswith(one)), None)
    base = path if known is None else path[: -len(known)]
    if known is None and not base:
        base = "/v1"
    if ending == "/generate":
        # SGLang's own, beside its API of OpenAI's form.
        root = base.removesuffix("/v1")
        base, path, known = f"{root}/v1", f"{root}{ending}", ending
    # An address that names another endpoint of the same API, such as a chat's for completions, is taken at its word:
    # the server says what it thinks of it.
    own = path if known is not None else base + ending

    def at(new_path: str) -> str:
        return urlunsplit((parts.scheme, parts.netloc, new_path, parts.query, ""))

    return Endpoint(at(own), at(base), at(base.removesuffix("/v1")).rstrip("/"))
