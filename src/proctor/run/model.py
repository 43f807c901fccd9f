"""Opens the model of a run."""

from __future__ import annotations

from proctor.models import open_model
from proctor.models.protocols import Model
from proctor.settings.config import RunConfig


def open_configured(config: RunConfig, *, lazily: bool = False) -> Model:
    """Open the model of a run.

    Args:
        config: The settings.
        lazily: Read its weights when it is first asked.
    """
    return open_model(
        config.model,
        config.model_args,
        batch_size=config.batch_size,
        max_batch_size=config.max_batch_size,
        device=config.device,
        threads=config.threads,
        lazily=lazily,
    )
