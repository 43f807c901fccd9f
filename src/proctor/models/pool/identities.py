"""Whether two processes hold the same model, by its identity."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def identity_digest(identity: Mapping[str, Any] | None) -> str:
    """A digest of what a model's responses depend on; empty where it has no identity.

    Args:
        identity: As :class:`~proctor.models.protocols.IdentifiedModel` has it.
    """
    if identity is None:
        return ""
    return hashlib.sha256(json.dumps(identity, sort_keys=True, default=str).encode()).hexdigest()
