"""Batch jobs in the forms of both vendors: what is created, when a job has ended, what its lines mean."""

from __future__ import annotations

import asyncio
import json

import pytest

from proctor.models.http.batch_forms import AnthropicBatches, OpenAIBatches
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.replies import Reply

OPENAI = Endpoint("http://h/v1/chat/completions", "http://h/v1", "http://h")
ANTHROPIC = Endpoint("http://h/v1/messages", "http://h/v1", "http://h")


class Server:
    """A transport that notes what it was sent."""

    def __init__(self, lines=(), file=None):
        self.sent, self.lines, self.file = [], list(lines), file or Reply(200, {"id": "file 1"})

    async def upload(self, url, name, data, fields):
        self.sent.append((url, [json.loads(line) for line in data.splitlines()], fields))
        return self.file

    async def post(self, url, payload):
        self.sent.append((url, payload))
        return Reply(200, {"id": "job"})

    async def get_lines(self, url):
        self.sent.append(url)
        return Reply(200, self.lines)


def test_openai_s_job_is_a_file_and_an_order():
    server = Server()
    asyncio.run(OpenAIBatches(OPENAI).create(server, [("a", {"model": "m"})]))
    (url, rows, fields), (address, order) = server.sent
    assert (url, fields) == ("http://h/v1/files", {"purpose": "batch"})
    assert rows == [{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m"}}]
    assert (address, order["input_file_id"], order["endpoint"]) == (
        "http://h/v1/batches", "file 1", "/v1/chat/completions",
    )  # fmt: skip


def test_a_file_that_is_refused_makes_no_job():
    server = Server(file=Reply(413, {"error": "too large"}))
    assert asyncio.run(OpenAIBatches(OPENAI).create(server, [("a", {})])).status == 413
    assert len(server.sent) == 1


@pytest.mark.parametrize("status", ["completed", "failed", "expired", "cancelled"])
def test_openai_s_job_has_ended(status):
    assert OpenAIBatches(OPENAI).has_ended({"status": status})
    assert not OpenAIBatches(OPENAI).has_ended({"status": "in_progress"})


def test_openai_s_lines_are_replies_and_a_name_cannot_leave_its_address():
    lines = [
        {"custom_id": "a", "response": {"status_code": 200, "body": {"x": 1}}},
        {"custom_id": "b", "error": {"message": "expired"}},
        {"custom_id": "c", "response": None},
        {"response": {"status_code": 200}},
        "odd",
    ]
    server = Server(lines)
    found = asyncio.run(OpenAIBatches(OPENAI).results(server, {"output_file_id": "../x", "error_file_id": None}))
    assert [(name, reply.status, reply.text) for name, reply in found] == [
        ("a", 200, ""), ("b", 0, "expired"), ("c", 0, "the batch job has no reply to it"),
    ]  # fmt: skip
    assert server.sent == ["http://h/v1/files/..%2Fx/content"]


def test_anthropic_s_job_and_its_lines():
    form, server = AnthropicBatches(ANTHROPIC), Server([
        {"custom_id": "a", "result": {"type": "succeeded", "message": {"x": 1}}},
        {"custom_id": "b", "result": {"type": "errored", "error": {"error": {"type": "invalid_request_error"}}}},
        {"custom_id": "c", "result": {"type": "errored", "error": {"error": {"type": "overloaded_error"}}}},
        {"custom_id": "d", "result": {"type": "expired"}},
        {"custom_id": "e"},
    ])  # fmt: skip
    asyncio.run(form.create(server, [("a", {"model": "m"})]))
    assert server.sent == [
        ("http://h/v1/messages/batches", {"requests": [{"custom_id": "a", "params": {"model": "m"}}]})
    ]
    found = asyncio.run(form.results(server, {"id": "job"}))
    assert [(name, reply.status) for name, reply in found] == [("a", 200), ("b", 400), ("c", 500), ("d", 0), ("e", 0)]
    assert form.has_ended({"processing_status": "ended"})
    assert not form.has_ended({"processing_status": "in_progress"})
