"""When the identity of a model is certain enough that its responses are cached under it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

log = logging.getLogger("proctor")


def certain_identity(build: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """What ``build`` gives, or None and a sentence in the log where a model cannot be known again.

    Args:
        build: Reads files and settings; may raise OSError or MemoryError where they cannot be read, and TypeError or
            ValueError where one cannot be told from another by its text.

    Returns:
        A value that JSON can hold without loss.
    """
    try:
        identity = build()
        json.dumps(identity, allow_nan=False)
    except (OSError, MemoryError) as error:
        log.warning(
            "Responses of this model are not cached: it cannot be read to know it again (%s).",
            str(error) or "memory ran out",
        )
        return None
    except (TypeError, ValueError) as error:
        log.info("Responses of this model are not cached: it cannot be distinguished from others (%s).", error)
        return None
    return identity
