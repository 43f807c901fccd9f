"""Opens the model of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from proctor.models import open_model
from proctor.models.protocols import Model
from proctor.settings.config import RunConfig

if TYPE_CHECKING:
    from proctor.models.pool.launchers import Ranks
    from proctor.models.pool.rank_group import RankGroup


def open_configured(config: RunConfig, *, lazily: bool = False) -> Model:
    """Open the model of a run.

    Args:
        config: The settings.
        lazily: Read its weights when it is first asked.
    """
    settings = dict(_settings(config))
    return open_model(settings.pop("name"), settings.pop("args"), lazily=lazily, **settings)


def open_on_ranks(config: RunConfig, ranks: Ranks, group: RankGroup) -> Model:
    """Open the model of a run on all ranks, without its weights.

    Args:
        config: The settings.
        ranks: This process, rank 0.
        group: The others.
    """
    from proctor.models.pool.opening import open_on_rank
    from proctor.models.pool.ranks import RankPool
    from proctor.models.pool.teams import team_size

    settings = _settings(config)
    size = team_size(config.model_args, ranks.size)
    # The others first: they import their libraries while this one does.
    group.open(settings)
    return RankPool(open_on_rank(settings, ranks, group.join_team), group, size)


def _settings(config: RunConfig) -> Mapping[str, Any]:
    return {
        "name": config.model,
        "args": config.model_args,
        "batch_size": config.batch_size,
        "max_batch_size": config.max_batch_size,
        "device": config.device,
        "threads": config.threads,
    }
