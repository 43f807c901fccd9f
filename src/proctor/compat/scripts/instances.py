"""proctor's requests as the instances that lm-eval's models are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor.compat.tasks.instance import Instance
from proctor.models.protocols import Origin
from proctor.types import Doc, Request


def instances_of(
    request: Request,
    doc: Doc | None = None,
    metadata: tuple[str | None, int | None, int] = (None, None, 1),
    idx: int = 0,
) -> list[Instance]:
    """A request as lm-eval's instances, numbered from ``idx`` on: one for each continuation."""
    about = {} if doc is None else dict(doc)
    return [
        Instance(request_type=request.kind, doc=about, arguments=_own(arguments), idx=number, metadata=metadata)
        for number, arguments in enumerate(request.arguments, idx)
    ]


def _own(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments that a script may change: what it takes out of generation arguments stays in the request."""
    return tuple(dict(part) if isinstance(part, Mapping) else part for part in arguments)


def instances_about(requests: Sequence[Request], origins: Sequence[Origin]) -> list[list[Instance]]:
    """Each request's instances; those of one document are numbered through, repetitions alike."""
    instances: list[list[Instance]] = []
    before: tuple[Request, Origin] | None = None
    begin = end = 0
    for request, origin in zip(requests, origins, strict=True):
        if before is None or before[1] is not origin:
            begin = end = 0
        elif before[0] is not request:
            begin = end
        instances.append(instances_of(request, origin.doc, (origin.task, origin.doc_id, origin.repeats), begin))
        end = begin + len(instances[-1])
        before = request, origin
    return instances
