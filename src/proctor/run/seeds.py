"""The seeds of a run, given to the generators of this process."""

from __future__ import annotations

import random
import sys

from proctor.settings.config import Seeds


def seed_everything(seeds: Seeds) -> None:
    """Seed Python's and numpy's generators now, and torch's if it is loaded.

    Args:
        seeds: A seed for each; None leaves one as it is.
    """
    import numpy

    if seeds.python is not None:
        random.seed(seeds.python)
    if seeds.numpy is not None:
        numpy.random.seed(seeds.numpy)
    # Not imported for it: torch costs seconds, and a model that needs it is seeded when it is loaded.
    if seeds.torch is not None and "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seeds.torch)
