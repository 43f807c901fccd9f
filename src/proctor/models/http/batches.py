"""Texts by batch jobs: the missing requests as jobs, watched until they end, their results bound by ``custom_id``."""

# One run, perhaps several processes
# ----------------------------------
#   1  each request gets a name: a digest of its payload, and its number among equal ones
#   2  requests of jobs that are remembered are waited for, not sent
#   3  of the others the first is sent at once: what the model does not take is learned from its refusal, and not from
#      those of a thousand requests
#   4  the rest is a job, or several; each is remembered as soon as the server has named it
#   5  jobs are looked at after growing waits; results of one that has ended are responses, failed ones refusals
#
# The seed is left out of the digest, and of several equal requests the last ones are taken for those that are missing:
# repeats of a sampled request are stored in their order, so that a run that goes on misses the last ones.
#
# Invariant: a request that is in a remembered job is not sent again, unless it failed there.

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor.errors import ModelError
from proctor.models.http.batch_forms import BatchForm, Results
from proctor.models.http.batch_memory import BatchJob, BatchMemory
from proctor.models.http.meter import Meter
from proctor.models.http.parameters import Parameters
from proctor.models.http.replies import Reply
from proctor.models.http.sender import Sender, shown
from proctor.models.http.transport import Transport
from proctor.types import Refusal, Response, Text

log = logging.getLogger("proctor")

FIRST_WAIT = 2.0
LONGEST_WAIT = 60.0
GROWTH = 1.5
MOST_FAILURES = 20
"""Looks at a job that may fail one after the other."""


@dataclass(frozen=True, slots=True)
class TextCall:
    """One request for a text.

    Attributes:
        index: The number of the request.
        url: Where to.
        payload: What is sent.
        read: From a reply's body to its text; ValueError where it is none.
    """

    index: int
    url: str
    payload: Mapping[str, Any]
    read: Callable[[Any], Text]


class Batches:
    """The batch jobs of one model.

    Args:
        form: The vendor's form.
        memory: The jobs of the store.
        model: The name of the model.
        transport: Exchanges requests for replies, within ``run``.
        run: Runs jobs of the event loop, and gives their results.
        meter: Counts tokens.
        parameters: What the model does not take.
        read: From a reply to the response.
    """

    def __init__(
        self,
        form: BatchForm,
        memory: BatchMemory,
        *,
        model: str,
        transport: Transport,
        run: Callable[[Iterator[Any]], Iterator[Any]],
        meter: Meter,
        parameters: Parameters,
        read: Callable[[Reply, Callable[[Any], Text]], Response],
    ) -> None:
        self._form = form
        self._memory = memory
        self._model = model
        self._transport = transport
        self._run = run
        self._meter = meter
        self._parameters = parameters
        self._read = read

    def respond(
        self, calls: Sequence[TextCall], at_once: Callable[[TextCall], Iterator[tuple[int, Response]]]
    ) -> Iterator[tuple[int, Response]]:
        """The responses to requests.

        Args:
            calls: The requests; all go to one address.
            at_once: Sends one without a job.

        Raises:
            ModelError: A job cannot be created or read, or enough was paid.
        """
        if not calls:
            return
        url = calls[0].url
        known = self._memory.jobs(url, self._model)
        waiting = _named_calls(calls, [name for job in known for name in job.requests])
        jobs = [job for job in known if not waiting.keys().isdisjoint(job.requests)]
        in_jobs = {name for job in jobs for name in job.requests}
        for job in jobs:
            log.info("The batch job %s of an earlier run is waited for.", job.id)
        fresh = [name for name in waiting if name not in in_jobs]
        if fresh and not jobs:
            yield from at_once(waiting[fresh.pop(0)])
        for part in self._parts(fresh, waiting):
            jobs.append(self._create(url, part, waiting))
        for job, results in self._ended(jobs):
            yield from self._responses(job, results, waiting)

    def _parts(self, names: Sequence[str], calls: Mapping[str, TextCall]) -> Iterator[list[str]]:
        """Requests in portions that a job takes."""
        part: list[str] = []
        size = 0
        for name in names:
            length = len(json.dumps(calls[name].payload)) + 200
            if part and (len(part) >= self._form.most_requests or size + length > self._form.most_bytes):
                yield part
                part, size = [], 0
            part.append(name)
            size += length
        if part:
            yield part

    def _create(self, url: str, names: Sequence[str], calls: Mapping[str, TextCall]) -> BatchJob:
        self._meter.check()
        lines = [(name, self._parameters.apply(calls[name].payload)) for name in names]
        reply = self._do(lambda: self._form.create(self._transport, lines))
        job_id = reply.body.get("id") if reply.status == 200 and isinstance(reply.body, Mapping) else None
        if not isinstance(job_id, str):
            raise ModelError(
                f"No batch job can be created at {shown(url)}: {_what(reply)}.",
                hint="Without --batch, requests are sent one by one. What was answered is stored.",
            )
        job = BatchJob(job_id, url, self._model, tuple(names), time.time())
        self._memory.remember(job)
        log.info("%s requests are in the batch job %s, which may take a day.", f"{len(names):,}", job_id)
        return job

    def _ended(self, jobs: Sequence[BatchJob]) -> Iterator[tuple[BatchJob, Results]]:
        """Jobs with their results, as they end."""
        left, wait, failures = list(jobs), FIRST_WAIT, 0
        while left:
            for job in tuple(left):
                reply = self._do(lambda job=job: self._form.look(self._transport, job.id))
                failures = 0 if reply.status == 200 else failures + 1
                if reply.status != 200 or not isinstance(reply.body, Mapping):
                    self._check_look(job, reply, failures)
                elif self._form.has_ended(reply.body):
                    left.remove(job)
                    yield job, self._results(job, reply.body)
            if left:
                time.sleep(wait)
                wait = min(wait * GROWTH, LONGEST_WAIT)

    def _check_look(self, job: BatchJob, reply: Reply, failures: int) -> None:
        if reply.status == 404:
            self._memory.forget(job, job.requests)
            raise ModelError(
                f"The server has no batch job {job.id} any more: {_what(reply)}.",
                hint="The same command sends its requests again.",
            )
        is_passing = reply.status in (0, 408, 429) or reply.status >= 500
        if not is_passing or failures >= MOST_FAILURES:
            raise ModelError(
                f"The batch job {job.id} cannot be looked at: {_what(reply)}.",
                hint="It goes on at the server, and the same command finds it again.",
            )

    def _results(self, job: BatchJob, body: Mapping[str, Any]) -> Results:
        results = self._do(lambda: self._form.results(self._transport, body))
        if isinstance(results, Reply):
            raise ModelError(
                f"The results of the batch job {job.id} cannot be read: {_what(results)}.",
                hint="They stay at the server, and the same command finds them again.",
            )
        if not results and isinstance(body.get("errors"), Mapping):
            log.error("The batch job %s failed: %s", job.id, _first_error(body["errors"]))
        return results

    def _responses(
        self, job: BatchJob, results: Results, calls: Mapping[str, TextCall]
    ) -> Iterator[tuple[int, Response]]:
        """The responses of a job; what failed is taken out of the memory first."""
        replies = dict(results)
        wanted = [name for name in job.requests if name in calls]
        responses = {name: self._response(calls[name], replies.get(name)) for name in wanted}
        failed = {_digest(name) for name, one in responses.items() if isinstance(one, Refusal)}
        # With all that are equal to them: which of those are stored could not be told apart any more.
        self._memory.forget(job, [name for name in job.requests if _digest(name) in failed])
        for name in wanted:
            yield calls[name].index, responses[name]

    def _response(self, call: TextCall, reply: Reply | None) -> Response:
        if reply is None:
            return Refusal("the batch job ended without a reply to it", retryable=True)
        if reply.status != 200 or not isinstance(reply.body, Mapping):
            return Refusal(f"the request failed: {_what(reply)}", retryable=reply.status != 400)
        self._meter.add(reply.body)
        return self._read(reply, call.read)

    def _do(self, work: Callable[[], Any]) -> Any:
        async def job(_: Sender) -> list[Any]:
            return [await work()]

        [result] = [one for results in self._run(iter([job])) for one in results]
        return result


def note_pending(calls: Sequence[TextCall], jobs: Sequence[BatchJob]) -> None:
    """Warn of requests that are sent now although a remembered job has them.

    Args:
        calls: The requests.
        jobs: The jobs.
    """
    for job in jobs:
        waiting = set(job.requests).intersection(_named_calls(calls, job.requests))
        if waiting:
            log.warning(
                "%s of these requests are in the batch job %s and are sent once more: --batch would take its results.",
                f"{len(waiting):,}", job.id,
            )  # fmt: skip


def _named_calls(calls: Sequence[TextCall], known: Sequence[str]) -> dict[str, TextCall]:
    """Requests by their names: those of equal ones go on where the numbers of known ones end, counted from behind."""
    groups: dict[str, list[TextCall]] = {}
    for call in calls:
        plain = {name: value for name, value in call.payload.items() if name != "seed"}
        digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:40]
        groups.setdefault(digest, []).append(call)
    counts: dict[str, int] = {}
    for name in known:
        number = name.partition("-")[2]
        counts[_digest(name)] = max(counts.get(_digest(name), 0), int(number) + 1 if number.isdecimal() else 0)
    named: dict[str, TextCall] = {}
    for digest, members in groups.items():
        first = max(0, counts.get(digest, 0) - len(members))
        named.update({f"{digest}-{first + place}": call for place, call in enumerate(members)})
    return named


def _digest(name: str) -> str:
    return name.partition("-")[0]


def _first_error(errors: Mapping[str, Any]) -> str:
    data = errors.get("data")
    return Reply(400, data[0] if isinstance(data, list) and data else dict(errors)).message


def _what(reply: Reply) -> str:
    return f"status {reply.status}: {reply.message}" if reply.status else reply.message
