"""Batch jobs that were created, remembered beside the store, so that no request of a killed run is paid for twice."""

# A folder with a file for each job, not one file with all: two runs with one store then never write the same file. A
# file is written in one step, right after the server has named the job.
#
# A job stays for as long as its results do. Requests whose responses are stored are never looked for; those that failed
# are taken out, so that the same command sends them again.

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from proctor.errors import ModelError

log = logging.getLogger("proctor")

KEPT_DAYS = 29
"""Both vendors have results for as long."""


@dataclass(frozen=True, slots=True)
class BatchJob:
    """One job.

    Attributes:
        id: The server's name for it.
        url: The endpoint that its requests are for.
        model: The model.
        requests: The ``custom_id`` of each.
        created: Unix time in seconds.
    """

    id: str
    url: str
    model: str
    requests: tuple[str, ...]
    created: float


class BatchMemory:
    """The jobs of one store.

    Args:
        folder: Where their files are; made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def jobs(self, url: str, model: str) -> list[BatchJob]:
        """The jobs whose results may still be had, in the order in which they were created.

        Args:
            url: The endpoint.
            model: The model.
        """
        jobs = [job for file in sorted(self._folder.glob("*.json")) if (job := _read(file)) is not None]
        since = time.time() - KEPT_DAYS * 86_400
        wanted = [job for job in jobs if (job.url, job.model) == (url, model) and job.created > since]
        return sorted(wanted, key=lambda job: (job.created, job.id))

    def remember(self, job: BatchJob) -> None:
        """Write a job down.

        Args:
            job: The job.

        Raises:
            ModelError: Its file cannot be written.
        """
        file = self._file(job)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(f".{os.getpid()}.draft")
            draft.write_text(json.dumps(asdict(job)), encoding="utf-8")
            draft.replace(file)
        except OSError as error:
            raise ModelError(
                f"The batch job {job.id} was created, and cannot be written to {self._folder}: {error.strerror}.",
                hint="Cancel it at the server, or the same command pays for its requests again.",
            ) from error

    def forget(self, job: BatchJob, requests: Sequence[str]) -> None:
        """Take requests out of a job; a job without any is forgotten.

        Args:
            job: The job.
            requests: Those that are to be sent again.
        """
        if not requests:
            return
        failed = set(requests)
        left = tuple(one for one in job.requests if one not in failed)
        if left:
            self.remember(replace(job, requests=left))
        else:
            with contextlib.suppress(OSError):
                self._file(job).unlink()

    def _file(self, job: BatchJob) -> Path:
        # The server's name may hold whatever it likes.
        return self._folder / f"{hashlib.sha256(f'{job.url} {job.id}'.encode()).hexdigest()[:24]}.json"


def _read(file: Path) -> BatchJob | None:
    try:
        job = BatchJob(**json.loads(file.read_text(encoding="utf-8")))
        texts = (job.id, job.url, job.model, *job.requests)
        if not all(isinstance(text, str) for text in texts):
            raise TypeError
        return replace(job, requests=tuple(job.requests), created=float(job.created))
    except (OSError, ValueError, TypeError):
        log.warning("%s does not describe a batch job, and is left out.", file)
        return None
