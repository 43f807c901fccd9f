"""BLEU, chrF and TER of all documents of a task, by sacrebleu.

A corpus score is a function of per-document counts summed over the corpus: the bootstrap
counts each document once and sums again, instead of scoring every resample anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from proctor.errors import DataError, value_text
from proctor.lazy import need
from proctor.metrics.replicates import ordered_sums
from proctor.stats.bootstrap import Batch

_log = logging.getLogger("proctor")


def bleu(items: Sequence[Any]) -> float:
    """Corpus BLEU, 0 to 100, with sacrebleu's defaults (13a tokens, exponential smoothing).

    Source: Papineni et al., https://aclanthology.org/P02-1040; https://github.com/mjpost/sacrebleu.
    """
    hypotheses, references = streams(items, "bleu")
    return need("sacrebleu", extra="metrics").corpus_bleu(hypotheses, references).score


def chrf(items: Sequence[Any]) -> float:
    """Corpus chrF2, 0 to 100, with sacrebleu's defaults (characters up to 6, no words).

    Source: M. Popovic, https://aclanthology.org/W15-3049; https://github.com/mjpost/sacrebleu.
    """
    hypotheses, references = streams(items, "chrf")
    return need("sacrebleu", extra="metrics").corpus_chrf(hypotheses, references).score


def chrf_plus_plus(items: Sequence[Any]) -> float:
    """Corpus chrF2++, 0 to 100: chrF with words up to 2.

    Source: M. Popovic, https://aclanthology.org/W17-4770; https://github.com/mjpost/sacrebleu.
    """
    hypotheses, references = streams(items, "chrf++")
    return need("sacrebleu", extra="metrics").corpus_chrf(hypotheses, references, word_order=2).score


def ter(items: Sequence[Any]) -> float:
    """Corpus translation edit rate, 0 at best, with sacrebleu's defaults.

    Source: Snover et al., https://aclanthology.org/2006.amta-papers.25;
    https://github.com/mjpost/sacrebleu.
    """
    hypotheses, references = streams(items, "ter")
    return need("sacrebleu", extra="metrics").corpus_ter(hypotheses, references).score


def streams(items: Sequence[Any], statistic: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """(references, hypothesis) pairs as sacrebleu takes them: hypotheses, and streams of references."""
    references: list[Sequence[str]] = []
    hypotheses: list[str] = []
    for item in items:
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise DataError(f"{statistic} needs a pair (reference, answer) per document and got {value_text(item)}.")
        reference, answer = item
        if isinstance(answer, list | tuple) and len(answer) == 1:
            answer = answer[0]
        given = [reference] if isinstance(reference, str) else list(reference) if _is_texts(reference) else []
        if not isinstance(answer, str) or not given:
            raise DataError(
                f"{statistic} compares one text with one or several reference texts; got {answer!r} and {reference!r}.",
                hint="End the filter pipeline with take_first, so that each document has one answer.",
            )
        references.append(given)
        hypotheses.append(answer)
    fewest = min(len(given) for given in references)
    if any(len(given) > fewest for given in references):
        # lm-eval: zip() stops at the shortest list, and drops the others' references beyond it.
        _log.warning("%s: documents have unequal numbers of references; %d of each are used.", statistic, fewest)
    return hypotheses, list(zip(*references, strict=False))


def _is_texts(reference: Any) -> bool:
    return isinstance(reference, list | tuple) and all(isinstance(text, str) for text in reference)


def _batch(scorer: Callable[[Any], Any], statistic: str, items: Sequence[Any]) -> Batch | None:
    import numpy as np

    lengths = {1 if isinstance(item[0], str) else len(item[0]) for item in items}
    if len(lengths) > 1:
        return None  # which references are dropped depends on the resample
    hypotheses, references = streams(items, statistic)
    metric = scorer(need("sacrebleu", extra="metrics"))
    # sacrebleu's private methods: its public ones tokenize every text again for each of the resamples.
    counted = np.array(metric._extract_corpus_statistics(hypotheses, references), dtype=float)

    def compute(index: Any) -> list[float]:
        sums = np.stack([ordered_sums(column, index) for column in counted.T], axis=1)
        return [metric._compute_score_from_stats(row).score for row in sums.tolist()]

    return compute


bleu_batch = partial(_batch, lambda sacrebleu: sacrebleu.BLEU(force=True), "bleu")
chrf_batch = partial(_batch, lambda sacrebleu: sacrebleu.CHRF(), "chrf")
chrf_plus_plus_batch = partial(_batch, lambda sacrebleu: sacrebleu.CHRF(word_order=2), "chrf++")
ter_batch = partial(_batch, lambda sacrebleu: sacrebleu.TER(), "ter")
