"""Whether somebody listens at an address: packages try one at which nobody does for minutes."""

from __future__ import annotations

import socket
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

from proctor.reporters.base import ReporterError

CONNECT_SECONDS = 10.0
SERVED = ("http", "https")


def check_server(address: str) -> None:
    """Connect to a server once.

    Args:
        address: Of the server; what is no address of HTTP, and what a proxy stands before, is not connected to.

    Raises:
        ReporterError: Nobody is there.
    """
    parts = urlsplit(address)
    if parts.scheme not in SERVED or parts.hostname is None or _has_proxy(parts):
        return
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname, port), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        raise ReporterError(f"there is no server at {address} ({error}).") from error


def _has_proxy(parts: SplitResult) -> bool:
    """Whether requests go to a proxy instead, by the variables of the environment that all packages know."""
    proxies = getproxies()
    return bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.hostname or "")
