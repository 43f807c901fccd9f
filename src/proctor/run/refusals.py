"""What the model refused in a run: said at its end, with what helps; and the end of a run in which it is too much."""

# When a run ends early
# ---------------------
# A request that fails costs its document. Where many fail, something is wrong with the run and not with documents: a
# parameter, a limit, a server that is broken. Whoever pays for the others should know before all are sent.
#
#   --max_errors 0.01, 1%    a share of all requests of the run, and at least FEWEST requests
#   --max_errors 50          a number of requests
#
# The share is one of the run and not of what was sent so far: else one refusal among the first ten ends the run.

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from proctor.errors import ModelError
from proctor.records import Query
from proctor.types import Refusal, Response

log = logging.getLogger("proctor")

FEWEST = 20
"""Requests that may be refused whatever their share is: a small run goes on with few documents less."""


class RefusalLimit:
    """How many requests of a run may be refused.

    Args:
        allowed: A number from 1 on, 0, or below 1 a share of all requests.
        total: The number of requests of the run.
    """

    def __init__(self, allowed: float, total: int) -> None:
        is_share = 0 < allowed < 1
        self.most = max(FEWEST, int(allowed * total)) if is_share else int(allowed)
        self._allowed = f"{allowed * 100:.4g} % of {total:,}" if is_share else f"{self.most:,}"
        self.responses = self.refused = 0

    def add(self, query: Query, response: Response) -> ModelError | None:
        """Count a response.

        Args:
            query: What it responds to.
            response: The response.

        Returns:
            What ends the run, if too much is refused by now.
        """
        self.responses += 1
        if not isinstance(response, Refusal):
            return None
        self.refused += 1
        if self.refused <= self.most:
            return None
        return ModelError(
            f"The model refused {self.refused:,} of {self.responses:,} requests, more than --max_errors allows "
            f"({self._allowed}). The last one, task '{query.task}', document {query.doc_id}: "
            f"{' '.join(response.why.split())}",
            hint="What was answered is stored, if the run has a store: the same command sends the others, "
            "and those that were refused again. A larger --max_errors goes on with fewer documents.",
        )


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
