"""``lm_eval.evaluator_utils``: the two helpers of it that scripts with an evaluation loop of their own call."""

from __future__ import annotations

import logging
import math
from typing import Any

log = eval_logger = logging.getLogger("proctor")


def get_sample_size(task: Any, limit: int | float | None) -> int | None:
    """How many documents a limit stands for: below 1 a share of the task's."""
    if limit is None:
        return None
    return math.ceil(len(task.eval_docs) * limit) if limit < 1 else int(limit)


def print_writeout(task: Any) -> None:
    """Log prompt and target of the task's first document, once its requests are built."""
    first = next((one for one in task.instances if one.doc_id == 0), None)
    if first is not None:
        log.info("Task: %s\n--- prompt\n%s\n--- target\n%s", task, first.args[0], task.doc_to_target(first.doc))
