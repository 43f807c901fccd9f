"""The step of a run on a tracker's axis: what was given, or the number at the end of a checkpoint's name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from proctor.errors import UsageError

_CHECKPOINT = re.compile(r"(?i)(?:^|[-_.])(?:checkpoint|ckpt|chkpt|global_?step|step|iter|iteration|epoch)[-_=]?(\d+)$")


def step_of(model_args: Mapping[str, Any], name: str) -> int | None:
    """The number of a checkpoint; None where the name is no checkpoint's.

    ``llama-3`` and ``gpt2`` end in numbers, too, so a word such as ``checkpoint`` or ``step`` must stand before it, or
    the number is a folder of its own below another one.

    Args:
        model_args: The model's arguments: a revision is looked at first, then an adapter, then the model.
        name: The model's name.
    """
    values = (model_args.get("revision"), model_args.get("peft"), model_args.get("pretrained"), name)
    for value in values:
        path = PurePosixPath(str(value or "").replace("\\", "/").rstrip("/"))
        if match := _CHECKPOINT.search(path.name):
            return int(match[1])
        if path.name.isdecimal() and len(path.parts) > 1:
            return int(path.name)
    return None


def given_step(value: Any, flag: str) -> int | None:
    """The step that a flag gives.

    Args:
        value: The value of its ``step``; None where there is none.
        flag: The flag, for the message.

    Raises:
        UsageError: It is no whole number of at least 0.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{flag}: step is {value!r}; it must be a whole number of at least 0.")
    return value
