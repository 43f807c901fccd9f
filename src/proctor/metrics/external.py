"""Metrics of the Hugging Face ``evaluate`` library, loaded only where a task asks for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proctor.errors import MissingExtraError, UsageError, did_you_mean
from proctor.lazy import need

_NAMES = """
    accuracy bertscore bleu bleurt brier_score cer character charcut_mt chrf code_eval comet
    competition_math confusion_matrix coval cuad exact_match f1 frugalscore glue google_bleu
    indic_glue mae mahalanobis mape mase matthews_correlation mauve mean_iou meteor mse nist_mt
    pearsonr perplexity poseval precision r_squared recall rl_reliability roc_auc rouge sacrebleu
    sari seqeval smape spearmanr squad squad_v2 super_glue ter trec_eval wer wiki_split xnli
    xtreme_s
"""
EVALUATE_METRICS: frozenset[str] = frozenset(_NAMES.split())
"""Names of https://huggingface.co/evaluate-metric: a name that is not one of them, nor one of
ours, is taken for a misspelling, and no network is asked."""


def load_external(name: str, known: tuple[str, ...] = ()) -> Callable[..., Any]:
    """The ``compute`` of an ``evaluate`` metric, which may download it.

    Source: https://huggingface.co/docs/evaluate/package_reference/loading_methods
    """
    hint = did_you_mean(name, known)
    try:
        evaluate = need("evaluate")
    except MissingExtraError as error:
        raise MissingExtraError(
            f"The metric {name!r} comes from the package 'evaluate', which is not installed.",
            hint=". ".join(part for part in (error.hint, hint) if part),
        ) from error
    try:
        return evaluate.load(name).compute
    except Exception as error:
        raise UsageError(
            f"The package 'evaluate' cannot load the metric {name!r}: {type(error).__name__}: {error}",
            hint=hint or "See https://huggingface.co/evaluate-metric for the names there are.",
        ) from error
