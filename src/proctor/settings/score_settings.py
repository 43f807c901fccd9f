"""The settings of what stands beside the scores: scores without some documents, errors by clusters."""

from __future__ import annotations

from dataclasses import dataclass

from proctor.settings import values as accepts
from proctor.settings.setting import SAME, text

SECTION = "beside the scores"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """What :class:`proctor.settings.declarations.RunConfig` has of what is added to scores; none of it changes one."""

    exclude: str | None = text(
        None,
        accepts.path,
        SECTION,
        "FILE",
        "also give scores without the documents that a file of JSON lines names (as acc_clean), as 'proctor items "
        "--output' writes it; every document is evaluated all the same",
        ours=True,
        regrade=SAME,
    )
    cluster: str | None = text(
        None,
        accepts.word,
        SECTION,
        "COLUMN",
        "also give standard errors (as acc_stderr_clustered) for documents that belong together: those with equal "
        "values of this column, as of one passage; '{{a}} {{b}}' joins columns (default: the task's metadata.cluster)",
        ours=True,
        regrade=SAME,
    )
