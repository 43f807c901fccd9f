"""How a job of many requests is created, looked at and read: OpenAI's ``/v1/batches``, Anthropic's message batches."""

# Both take requests with a ``custom_id`` each, work on them for up to a day at half the price, and give results in any
# order, one JSON value a line. OpenAI wants them as a file that is uploaded before, and gives two files, of replies and
# of errors; Anthropic wants them in the request, and gives one stream.
#
# Addresses that a server names are not followed: the key would go wherever they lead. All are built from the root of
# the API.
#
# Invariant: whatever a line says, it is bound to its request by its ``custom_id`` alone.

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from proctor.models.http.endpoints import Endpoint
from proctor.models.http.replies import Reply
from proctor.models.http.transport import Transport

Line = tuple[str, Mapping[str, Any]]
"""A ``custom_id`` and a payload."""
Results = list[tuple[str, Reply]]


class BatchForm(Protocol):
    """One vendor's form.

    Attributes:
        most_requests: Of one job.
        most_bytes: Of one job's payloads.
    """

    most_requests: int
    most_bytes: int

    async def create(self, transport: Transport, lines: Sequence[Line]) -> Reply:
        """Create a job; the body has its ``id``."""
        ...

    async def look(self, transport: Transport, job: str) -> Reply:
        """What a job does."""
        ...

    def has_ended(self, body: Mapping[str, Any]) -> bool:
        """Whether a job does nothing more."""
        ...

    async def results(self, transport: Transport, body: Mapping[str, Any]) -> Results | Reply:
        """The results of a job that has ended, by ``custom_id``; or the reply of a server that does not give them."""
        ...


class OpenAIBatches:
    """``/v1/files`` and ``/v1/batches``.

    Args:
        server: The endpoint that requests are for.
    """

    most_requests = 50_000
    most_bytes = 180_000_000

    def __init__(self, server: Endpoint) -> None:
        self._api, self._path = server.api, urlsplit(server.url).path

    async def create(self, transport: Transport, lines: Sequence[Line]) -> Reply:
        """Upload the requests as a file, and create a job for it."""
        rows = [{"custom_id": name, "method": "POST", "url": self._path, "body": payload} for name, payload in lines]
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        file = await transport.upload(f"{self._api}/files", "requests.jsonl", data, {"purpose": "batch"})
        if file.status != 200 or not isinstance(file.body, Mapping):
            return file
        order = {"input_file_id": file.body.get("id"), "endpoint": self._path, "completion_window": "24h"}
        return await transport.post(f"{self._api}/batches", order)

    async def look(self, transport: Transport, job: str) -> Reply:
        """The job object."""
        return await transport.get(f"{self._api}/batches/{quote(job, safe='')}")

    def has_ended(self, body: Mapping[str, Any]) -> bool:
        """Whether the job is completed, failed, expired or cancelled."""
        return body.get("status") in ("completed", "failed", "expired", "cancelled")

    async def results(self, transport: Transport, body: Mapping[str, Any]) -> Results | Reply:
        """The lines of the files of replies and of errors."""
        results: Results = []
        for name in ("output_file_id", "error_file_id"):
            if not isinstance(file := body.get(name), str):
                continue
            reply = await transport.get_lines(f"{self._api}/files/{quote(file, safe='')}/content")
            if reply.status != 200:
                return reply
            results += _named(reply.body, _openai_reply)
        return results


def _openai_reply(line: Mapping[str, Any]) -> Reply:
    response, error = line.get("response"), line.get("error")
    if isinstance(response, Mapping) and isinstance(status := response.get("status_code"), int):
        return Reply(status, response.get("body"))
    message = error.get("message") if isinstance(error, Mapping) else None
    return Reply(0, text=str(message or "the batch job has no reply to it"))


class AnthropicBatches:
    """``/v1/messages/batches``.

    Args:
        server: The endpoint that requests are for.
    """

    most_requests = 100_000
    most_bytes = 240_000_000

    def __init__(self, server: Endpoint) -> None:
        self._url = f"{server.url}/batches"

    async def create(self, transport: Transport, lines: Sequence[Line]) -> Reply:
        """Create a job of the requests."""
        return await transport.post(
            self._url, {"requests": [{"custom_id": name, "params": payload} for name, payload in lines]}
        )

    async def look(self, transport: Transport, job: str) -> Reply:
        """The job object."""
        return await transport.get(f"{self._url}/{quote(job, safe='')}")

    def has_ended(self, body: Mapping[str, Any]) -> bool:
        """Whether each request has its result."""
        return body.get("processing_status") == "ended"

    async def results(self, transport: Transport, body: Mapping[str, Any]) -> Results | Reply:
        """The lines of the results."""
        reply = await transport.get_lines(f"{self._url}/{quote(str(body.get('id')), safe='')}/results")
        return reply if reply.status != 200 else list(_named(reply.body, _anthropic_reply))


def _anthropic_reply(line: Mapping[str, Any]) -> Reply:
    result = line.get("result")
    if not isinstance(result, Mapping):
        return Reply(0, text="the batch job has no reply to it")
    if result.get("type") == "succeeded":
        return Reply(200, result.get("message"))
    if result.get("type") == "errored":
        error = result.get("error")
        inner = error.get("error") if isinstance(error, Mapping) else None
        is_wrong = isinstance(inner, Mapping) and inner.get("type") == "invalid_request_error"
        return Reply(400 if is_wrong else 500, error)
    return Reply(0, text=f"the batch job ended without a reply to it ({result.get('type')})")


def _named(lines: Sequence[Any], read: Any) -> Iterator[tuple[str, Reply]]:
    for line in lines:
        if isinstance(line, Mapping) and isinstance(name := line.get("custom_id"), str):
            yield name, read(line)
