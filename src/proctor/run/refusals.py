"""What the model refused in a run: said at its end, with what helps."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from proctor.types import Refusal

log = logging.getLogger("proctor")


def report_refusals(refusals: Sequence[Refusal], requested: int) -> Mapping[str, Mapping[str, int]]:
    """Say how many requests were refused, and whether to send them again is of use.

    Which documents they are of is said with all that could not be graded.

    Args:
        refusals: All of the run.
        requested: How many requests were sent.

    Returns:
        The same for the results file, under ``refused``; nothing where there is none.
    """
    if not refusals:
        return {}
    retryable = sum(refusal.retryable for refusal in refusals)
    again = {0: "another try gives the same", len(refusals): "another try may succeed"}.get(
        retryable, f"for {retryable:,} of them another try may succeed"
    )
    log.error(
        "The model refused %s of %s requests; %s. None of them is stored: the same command sends them again.",
        f"{len(refusals):,}", f"{requested:,}", again,
    )  # fmt: skip
    return {"refused": {"requests": len(refusals), "of": requested, "retryable": retryable}}
