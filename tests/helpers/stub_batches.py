"""A server with batch jobs, in OpenAI's and in Anthropic's form, over the chats of :mod:`stub_api`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from stub_api import Stub, error

LATER = {"message": "This request could not be executed in time.", "code": "batch_expired"}


@dataclass
class BatchStub(Stub):
    """Its jobs end after some looks; results come in reverse order.

    ``wrong`` and ``late``: texts of users whose requests are refused, or expire, within a job. ``jobs``: by their ids,
    the lines of each.
    """

    looks: int = 2
    wrong: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    status: str = "completed"
    jobs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    looked: dict[str, int] = field(default_factory=dict)
    uploads: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path
        if path.endswith("/files") and request.method == "POST":
            form = await request.post()
            assert form["purpose"] == "batch"
            rows = [json.loads(line) for line in form["file"].file.read().splitlines()]  # type: ignore[union-attr]
            self.uploads += 1
            self.files[f"file-{self.uploads}"] = rows
            return web.json_response({"id": f"file-{self.uploads}"})
        if "/batches" in path or "/files/" in path:
            if self.script is not None and (answer := self.script(path, {"batch": True})) is not None:
                return answer
            return await self._batch(request, path)
        return await super().handle(request)

    async def _batch(self, request: web.Request, path: str) -> web.Response:
        if request.method == "POST":
            order = json.loads(await request.read())
            job = f"job-{len(self.jobs) + 1}"
            self.jobs[job] = order["requests"] if "requests" in order else self.files[order["input_file_id"]]
            return web.json_response(self._job(job, ended=False))
        if path.endswith("/content"):
            kind, job = path.split("/")[-2].split(":")
            return self._lines([one for one in map(self._openai, reversed(self.jobs[job])) if one[0] == kind])
        job = next((one for one in self.jobs if one in path), None)
        if job is None:
            return error(404, "no such job")
        if path.endswith("/results"):
            return self._lines([("", self._anthropic(line)) for line in reversed(self.jobs[job])])
        self.looked[job] = self.looked.get(job, 0) + 1
        return web.json_response(self._job(job, ended=self.looked[job] >= self.looks))

    @staticmethod
    def _lines(rows: list[tuple[str, dict[str, Any]]]) -> web.Response:
        return web.Response(text="".join(json.dumps(row) + "\n" for _, row in rows), content_type="application/jsonl")

    def _job(self, job: str, *, ended: bool) -> dict[str, Any]:
        state = {"status": self.status if ended else "in_progress", "processing_status": "ended" if ended else "other"}
        files = {"output_file_id": f"out:{job}", "error_file_id": f"err:{job}"}
        return {"id": job, **state, **({} if not ended or self.status == "failed" else files)}

    def _openai(self, line: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        name, said = line["custom_id"], line["body"]["messages"][-1]["content"]
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        if said in self.late:
            return "err", {"custom_id": name, "response": None, "error": LATER}
        if said in self.wrong:
            body = {"error": {"message": "I do not like this"}}
            return "err", {"custom_id": name, "response": {"status_code": 400, "body": body}, "error": None}
        return "out", {"custom_id": name, "response": {"status_code": 200, "body": self.chat(line["body"])}}

    def _anthropic(self, line: dict[str, Any]) -> dict[str, Any]:
        said = line["params"]["messages"][-1]["content"][0]["text"]
        if said in self.late:
            result: dict[str, Any] = {"type": "expired"}
        elif said in self.wrong:
            inner = {"type": "invalid_request_error", "message": "I do not like this"}
            result = {"type": "errored", "error": {"type": "error", "error": inner}}
        else:
            result = {"type": "succeeded", "message": self.messages(line["params"])}
        return {"custom_id": line["custom_id"], "result": result}
