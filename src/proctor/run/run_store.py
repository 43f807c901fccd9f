"""What one run has to do with the store: where it is, what is written down of the run, how it ended."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from proctor.errors import UsageError
from proctor.models.protocols import IdentifiedModel, Model, PaidModel, RecallableModel
from proctor.plurals import counted
from proctor.records import Query
from proctor.results.redact import redact, redact_text
from proctor.run.ask import PendingQueries, ResponseSource
from proctor.run.command import command_line, command_note
from proctor.run.token_counts import TokenCounts
from proctor.settings.config import RunConfig
from proctor.store import runs
from proctor.store.db import UnusableStoreError, connect, connect_read_only, sentence
from proctor.store.location import VARIABLE, default_path, is_off, store_path
from proctor.store.response_cache import ResponseCache
from proctor.store.runs import Counts, NewRun, State
from proctor.store.store import Store, open_store
from proctor.types import ChoiceRoute, Refusal

log = logging.getLogger("proctor")


def path_of(config: RunConfig) -> Path | None:
    """Where this run's store is; None for a run without one."""
    if config.no_store:
        return None
    if config.store:
        return store_path(config.store)
    if config.use_cache:
        # lm-eval: a prefix, to which it adds _rank0.db.
        return Path(os.path.expanduser(f"{config.use_cache}.sqlite"))
    named = os.environ.get(VARIABLE)
    if named is None:
        return default_path()
    return None if is_off(named) else store_path(named)


class RunStore:
    """The store of one run, as a context: what was answered is committed however the run ends.

    ``source``: has the responses of a run that stores none. ``refusals``: those of the model, of finished chunks.
    ``paid``: by task, the texts that were requested and not found.
    """

    def __init__(self, config: RunConfig, model: Model, started: float, source: ResponseSource | None = None) -> None:
        self._model = model
        self._source = source
        self._pending: PendingQueries | None = None
        self._total = self._requests_before = self._looked_up = 0
        self._before = Counts()
        self._route: ChoiceRoute | None = None
        self.refusals: list[Refusal] = []
        self.paid: dict[str, TokenCounts] = {}
        path = path_of(config)
        # A model without an identity (a script's own) has no keys: its run is listed, its responses are not cached.
        identity = model.identity if path is not None and isinstance(model, IdentifiedModel) else None
        self._store: Store | None = None if path is None else open_store(path)
        self._responses: ResponseCache | None = None
        if self._store is None:
            return
        if identity is not None:
            seeds = (config.seed.python, config.seed.numpy, config.seed.torch)
            self._responses = ResponseCache(self._store, identity, seeds)
        self._store.commits_at_once = isinstance(model, PaidModel)
        digest = None if self._responses is None else self._responses.digest
        self._store.begin(
            NewRun(
                started,
                redact_text(model.name),
                command_line(),
                os.getcwd(),
                settings_of(config),
                redact(identity),
                digest,
            )
        )

    @property
    def digest(self) -> str | None:
        """What stands for the model in the store."""
        return None if self._responses is None else self._responses.digest.hex()

    def expect(self, total: int) -> None:
        """Take how many requests, as lm-eval counts and the display shows them, the run has."""
        self._total = total

    def pending(self, queries: Sequence[Query]) -> PendingQueries:
        """Questions of the run, those answered that are stored."""
        self._pending = PendingQueries(queries, self._responses or self._source, route=self._route)
        self._route = self._pending.route
        self._looked_up += self._pending.total
        return self._pending

    def close_chunk(self) -> None:
        """Forget the questions that were asked last, but for their number."""
        if self._pending is not None:
            self.refusals += self._pending.refusals
            for task, counts in self._pending.paid.items():
                self.paid.setdefault(task, TokenCounts()).merge(counts)
            self._requests_before += self._pending.requests
        self._before, self._pending = self.counts, None

    @property
    def counts(self) -> Counts:
        """How many requests were sent to the model, and how many responses were cached, so far."""
        now = Counts() if self._pending is None else self._pending.counts
        return Counts(self._before.requested + now.requested, self._before.cached + now.cached)

    def facts(self) -> Mapping[str, Any]:
        """What the model says of itself: remembered from an earlier run where this one asked it nothing."""
        store, responses = self._store, self._responses
        if store is None or responses is None:
            return self._model.info
        if self.counts.requested:
            facts = self._model.info
            # A run that finds all responses reads no weights, and so cannot know the model's number of parameters or
            # its dtype. Those are stored under the model's digest by a run that loads it.
            store.note_facts(responses.digest, json.loads(json.dumps(dict(facts), default=str)))
            return facts
        if isinstance(self._model, RecallableModel) and (known := store.recall_facts(responses.digest)) is not None:
            self._model.recall(known)
        return self._model.info

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit what was answered, and write down how the run ended."""
        if self._store is None:
            return
        state: State = "finished" if kind is None else "failed"
        try:
            is_written = self._store.flush()
        except KeyboardInterrupt:
            # Whoever stops twice is impatient, but not so much as to ask the model twice.
            is_written = self._store.flush()
            if kind is None:
                raise
        if isinstance(error, KeyboardInterrupt):
            state = "interrupted"
            self._note_stop(error, is_written=is_written)
        self._store.end(state, self.counts)
        self._store.close()

    @contextmanager
    def stops_noted(self) -> Iterator[None]:
        """Within, after the last response, a stop carries the note that all of them are cached."""
        try:
            yield
        except KeyboardInterrupt as stop:
            self._note_stop(stop, is_written=True)
            raise

    def _note_stop(self, stop: KeyboardInterrupt, *, is_written: bool) -> None:
        if self._responses is None or not is_written:
            stop.add_note(command_note("the same command begins again"))
            return
        if not self._looked_up:
            return
        requests = self._requests_before + (0 if self._pending is None else self._pending.requests)
        # Chunks to come have not been looked up; where an earlier run left responses, theirs may be cached as well.
        some = "at least " if self.counts.cached and self._looked_up < self._total else ""
        stop.add_note(
            f"the responses to {some}{requests:,} of {counted(self._total, 'request')} are cached; "
            + command_note("the same command continues")
        )


def settings_of(config: RunConfig) -> Mapping[str, Any]:
    """The configuration as JSON has it, without secrets: what it takes to plan the run again."""
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    plain = redact({**values, "seed": asdict(config.seed)})
    return json.loads(json.dumps(plain, default=lambda value: f"<{type(value).__name__}>"))


def note_results(config: RunConfig, started: float, results: str) -> None:
    """Note in the store where a run's results are, now that they are written; a failure is a warning.

    A store that could not be used at all has been reported when the run began.
    """
    path = path_of(config)
    if path is None or not os.path.exists(path):
        return
    try:
        with suppress(UnusableStoreError, UsageError), closing(connect(path)) as connection:
            runs.note_results(connection, started, redact_text(str(Path(results).absolute())))
    except (sqlite3.Error, OSError) as error:
        log.warning("'proctor runs' cannot say where these results are: %s: %s.", path, sentence(error))


def regradable_run(config: RunConfig, started: float) -> int | None:
    """The number of this process's run in the store, if ``proctor regrade`` can find its responses by it."""
    path = path_of(config)
    if path is None or not os.path.exists(path) or not config.tasks:
        return None
    try:
        with suppress(UnusableStoreError, UsageError), closing(connect_read_only(path)) as connection:
            matches = [run for run in runs.list_runs(connection) if run.started == started and run.digest is not None]
            return matches[-1].id if matches else None
    except (sqlite3.Error, OSError):
        return None
    return None
