"""``lm_eval.tasks._index``: what a name stands for; ``TaskManager`` has the index."""

from __future__ import annotations

from proctor.compat.models.unsupported import unsupported
from proctor.compat.tasks.manager import Entry, Kind

__all__ = ["Entry", "Kind", "TaskIndex"]

TaskIndex = unsupported("TaskIndex", object, "index of its own outside TaskManager, which has all_tasks", __name__)
