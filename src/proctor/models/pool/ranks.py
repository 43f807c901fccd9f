"""Rank 0's side of a pool: a model that responds with the models of all ranks."""

# Who does what
# -------------
#                    rank 0                                                   rank 1, 2 ...
#   main thread      tasks, store, grading, printing, files                   model.resume(share, missing)
#                    model.resume(own share, missing) --+
#   threads          responses of the others ----------> inbox --> yield      frames in, frames out
#
# Whoever runs this model sees a model: requests in, responses out as each completes. Requests, prompts and seeds are
# therefore those of one process, and what arrives from another rank is stored as what is computed here.
#
# Each call deals its requests anew, by :func:`proctor.models.pool.partition.partition`. A queue of smaller units, from
# which ranks take the next when they are done, was weighed: it helps where machines differ, which ranks of one launcher
# seldom do, and costs full batches: texts of an eighth of a share are generated side by side instead of all of them.
#
# A run that goes on deals all requests of the run again and asks each rank for what is missing of its share: with the
# same number of ranks the last bits are those of a run that was not stopped.
#
# If a rank fails, whatever the others have sent by then is yielded first, and so stored; then the error is raised.
#
# Ranks that hold one model together are a team (:mod:`proctor.models.pool.teams`): each team has one share.
#
# Invariants
#   - Each wanted request is yielded once, or an error is raised.
#   - Frames of an earlier call, and errors of an earlier model, are dropped by their number.

from __future__ import annotations

import hashlib
import logging
import queue
import random
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from proctor.errors import ModelError, RequestError
from proctor.models.pool.frames import (
    CloseFrame,
    DoneFrame,
    ErrorFrame,
    Frame,
    FrameError,
    LoadFrame,
    ResponsesFrame,
    WorkFrame,
)
from proctor.models.pool.identities import identity_digest
from proctor.models.pool.partition import partition, request_load
from proctor.models.pool.rank_group import AGAIN, RankGroup
from proctor.models.pool.reports import merge_reports
from proctor.models.pool.teams import teams_of
from proctor.models.pool.worker import seed_torch
from proctor.models.prefix.cost import many
from proctor.models.protocols import IdentifiedModel, LoadableModel, Model, RecallableModel, ResumableModel
from proctor.plurals import counted
from proctor.types import Request, Response

log = logging.getLogger("proctor")

TEAM_NOTICE = 5.0
"""Seconds for which rank 0, whose own computation has failed, waits for the error of another rank of its team."""

_Share: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""The requests of a rank, by their places among all, in the order of the run; and which of these are wanted, by their
places in the share."""


class RankPool:
    """A model on several ranks as :class:`proctor.models.protocols.Model`.

    Args:
        model: This rank's own.
        group: The other ranks.
        team: How many ranks hold one model.
    """

    def __init__(self, model: Model, group: RankGroup, team: int = 1) -> None:
        if not isinstance(model, ResumableModel):
            raise TypeError(f"{model.name} cannot respond to a part of its requests.")
        self._model: Any = model
        self._group = group
        self._teams = teams_of(group.size, team)
        group.team = self._teams[0]
        self._are_weights_needed = team > 1
        self._opened = self._number = group.number
        self._digest: str | None = None
        self._reports: dict[int, Mapping[str, Any]] = {}

    @property
    def name(self) -> str:
        """Name for the results."""
        return self._model.name

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts for the results file."""
        if self._are_weights_needed:
            # Those of a team read their parts together.
            self.load()
        return self._model.info

    @property
    def identity(self) -> Mapping[str, Any] | None:
        """What its responses depend on; the other ranks compare their models with it."""
        identity = self._model.identity if isinstance(self._model, IdentifiedModel) else None
        self._digest = identity_digest(identity)
        return identity

    def recall(self, facts: Mapping[str, Any]) -> None:
        """Take over what a loaded model with the same identity reported."""
        if isinstance(self._model, RecallableModel):
            self._model.recall(facts)
            self._are_weights_needed = False

    def load(self) -> None:
        """Read the weights on all ranks at once."""
        self._are_weights_needed = False
        self._group.send_all(LoadFrame(self._opened))
        if isinstance(self._model, LoadableModel):
            self._model.load()

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template; ``template`` names one of several."""
        return self._model.render(messages, add_generation_prompt=add_generation_prompt, template=template)

    def chat_template(self, name: str | bool) -> str:
        """The text of the chat template in use."""
        return self._model.chat_template(name)

    def report(self) -> Mapping[str, Any]:
        """What happened on all ranks."""
        reports = [self._model.report(), *(self._reports[rank] for rank in sorted(self._reports))]
        return {**merge_reports(reports), "ranks": self._group.size}

    def close(self) -> None:
        """Free what all ranks hold."""
        self._group.send_all(CloseFrame())
        self._model.close()

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Respond to all requests."""
        return self.resume(requests, range(len(requests)))

    def resume(self, requests: Sequence[Request], missing: Sequence[int]) -> Iterator[tuple[int, Response]]:
        """Respond to those at ``missing``, each team to those of its share of all ``requests``."""
        if self._group.loss is not None:
            raise self._group.loss
        # Counted by the group: a rank may still send what an earlier model was asked for.
        self._group.number += 1
        self._number = self._group.number
        shares = self._deal(requests, frozenset(missing))
        waiting = {team[0] for team in self._teams[1:] if shares[team[0]][1]}
        seed = self._send_all(requests, shares)
        try:
            if len(self._teams[0]) > 1:
                seed_torch(seed)
            for number, response in self._own(requests, *shares[0]):
                yield number, response
                yield from self._arrived(shares, waiting)
            while waiting:
                yield from self._take(*self._group.inbox.get(), shares, waiting)
        except (Exception, KeyboardInterrupt) as error:
            is_of_team = len(self._teams[0]) > 1 and not isinstance(error, RequestError | KeyboardInterrupt)
            reported = yield from self._rest(shares, TEAM_NOTICE if is_of_team else 0.0)
            if self._group.loss is not None:
                # A launcher that sees a rank die stops the others by a signal: the loss is what happened.
                raise self._group.loss from None
            if is_of_team and reported is not None:
                # What this rank saw is that another one of its team computes no more.
                raise reported from None
            raise

    def _deal(self, requests: Sequence[Request], wanted: frozenset[int]) -> dict[int, _Share]:
        """The share of each team, by the first of its ranks."""
        units = partition([request_load(request) for request in requests], len(self._teams))
        costs = [unit.cost for unit in units]
        log.log(
            # A run that may stop early sends a few requests at a time.
            logging.INFO if self._number == self._opened + 1 else logging.DEBUG,
            "%s for %s: %s to %s characters each, shared prefixes once.",
            *(
                counted(len(requests), "request"),
                counted(len(units), "rank" if len(units) == self._group.size else "team"),
                many(min(costs)),
                many(max(costs)),
            ),
        )
        shares = zip(self._teams, (tuple(sorted(unit.members)) for unit in units), strict=True)
        return {
            team[0]: (share, tuple([at for at, place in enumerate(share) if place in wanted])) for team, share in shares
        }

    def _send_all(self, requests: Sequence[Request], shares: Mapping[int, _Share]) -> int:
        """Send each other rank the share of its team; the seed of this rank's own team."""
        own = 0
        if self._digest is None:
            # A run without a store does not ask for it, and must not mix two models either.
            self._digest = identity_digest(self.identity)
        for team in self._teams:
            state = repr((self._number, team[0], random.getstate())).encode()
            seed = int.from_bytes(hashlib.sha256(state).digest()[:4], "little")
            own = own if team[0] else seed
            members, left = shares[team[0]]
            if not left:
                continue
            wanted = tuple([requests[place] for place in members])
            for rank in team:
                if rank:
                    self._send(rank, WorkFrame(self._number, wanted, left, seed, self._digest, rank != team[0]))
        return own

    def _send(self, rank: int, work: WorkFrame) -> None:
        try:
            self._group.send(rank, work)
        except FrameError as error:
            raise ModelError(f"Requests cannot be sent to other ranks: {error}.") from error

    def _own(
        self, requests: Sequence[Request], members: Sequence[int], left: Sequence[int]
    ) -> Iterator[tuple[int, Response]]:
        """The responses of this rank; the loss of another may interrupt it."""
        if not left:
            return
        responses = self._model.resume([requests[place] for place in members], left)
        try:
            while (pair := self._next(responses)) is not None:
                yield members[pair[0]], pair[1]
        except RequestError as error:
            raise RequestError(members[error.request], error.message, hint=error.hint) from error

    def _next(self, responses: Iterator[tuple[int, Response]]) -> tuple[int, Response] | None:
        self._group.computing.set()
        try:
            return next(responses, None)
        finally:
            self._group.computing.clear()

    def _arrived(self, shares: Mapping[int, _Share], waiting: set[int]) -> Iterator[tuple[int, Response]]:
        while not self._group.inbox.empty():
            yield from self._take(*self._group.inbox.get(), shares, waiting)

    def _take(
        self, rank: int, frame: Frame, shares: Mapping[int, _Share], waiting: set[int]
    ) -> Iterator[tuple[int, Response]]:
        """What one frame of another rank gives."""
        members = shares[rank - rank % len(self._teams[0])][0]
        if isinstance(frame, ResponsesFrame) and frame.number == self._number:
            yield from ((members[number], response) for number, response in frame.pairs)
        elif isinstance(frame, DoneFrame) and frame.number == self._number:
            self._reports[rank] = frame.report
            waiting.discard(rank)
        elif isinstance(frame, ErrorFrame) and (self._group.loss is not None or frame.number >= self._opened):
            if frame.request is not None and frame.number == self._number:
                raise RequestError(members[frame.request], frame.message, hint=frame.hint)
            raise self._error(rank, frame)

    def _error(self, rank: int, frame: ErrorFrame) -> ModelError:
        return ModelError(f"Rank {rank} of {self._group.size}: {frame.message}", hint=frame.hint or AGAIN)

    def _rest(
        self, shares: Mapping[int, _Share], seconds: float
    ) -> Generator[tuple[int, Response], None, ModelError | None]:
        """The responses that have arrived by now, and the first error, which is waited for some ``seconds``."""
        deadline = time.monotonic() + seconds
        first: ModelError | None = None
        while True:
            try:
                left = 0.0 if first is not None else deadline - time.monotonic()
                rank, frame = self._group.inbox.get(timeout=max(0.001, left))
            except queue.Empty:
                return first
            if isinstance(frame, ResponsesFrame):
                yield from self._take(rank, frame, shares, set())
            elif isinstance(frame, ErrorFrame) and first is None:
                first = self._error(rank, frame)
