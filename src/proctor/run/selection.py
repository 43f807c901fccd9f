"""Which documents of a task a run evaluates, by its settings."""

from __future__ import annotations

from proctor.settings.config import RunConfig
from proctor.tasks.data import Selection


def document_seed(config: RunConfig) -> int:
    """The seed of random orders of documents: that of few-shot draws, 0 where they have none.

    Args:
        config: The settings.
    """
    return config.seed.fewshot or 0


def selection_of(config: RunConfig, task: str) -> Selection:
    """Which documents of a task are evaluated.

    Args:
        config: The settings.
        task: Its name.
    """
    samples = None if config.samples is None else config.samples.get(task)
    return Selection(config.limit, samples, document_seed(config) if config.limit_order == "random" else None)
