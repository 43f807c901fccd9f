"""A pool of copies of one model on a Ray cluster, as a model: the run does not know that it is several."""

# What is where
# -------------
#   this process: tasks, prompts, store, grades, files; and of the model what needs no weights (tokenizer, template,
#                 identity), by the kind's own late opening
#   workers:      one copy of the model each, with its weights; requests in, responses out
#
# The keys of the store are those of the model inside: a run with a pool and one without share their responses. That is
# right only if a worker's model is the one whose identity was computed here, so each worker computes it, too, and
# another one ends the run. Facts that only weights know (parameters, dtype) are the first worker's.
#
# Requests are divided by whole prefixes, and a unit is planned as a whole, also where a part of it is cached or came
# from a worker that was lost. So the last bits of scores depend on how many workers were asked for, and not on which of
# them computed what, in which order, or how many were lost on the way.
#
# Invariant: one response for each request, whatever happens to workers; or an error, with all that came before stored.

from __future__ import annotations

import hashlib
import logging
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proctor.errors import ModelError, UsageError
from proctor.lazy import need_installed
from proctor.models.kinds import ModelKind
from proctor.models.pool.arguments import PoolArguments
from proctor.models.pool.carried_code import added_row, own_modules
from proctor.models.pool.cluster import amounts, connect, is_alone, leave, live_nodes, worker_needs
from proctor.models.pool.dispatch import Dispatch, respond_by
from proctor.models.pool.events import WorkerError
from proctor.models.pool.partition import request_load, work_queue
from proctor.models.pool.ray_worker import Opening
from proctor.models.pool.ray_workers import RayWorkers
from proctor.models.pool.reports import merge_reports
from proctor.models.protocols import IdentifiedModel, LoadableModel, Model, Origin, OriginModel, RecallableModel
from proctor.plurals import counted
from proctor.secret_names import is_secret_variable
from proctor.types import Request, Response

log = logging.getLogger("proctor")

PASSED_ON = ("HF_", "HUGGINGFACE_", "TRANSFORMERS_", "TOKENIZERS_", "PROCTOR_", "VLLM_")
"""Beginnings of variables that workers get from here where their machine has none; of secrets none is passed on."""


class RayPool:
    """Copies of a model on a Ray cluster as :class:`proctor.models.protocols.Model`.

    Args:
        inner: The model, without its weights.
        opening: What each worker opens its copy with.
        arguments: How many copies there shall be, and on what.
        devices: GPUs that a copy takes where there are some.
    """

    is_remote = True
    loading = "Starting Ray"

    def __init__(self, inner: Model, opening: Opening, arguments: PoolArguments, *, devices: int) -> None:
        self._inner, self._opening, self._arguments, self._devices = inner, opening, arguments, devices
        self._workers: RayWorkers | None = None
        self._ray: Any = None
        self._recalled = self._closed = False
        self._calls = 0
        self._facts: Mapping[str, Any] | None = None
        self._report: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """The name of the model inside."""
        return self._inner.name

    @property
    def identity(self) -> Mapping[str, Any] | None:
        """That of the model inside: the same responses, under the same keys."""
        return self._inner.identity if isinstance(self._inner, IdentifiedModel) else None

    @property
    def info(self) -> Mapping[str, Any]:
        """Facts of the model inside; where only weights know them, of the first worker."""
        if self._facts is None and (self._recalled or not isinstance(self._inner, LoadableModel)):
            return self._inner.info
        if self._facts is None:
            self.load()
        return self._facts or {}

    def recall(self, facts: Mapping[str, Any]) -> None:
        """Take over what a loaded model with the same identity said of itself."""
        if isinstance(self._inner, RecallableModel):
            self._inner.recall(facts)
            self._recalled = True

    def load(self) -> None:
        """Join the cluster, start workers, and wait until the first of them has read its model."""
        if self._closed:
            raise ModelError("This model is closed.")
        if self._workers is not None:
            return
        arguments = self._arguments
        self._ray = connect(arguments)
        for module in own_modules(self._opening.row):
            self._ray.cloudpickle.register_pickle_by_value(module)
        needs = worker_needs(arguments, live_nodes(self._ray), devices=self._devices, local=is_alone(self._ray))
        self._workers = RayWorkers(self._ray, self._opening, needs, wait=arguments.wait, identity=self.identity)
        log.info("Starting %s on Ray, each with %s.", counted(needs.workers, "worker"), amounts(needs.gpus, needs.cpus))
        while self._workers.facts is None:
            for event in self._workers.events():
                if isinstance(event, WorkerError):
                    raise event.error
        self._facts = self._workers.facts.info

    def respond(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """Respond to every request once, in any order."""
        return self.resume(requests, range(len(requests)))

    def resume(self, requests: Sequence[Request], missing: Sequence[int]) -> Iterator[tuple[int, Response]]:
        """Respond to those at ``missing``, planned as a part of all."""
        return self._respond(requests, missing, ())

    def render(
        self, messages: Sequence[Mapping[str, str]], *, add_generation_prompt: bool, template: str | None = None
    ) -> str:
        """Apply the chat template of the model inside."""
        return self._inner.render(messages, add_generation_prompt=add_generation_prompt, template=template)

    def chat_template(self, name: str | bool) -> str:
        """The text of the chat template in use."""
        return self._inner.chat_template(name)

    def report(self) -> Mapping[str, Any]:
        """What happened in all workers, added up; and how many there were."""
        if self._workers is None and self._report is None:
            return self._inner.report()
        if self._workers is not None:
            merged = merge_reports(self._workers.reports())
            self._report = {"truncated": {}, "batch_sizes": [], "scoring": {}, **merged}
            self._report["pool"] = {"kind": "ray", "workers": self._workers.count, "lost": self._workers.lost}
        return self._report or {}

    def close(self) -> None:
        """End the workers and leave the cluster."""
        self._closed = True
        self.report()
        self._drop_workers()
        self._inner.close()

    def _respond(
        self, requests: Sequence[Request], missing: Sequence[int], origins: Sequence[Origin]
    ) -> Iterator[tuple[int, Response]]:
        if not missing:
            return
        self.load()
        workers = self._workers
        assert workers is not None
        units = [unit.members for unit in work_queue([request_load(one) for one in requests], workers.planned)]
        dispatch = Dispatch(requests, units, missing, seed=self._seed(), origins=origins)
        log.log(
            # A long run comes in chunks, each with its own queue.
            logging.INFO if self._calls == 1 else logging.DEBUG,
            *("%s for %s.", counted(dispatch.queued, "unit of work", "units of work")),
            counted(workers.planned, "worker"),
        )
        done = False
        try:
            yield from respond_by(workers, dispatch)
            done = True
        finally:
            if not done:
                # What they have in hand belongs to a call that has ended.
                self.report()
                self._drop_workers()

    def _drop_workers(self) -> None:
        workers, self._workers = self._workers, None
        if workers is not None:
            workers.close()
        ray, self._ray = self._ray, None
        if ray is not None:
            leave(ray)

    def _seed(self) -> int:
        """For what workers draw: it depends on the seeds of the run, and differs from call to call."""
        self._calls += 1
        state = repr((random.getstate(), self._calls)).encode()
        return int.from_bytes(hashlib.sha256(state).digest()[:4], "little")


class OriginRayPool(RayPool):
    """The same for a model that is told what its requests are about."""

    def respond_about(self, requests: Sequence[Request], origins: Sequence[Origin]) -> Iterator[tuple[int, Response]]:
        """As :meth:`respond`, with an origin for each request."""
        return self._respond(requests, range(len(requests)), origins)


def open_ray_pool(
    name: str, kind: ModelKind, args: Mapping[str, Any], arguments: PoolArguments, **settings: Any
) -> RayPool:
    """Open a pool without its workers: they start when the first request reaches it.

    Args:
        name: The kind's name.
        kind: The kind of model inside.
        args: The arguments of each copy.
        arguments: The pool's.
        settings: Keywords of :func:`proctor.models.open_model`.

    Raises:
        UsageError: An argument is wrong.
        MissingExtraError: Ray is not installed.
    """
    need_installed("ray", extra="ray")
    _check_inner(args, settings)
    inner = kind.opener(lazily=True)(args, **settings)
    environment = {
        key: value
        for key, value in os.environ.items()
        if key.startswith(PASSED_ON) and not is_secret_variable(key, value)
    }
    folder = None if arguments.working_dir else os.getcwd()
    opening = Opening(name, args, settings, added_row(name), environment, folder)
    pool = OriginRayPool if isinstance(inner, OriginModel) else RayPool
    return pool(inner, opening, arguments, devices=kind.devices_of(args))


def _check_inner(args: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    if str(args.get("distributed_executor_backend")) == "ray":
        raise UsageError(
            "An engine that starts Ray itself cannot run in a worker of Ray's: it would wait for its own devices.",
            hint="Leave distributed_executor_backend=ray out.",
        )
    device = settings.get("device")
    if device is not None and ":" in str(device):
        raise UsageError(
            f"Each worker sees its own devices alone, and {device} may be none of them.",
            hint="Leave the number out, or --device as a whole.",
        )
