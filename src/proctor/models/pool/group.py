"""A run on several ranks, from their meeting to their end: what rank 0 and what the others enter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from proctor.lazy import need
from proctor.models.pool.launchers import Ranks
from proctor.models.pool.opening import open_on_rank
from proctor.models.pool.rank_group import RankGroup
from proctor.models.pool.worker import leave_team, serve


@contextmanager
def lead(ranks: Ranks, command: str = "") -> Iterator[RankGroup]:
    """Meet the other ranks as rank 0; they end with the block.

    Args:
        ranks: This process.
        command: What it does, as all of them must.

    Raises:
        ModelError: They have not come.
    """
    need("torch", extra="hf")
    from proctor.models.pool.gloo import meet

    meeting = meet(ranks, command=command)
    group = RankGroup({rank: meeting.pipe_to(rank) for rank in range(1, ranks.size)}, meeting.join_team)
    try:
        yield group
    except BaseException:
        group.end(failed=True)
        raise
    group.end(failed=False)
    leave_team()


def follow(ranks: Ranks, command: str = "") -> int:
    """Meet the other ranks as one that is not 0, and respond until rank 0 ends the run.

    Args:
        ranks: This process.
        command: What it does, as all of them must.

    Returns:
        The exit code.

    Raises:
        ModelError: The others have not come.
        KeyboardInterrupt: A signal arrived.
    """
    need("torch", extra="hf")
    from proctor.models.pool.gloo import meet

    meeting = meet(ranks, command=command)
    code = serve(ranks.rank, meeting.pipe_to(0), lambda settings: open_on_rank(settings, ranks, meeting.join_team))
    if not code:
        leave_team()
    return code
