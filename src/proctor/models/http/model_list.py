"""The models that a server lists: whether the wanted one is there, and what it can take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proctor.errors import ModelError, did_you_mean
from proctor.models.http.endpoints import Endpoint
from proctor.models.http.transport import Transport
from proctor.models.protocols import Check


async def listed_models(transport: Transport, endpoint: Endpoint) -> dict[str, Mapping[str, Any]]:
    """The rows of a server's list of models, by their names; none where it has no list.

    Args:
        transport: Reaches the server.
        endpoint: The server.
    """
    reply = await transport.get(f"{endpoint.api}/models")
    listed = reply.body.get("data") if reply.status == 200 and isinstance(reply.body, Mapping) else None
    return {str(row["id"]): row for row in listed or () if isinstance(row, Mapping) and "id" in row}


async def look_at_models(transport: Transport, endpoint: Endpoint, model: str, probes: list[Check]) -> int | None:
    """Whether a server knows a model, and its limit.

    Args:
        transport: Reaches the server.
        endpoint: The server.
        model: The name.
        probes: Takes what came of it.

    Returns:
        The most tokens of prompt and response; None where the server does not say.

    Raises:
        ModelError: It lists other models only.
    """
    rows = await listed_models(transport, endpoint)
    if not rows:
        probes.append(Check("names", "skipped", "the server lists no models"))
        return None
    if model not in rows:
        names = ", ".join(sorted(rows)[:10])
        raise ModelError(
            f"The server at {endpoint.api} has no model named '{model}'.",
            hint=did_you_mean(model, rows) or f"Its models: {names}.",
        )
    probes.append(Check("names", "passed", f"{len(rows)} models" if len(rows) > 1 else "the server's only model"))
    return _limit(rows[model])


def _limit(row: Mapping[str, Any]) -> int | None:
    meta = row.get("meta")
    # vLLM; and llama-server, where it is a slot's part of the context.
    limits = (row.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, Mapping) else None)
    return next((limit for limit in limits if isinstance(limit, int) and limit > 0), None)
