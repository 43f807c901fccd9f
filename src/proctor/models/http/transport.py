"""One HTTP exchange: a JSON value out, a :class:`Reply` back, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from proctor.errors import UsageError
from proctor.models.http.replies import Reply

T = TypeVar("T")

LARGEST_REPLY = 256 << 20
"""Bytes of a body; a longer one is given up, so that an endless stream does not fill the memory."""
BEGINNING = 2000
"""Characters of a body that is no JSON which are kept for the sentence."""
CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Connection:
    """How a server is reached.

    Attributes:
        headers: Sent with each request; they may hold secrets and are never shown.
        timeout: Seconds for one exchange, first byte to last.
        verify: Whether the server's certificate must be valid.
        ca_file: A file with certificates to trust; None: the system's.
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: float = 600.0
    verify: bool = True
    ca_file: str | None = None

    def certificates(self) -> ssl.SSLContext | bool:
        """What aiohttp takes as ``ssl``.

        Raises:
            UsageError: ``ca_file`` holds no certificates.
        """
        if not self.verify:
            return False
        if self.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=str(Path(self.ca_file).expanduser()))
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"ca_cert_path is {self.ca_file!r}, from which no certificates can be read: {error}."
            ) from error


class Transport:
    """An open session; within one event loop, as a context manager.

    Args:
        connection: How the server is reached. Proxies are those of the environment (``HTTPS_PROXY``, ``NO_PROXY``).
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Transport:
        # The number of connections is the limiter's affair; 0 is no limit of aiohttp's own.
        connector = aiohttp.TCPConnector(limit=0, ssl=self._connection.certificates())
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=self._connection.timeout, sock_connect=CONNECT_SECONDS),
            headers=dict(self._connection.headers),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str) -> Reply:
        """What stands at an address.

        Args:
            url: The address.
        """
        return await self._exchange("GET", url, None)

    async def post(self, url: str, payload: Mapping[str, Any]) -> Reply:
        """Send a JSON object.

        Args:
            url: Where to.
            payload: The object.
        """
        return await self._exchange("POST", url, payload)

    async def upload(self, url: str, name: str, data: bytes, fields: Mapping[str, str]) -> Reply:
        """Send a file.

        Args:
            url: Where to.
            name: Its name there.
            data: Its content.
            fields: What is sent beside it.
        """
        form = aiohttp.FormData(dict(fields))
        form.add_field("file", data, filename=name, content_type="application/jsonl")
        return await self._exchange("POST", url, None, form=form)

    async def get_lines(self, url: str) -> Reply:
        """A file of JSON values, one a line, as a list; lines that are none are left out.

        Args:
            url: The address.
        """
        return await self._exchange("GET", url, None, read=_lines)

    async def _exchange(
        self,
        method: str,
        url: str,
        payload: Mapping[str, Any] | None,
        *,
        form: aiohttp.FormData | None = None,
        read: Callable[[int, bytes, Mapping[str, str]], Reply] | None = None,
    ) -> Reply:
        if self._session is None:
            raise RuntimeError("This transport is not open.")
        # A redirected POST would arrive as a GET; the sentence names the new address instead.
        options: dict[str, Any] = {} if payload is None else {"json": payload, "allow_redirects": False}
        if form is not None:
            options = {"data": form, "allow_redirects": False}
        try:
            async with self._session.request(method, url, proxy=proxy_of(url), **options) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return (read or _reply)(response.status, await _read(response), headers)
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError) as error:
            return Reply(0, text=f"its certificate is not accepted ({_reason(error)})", final=True)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            return Reply(0, text="its address is no HTTP address", final=True)
        except aiohttp.ClientHttpProxyError as error:
            return Reply(0, text=f"the proxy refused the connection ({error.status} {error.message})", final=True)
        except aiohttp.ClientConnectorError as error:
            return Reply(0, text=f"no connection ({_reason(error)})")
        except TimeoutError:
            return Reply(0, text=f"no reply in {self._connection.timeout:g} seconds")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Reply(0, text=f"the connection broke ({_reason(error)})")


def exchange(connection: Connection, work: Callable[[Transport], Awaitable[T]]) -> T:
    """The result of a few requests, sent from wherever: in a thread of its own, since a loop may run in this one.

    Args:
        connection: How the server is reached.
        work: What is sent.
    """

    async def main() -> T:
        async with Transport(connection) as transport:
            return await work(transport)

    with ThreadPoolExecutor(1, thread_name_prefix="proctor-exchange") as pool:
        return pool.submit(lambda: asyncio.run(main())).result()


@cache
def proxy_of(url: str) -> str | None:
    """The proxy for an address, by the environment (``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``).

    aiohttp would look it up in another thread for each request, which costs a third of the request.

    Args:
        url: The address.
    """
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_REPLY:
            raise ValueError(f"the reply is longer than {LARGEST_REPLY >> 20} MiB")
    return b"".join(parts)


def _reply(status: int, data: bytes, headers: Mapping[str, str]) -> Reply:
    try:
        return Reply(status, json.loads(data), headers=headers)
    except (ValueError, RecursionError):
        return Reply(status, None, data[: 4 * BEGINNING].decode("utf-8", "replace")[:BEGINNING], headers)


def _lines(status: int, data: bytes, headers: Mapping[str, str]) -> Reply:
    if status != 200:
        return _reply(status, data, headers)
    values: list[Any] = []
    for line in data.splitlines():
        with suppress(ValueError, RecursionError):
            values.append(json.loads(line))
    return Reply(status, values, headers=headers)


def _reason(error: BaseException) -> str:
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    return " ".join(str(inner).split()) or type(inner).__name__
