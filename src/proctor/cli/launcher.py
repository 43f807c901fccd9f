"""Processes that a launcher (``torchrun``, ``accelerate launch``, ``srun``, ``mpirun``) starts side by side."""

# What each of them does
# ----------------------
#   the model computes here      rank 0 runs the program, the others respond to its requests: proctor.models.pool
#   anything else                rank 0 computes the run, the others end with success: a launcher stops all of them when
#                                one fails. Several would send each request several times
#   any subcommand but run       the same: each process would print, or write one file, at the same time

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from proctor.cli.logs import log_as_rank
from proctor.cli.stop import SigtermError
from proctor.errors import UsageError
from proctor.models.pool.launcher_process import launcher_process
from proctor.models.pool.launchers import Ranks, find_ranks, wanted_several
from proctor.models.pool.opening import POOLED_ELSEWHERE, SPREAD_OVER_RANKS, is_computed_by_ranks

if TYPE_CHECKING:
    from proctor.models.pool.rank_group import RankGroup
    from proctor.models.protocols import Model
    from proctor.settings.config import RunConfig

log = logging.getLogger("proctor")

OpenRunModel = Callable[["RunConfig"], "Model"]

_DEVICE = re.compile(r" --device[ =]\S+")
RANK_0_FIRST = 3.0
"""Seconds in which rank 0 shows a mistake that each process finds, and the launcher ends the others."""


def launched_ranks() -> Ranks | None:
    """Which process of a launcher this is; None where it is the only one. Others than rank 0 log warnings alone."""
    ranks = find_ranks(os.environ, launcher_process())
    if ranks is not None and ranks.rank:
        log_as_rank(ranks.rank)
    if ranks is None and wanted_several(os.environ):
        log.warning(
            "accelerate launch was given several processes and has started one, as it does without several GPUs: it "
            "computes the whole run. 'torchrun --nproc_per_node N -m proctor run ...' starts several."
        )
    return ranks


def is_other_rank() -> bool:
    """Whether this is a process of a launcher other than rank 0: what it still shows stands behind its number."""
    try:
        ranks = find_ranks(os.environ, launcher_process())
    except UsageError:
        return False
    if ranks is None or not ranks.rank:
        return False
    log_as_rank(ranks.rank)
    return True


def leaves_to_rank_0(subcommand: str) -> bool:
    """Whether this process ends, because rank 0 alone does what several cannot divide.

    Args:
        subcommand: Which, not ``run``.
    """
    ranks = find_ranks(os.environ, launcher_process())
    if ranks is None:
        return False
    if ranks.rank == 0:
        log.warning(
            "A launcher started %d processes: '%s' is done by this one alone, the others end. Start it without %s.",
            ranks.size, subcommand, ranks.launcher,
        )  # fmt: skip
    return ranks.rank > 0


def refuse_spread_model(config: RunConfig, subcommand: str) -> None:
    """Raise where a subcommand that one process does would need a part of its model from each process.

    Args:
        config: The settings.
        subcommand: Which, not ``run``.

    Raises:
        UsageError: It would wait for the others, which have ended.
    """
    spread = sorted(SPREAD_OVER_RANKS & {*config.model_args})
    if spread and find_ranks(os.environ, launcher_process()) is not None:
        raise UsageError(
            f"'{subcommand}' is done by one process, and {spread[0]} spreads the model over all of a launcher's.",
            hint="Leave it out, or start proctor without a launcher and give parallelize=True.",
        )


def let_rank_0_report() -> None:
    """Wait before a mistake is shown that rank 0 finds, too: where a launcher ends all processes, it is shown once."""
    if is_other_rank():
        with suppress(KeyboardInterrupt):
            time.sleep(RANK_0_FIRST)


def is_pooled(config: RunConfig) -> bool:
    """Whether several ranks can compute this run together.

    Args:
        config: The settings.
    """
    return is_computed_by_ranks(config.model, config.model_args)


def is_surplus(ranks: Ranks, configs: Sequence[RunConfig]) -> bool:
    """Whether this process has nothing to do.

    Args:
        ranks: This process.
        configs: The runs.
    """
    if any(map(is_pooled, configs)):
        return False
    if ranks.rank == 0:
        log.warning(
            "A launcher started %d processes: this one computes the whole run, the others end, for %s is not "
            "computed by several. Start proctor without %s.",
            ranks.size,
            _unpooled(configs[0]),
            ranks.launcher,
        )
        return False
    log.info("Process %d of %d ends: process 0 computes the whole run.", ranks.rank, ranks.size)
    return True


def _unpooled(config: RunConfig) -> str:
    """What of a run is no matter of several ranks."""
    pool = config.model_args.get(POOLED_ELSEWHERE)
    return f"a model with pool={pool}, which has processes of its own," if pool else f"--model {config.model}"


def follow_rank_0(ranks: Ranks) -> int:
    """Respond to the requests of rank 0 until the run ends; return the exit code.

    Args:
        ranks: This process, not rank 0.
    """
    from proctor.models.pool.group import follow

    try:
        return follow(ranks, common_command())
    except KeyboardInterrupt as stop:
        # Rank 0 says that, and where, the run was stopped.
        return 128 + (15 if isinstance(stop, SigtermError) else 2)


def run_on_ranks(ranks: Ranks, run: Callable[[OpenRunModel], int]) -> int:
    """Run with the models of all ranks, as rank 0.

    Args:
        ranks: This process, rank 0.
        run: Runs, with what opens a model, and returns the exit code.
    """
    from proctor.models.pool.group import lead
    from proctor.run.model import open_on_ranks

    log.info("%d ranks compute this run (%s).", ranks.size, ranks.launcher)
    group: RankGroup | None = None
    try:
        with lead(ranks, common_command()) as group:
            others = group
            return run(lambda config: open_on_ranks(config, ranks, others) if is_pooled(config) else open_alone(config))
    except KeyboardInterrupt:
        # A launcher that sees a rank die stops the others by a signal: the loss is what happened.
        if group is not None and group.loss is not None:
            raise group.loss from None
        raise


def common_command() -> str:
    """The command of this process without what may differ between ranks."""
    from proctor.run.command import command_line

    return _DEVICE.sub("", command_line())


def open_alone(config: RunConfig) -> Model:
    """Open a model that one process computes."""
    from proctor.run.model import open_configured

    return open_configured(config, lazily=True)
