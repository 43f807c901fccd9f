"""A script under a launcher: all ranks compute what it evaluates, rank 0 alone goes on with it."""

# ``torchrun script.py`` runs the script in every process. Each call of ``evaluate`` would be computed by each
# of them, results written by each, and what the script prints be printed by each. So a rank other than 0 does not come
# back from its first call: it responds for this and for all later calls of rank 0, and ends when rank 0's script does.
#
# Weighed: to come back with rank 0's result. Whatever follows in the script would then run several times, and a script
# that evaluates in a loop would have to reach each call on each rank, in the same order.
#
# A script that has set up torch.distributed itself, to train say, needs its processes: they are left alone.

from __future__ import annotations

import atexit
import logging
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from proctor.models.pool.group import follow, lead
from proctor.models.pool.launcher_process import launcher_process
from proctor.models.pool.launchers import Ranks, find_ranks
from proctor.models.pool.opening import is_computed_by_ranks
from proctor.models.pool.rank_group import RankGroup
from proctor.models.protocols import Model
from proctor.run.model import open_on_ranks
from proctor.settings.config import RunConfig

log = logging.getLogger("proctor")

_groups: list[RankGroup] = []
"""The other ranks, once they have been met: at most one group."""


def ranks_opener(config: RunConfig) -> Callable[[RunConfig], Model] | None:
    """What opens a model on all ranks, in rank 0; other ranks do not come back. None: this process evaluates alone.

    Args:
        config: The settings.

    Raises:
        ModelError: The other ranks have not come, or one of them has ended.
        SystemExit: The run has ended, in a rank other than 0.
    """
    ranks = find_ranks(os.environ, launcher_process())
    if ranks is None or not is_computed_by_ranks(config.model, config.model_args):
        return None
    if not isinstance(config.model_args.get("pretrained"), str):
        return None
    if not _groups and _is_distributed():
        log.warning("This script has set up torch.distributed: each of its processes evaluates alone.")
        return None
    if ranks.rank:
        raise SystemExit(_follow(ranks))
    return partial(open_on_ranks, ranks=ranks, group=_group(ranks))


def _is_distributed() -> bool:
    module = sys.modules.get("torch.distributed")
    return module is not None and module.is_available() and module.is_initialized()


def _follow(ranks: Ranks) -> int:
    try:
        return follow(ranks)
    except KeyboardInterrupt:
        return 130  # rank 0 shows where the script was


def _group(ranks: Ranks) -> RankGroup:
    if not _groups:
        stack = ExitStack()
        _groups.append(stack.enter_context(lead(ranks)))
        # The script may evaluate again: the ranks end with it, and not with the first call.
        atexit.register(stack.close)
    return _groups[0]
