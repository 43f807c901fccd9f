"""The Hugging Face Hub where its name cannot be resolved: the failure is known at once, and not after 30 seconds."""

# Why not leave it to the client of the hub
# -----------------------------------------
# ``huggingface_hub`` tries each request again five times, with pauses of 23 seconds together and two lines in the log
# for each. That is right for a network that drops a request, and of no use on a machine without one. So before names of
# the hub are looked up, the host's name is resolved, which costs milliseconds where there is a network (the client
# resolves it again from the resolver's cache). If that fails, the client is offline for as long as the context lasts:
# then it takes what its cache on disk has, or raises what is explained in a sentence.
#
# Resolved, and not connected to: a slow or a flaky network keeps all its tries. A resolver that says "try again"
# (EAI_AGAIN) gets a second try. Behind a proxy the proxy resolves the name, so nothing is tried here.
#
# Invariant: outside the context the client is as it was; several threads may be within at a time.

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

AGAIN_AFTER = 1.0
"""Seconds before a resolver that says "try again" is tried again."""
_VALID = 30.0
"""Seconds for which a failure is believed: a run opens dozens of data sets, and a notebook lives for days."""


class _Switch:
    """The client's switch, held off by whoever is within; and when the host's name could last not be resolved."""

    def __init__(self) -> None:
        self.failed_at = float("-inf")
        self._lock = threading.Lock()
        self._within = 0

    def change(self, by: int) -> None:
        from huggingface_hub import constants

        with self._lock:
            self._within += by
            # Whoever was offline from the start never comes here.
            constants.HF_HUB_OFFLINE = self._within > 0


_SWITCH = _Switch()


@contextmanager
def offline_if_unresolved(*names: object) -> Iterator[None]:
    """Within, requests to the hub fail at once if its host's name cannot be resolved.

    Args:
        names: What will be looked up. Where all are paths of this machine, or no names, nothing is tried.
    """
    looked_up = any(isinstance(name, str) and name and not os.path.exists(name) for name in names)
    if not looked_up or _is_resolved():
        yield
        return
    _SWITCH.change(+1)
    try:
        yield
    finally:
        _SWITCH.change(-1)


def _is_resolved() -> bool:
    import huggingface_hub
    from huggingface_hub import constants

    # Clients before 1.0 read the switch when a session is made, so that it could not be put back.
    if constants.HF_HUB_OFFLINE or not hasattr(huggingface_hub, "set_client_factory"):
        return True
    url = urlsplit(str(constants.ENDPOINT))
    host, proxies = url.hostname or "", getproxies()
    if not host or ((proxies.get(url.scheme) or proxies.get("all")) and not proxy_bypass(host)):
        return True
    if time.monotonic() - _SWITCH.failed_at < _VALID:
        return False
    if _resolve(host):
        return True
    _SWITCH.failed_at = time.monotonic()
    return False


def _resolve(host: str, *, again: bool = True) -> bool:
    try:
        socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno != socket.EAI_AGAIN or not again:
            return False
    except (OSError, UnicodeError):  # the client says what is wrong with such a name
        return True
    else:
        return True
    time.sleep(AGAIN_AFTER)
    return _resolve(host, again=False)
