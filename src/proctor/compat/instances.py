"""proctor's requests as the instances that lm-eval's models are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor.compat.api.instance import Instance
from proctor.types import Doc, Loglikelihood, Origin, Request, Rolling


def instances_of(
    request: Request,
    doc: Doc | None = None,
    metadata: tuple[str | None, int | None, int] = (None, None, 1),
    idx: int = 0,
) -> list[Instance]:
    """A request as lm-eval's instances, numbered from ``idx`` on: one for each continuation."""
    kind, arguments = _arguments(request)
    about = {} if doc is None else dict(doc)
    return [
        Instance(request_type=kind, doc=about, arguments=one, idx=number, metadata=metadata)
        for number, one in enumerate(arguments, idx)
    ]


def _arguments(request: Request) -> tuple[Any, list[tuple[Any, ...]]]:
    if isinstance(request, Loglikelihood):
        return "loglikelihood", [(request.context, continuation) for continuation in request.continuations]
    if isinstance(request, Rolling):
        return "loglikelihood_rolling", [(request.text,)]
    return "generate_until", [(request.prompt, dict(request.kwargs))]


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
