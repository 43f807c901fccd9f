"""A probe as a JSON file: written for one model, read as the reference of another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor.errors import OutputError, UsageError
from proctor.probe.run import ItemResult, ProbeResult, TaskResult

FORMAT = "proctor probe 1"


@dataclass(frozen=True, slots=True)
class Reference:
    """What a model that cannot have seen the exam made of it: by task and ``doc_hash``."""

    model: str
    items: Mapping[tuple[str, str], ItemResult]


def probe_document(result: ProbeResult) -> dict[str, Any]:
    """The numbers of a probe, as :func:`read_reference` takes them.

    Args:
        result: The probe.
    """
    return {"format": FORMAT, "model": result.model, "tasks": {one.task: _task(one) for one in result.tasks}}


def _task(task: TaskResult) -> dict[str, Any]:
    items = [
        {
            "doc_id": item.doc_id,
            "doc_hash": item.doc_hash,
            "orders": list(item.orders),
            "completion": item.completion,
            "bytes": item.length,
            "greedy": item.is_greedy,
            "min_k": item.min_k,
            "min_k_plus_plus": item.min_k_plus_plus,
        }
        for item in task.items
    ]
    return {"kinds": dict(task.kinds), "refused": task.refused, "items": items}


def write_probe(result: ProbeResult, path: str) -> None:
    """Write the numbers of a probe.

    Args:
        result: The probe.
        path: The file.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        text = json.dumps(probe_document(result), ensure_ascii=False)
        Path(path).write_text(text + "\n", encoding="utf-8", errors="surrogatepass")
    except OSError as error:
        raise OutputError(
            f"The probe cannot be written to {path}: {error.strerror}.", hint="Name another --output."
        ) from error


def read_reference(path: str) -> Reference:
    """Read what ``--output`` wrote for another model.

    Args:
        path: The file.

    Raises:
        UsageError: It cannot be read, or is none.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8", errors="surrogatepass"))
    except OSError as error:
        raise UsageError(f"The reference {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"The reference {path} is not JSON: {error}.", hint=_HINT) from error
    try:
        if document["format"] != FORMAT:
            raise ValueError(f"its format is {document['format']!r}")
        items = {
            (task, one["doc_hash"]): _item(one) for task, part in document["tasks"].items() for one in part["items"]
        }
        return Reference(str(document["model"]), items)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise UsageError(f"The reference {path} is no probe: {error}.", hint=_HINT) from error


_HINT = "'proctor probe --model ... --tasks ... --output FILE' writes one, for the model that is the reference."


def _item(given: Mapping[str, Any]) -> ItemResult:
    orders = tuple(map(float, given["orders"]))
    completion = None if given["completion"] is None else float(given["completion"])
    # Probes that were written before these were known have none.
    keys = ("min_k", "min_k_plus_plus")
    least, standardized = (None if given.get(key) is None else float(given[key]) for key in keys)
    return ItemResult(
        *(int(given["doc_id"]), str(given["doc_hash"]), orders, completion, int(given["bytes"])),
        *(bool(given["greedy"]), least, standardized),
    )
