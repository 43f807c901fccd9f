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
# Invariants
#   - Each wanted request is yielded once, or an error is raised.
#   - Frames of an earlier call, and errors of an earlier model, are dropped by their number.

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Iterator, Mapping, Sequence
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
from proctor.models.prefix.cost import many
from proctor.models.protocols import IdentifiedModel, LoadableModel, Model, RecallableModel, ResumableModel
from proctor.plurals import counted
from proctor.types import Request, Response

log = logging.getLogger("proctor")

_Share: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""The requests of a rank, by their places among all, in the order of the run; and which of these are wanted, by their
places in the share."""


class RankPool:
    """A model on several ranks as :class:`proctor.models.protocols.Model`.

    Args:
        model: This rank's own.
        group: The other ranks.
    """

    def __init__(self, model: Model, group: RankGroup) -> None:
        if not isinstance(model, ResumableModel):
            raise TypeError(f"{model.name} cannot respond to a part of its requests.")
        self._model: Any = model
        self._group = group
        self._opened = self._number = group.number
        self._digest = ""
        self._reports: dict[int, Mapping[str, Any]] = {}

    @property
    def name(self) -> str:
        """Name for the results."""
        return self._model.name

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts for the results file."""
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

    def load(self) -> None:
        """Read the weights on all ranks at once."""
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
        """Respond to those at ``missing``, each rank to those of its share of all ``requests``."""
        if self._group.loss is not None:
            raise self._group.loss
        # Counted by the group: a rank may still send what an earlier model was asked for.
        self._group.number += 1
        self._number = self._group.number
        shares = self._deal(requests, frozenset(missing))
        waiting = {rank for rank in self._group.others if shares[rank][1]}
        for rank in waiting:
            self._send(rank, requests, shares[rank])
        try:
            for number, response in self._own(requests, *shares[0]):
                yield number, response
                yield from self._arrived(shares, waiting)
            while waiting:
                yield from self._take(*self._group.inbox.get(), shares, waiting)
        except (Exception, KeyboardInterrupt):
            yield from self._rest(shares)
            if self._group.loss is not None:
                # A launcher that sees a rank die stops the others by a signal: the loss is what happened.
                raise self._group.loss from None
            raise

    def _deal(self, requests: Sequence[Request], wanted: frozenset[int]) -> list[_Share]:
        units = partition([request_load(request) for request in requests], self._group.size)
        costs = [unit.cost for unit in units]
        log.log(
            # A run that may stop early sends a few requests at a time.
            logging.INFO if self._number == self._opened + 1 else logging.DEBUG,
            "%s for %d ranks: %s to %s characters each, shared prefixes once.",
            *(counted(len(requests), "request"), self._group.size, many(min(costs)), many(max(costs))),
        )
        shares = [tuple(sorted(unit.members)) for unit in units]
        return [(share, tuple([at for at, place in enumerate(share) if place in wanted])) for share in shares]

    def _send(self, rank: int, requests: Sequence[Request], share: _Share) -> None:
        members, left = share
        state = repr((self._number, rank, random.getstate())).encode()
        seed = int.from_bytes(hashlib.sha256(state).digest()[:4], "little")
        work = WorkFrame(self._number, tuple([requests[place] for place in members]), left, seed, self._digest)
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

    def _arrived(self, shares: Sequence[_Share], waiting: set[int]) -> Iterator[tuple[int, Response]]:
        while not self._group.inbox.empty():
            yield from self._take(*self._group.inbox.get(), shares, waiting)

    def _take(
        self, rank: int, frame: Frame, shares: Sequence[_Share], waiting: set[int]
    ) -> Iterator[tuple[int, Response]]:
        """What one frame of another rank gives."""
        members = shares[rank][0]
        if isinstance(frame, ResponsesFrame) and frame.number == self._number:
            yield from ((members[number], response) for number, response in frame.pairs)
        elif isinstance(frame, DoneFrame) and frame.number == self._number:
            self._reports[rank] = frame.report
            waiting.discard(rank)
        elif isinstance(frame, ErrorFrame) and (self._group.loss is not None or frame.number >= self._opened):
            if frame.request is not None and frame.number == self._number:
                raise RequestError(members[frame.request], frame.message, hint=frame.hint)
            raise ModelError(f"Rank {rank} of {self._group.size}: {frame.message}", hint=frame.hint or AGAIN)

    def _rest(self, shares: Sequence[_Share]) -> Iterator[tuple[int, Response]]:
        """The responses that have arrived by now."""
        while not self._group.inbox.empty():
            rank, frame = self._group.inbox.get()
            if isinstance(frame, ResponsesFrame):
                yield from self._take(rank, frame, shares, set())
