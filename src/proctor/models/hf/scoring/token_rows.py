"""Every token of a text by itself: its log-probability, and where that lies in the model's own distribution."""

# What is summed elsewhere is given token by token here, with the mean and the standard deviation of log p under the
# next-token distribution, ``sum p log p`` and the root of ``sum p (log p - mean)²``. Both need the whole row of logits,
# which is why only a model that has them gives them. Rows are forwarded one by one: texts are as long as questions, and
# nothing of them is shared. The softmax is taken in float32 whatever the logits' dtype is: moments of rounded
# log-probabilities are no moments.

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from proctor.models.hf.scoring.row_scorer import SOFTMAX_BYTES, RowScorer
from proctor.models.prefix.rows import Row, Span
from proctor.models.protocols import TokenScores


def token_rows(scorer: RowScorer, spans: Sequence[Span], places: Sequence[int], texts: int) -> Iterator[TokenScores]:
    """The tokens of each text, text by text.

    Args:
        scorer: Has the module.
        spans: The windows of all texts, one text after the other.
        places: Of each window, the number of its text.
        texts: How many texts there are; one without a window has no tokens.
    """
    at = 0
    for text in range(texts):
        columns: tuple[list[float], list[float], list[float]] = ([], [], [])
        while at < len(spans) and places[at] == text:
            for column, values in zip(columns, _moments(scorer, spans[at]), strict=True):
                column += values
            at += 1
        yield TokenScores(*columns)


def _moments(scorer: RowScorer, span: Span) -> tuple[list[float], list[float], list[float]]:
    logits = scorer.logits_of(Row(span, (span,)))
    tokens = torch.tensor(span.scored.tolist(), device=logits.device)
    found: tuple[list[float], list[float], list[float]] = ([], [], [])
    step = max(1, SOFTMAX_BYTES // (logits.shape[1] * 4))
    for start in range(0, len(logits), step):
        logs = torch.log_softmax(logits[start : start + step], dim=-1, dtype=torch.float32)
        shares = logs.exp()
        # A token that cannot come has no part in a mean: 0 times -inf is no number.
        known = torch.where(shares > 0, logs, torch.zeros_like(logs))
        means = (shares * known).sum(dim=-1)
        spread = (shares * (known - means.unsqueeze(-1)) ** 2).sum(dim=-1).sqrt()
        own = logs.gather(-1, tokens[start : start + step].unsqueeze(-1)).squeeze(-1)
        for column, values in zip(found, (own, means, spread), strict=True):
            column += values.cpu().tolist()
    return found
