"""Metrics by their names in the Hugging Face ``evaluate`` library: proctor's own, else the library's.

The library downloads a script for every metric; those in :data:`OWN` need neither it nor the network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proctor.errors import MissingExtraError, UsageError, did_you_mean, error_line
from proctor.foreign import no_exit
from proctor.lazy import need
from proctor.registry import Table
from proctor.sandbox.consent import need_consent, need_trust

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


OWN: Table[Callable[..., Any]] = Table(
    "metric of the library 'evaluate'",
    {
        "exact_match": "proctor.metrics.text:exact_match",
        "code_eval": "proctor.metrics.pass_at_k:code_eval",
        **{name: f"proctor.metrics.squad_wer:{name}" for name in ("cer", "squad", "squad_v2", "wer")},
        **{
            name: f"proctor.metrics.evaluate_metrics:{name}"
            for name in (
                "accuracy",
                "bleu",
                "chrf",
                "f1",
                "matthews_correlation",
                "precision",
                "recall",
                "rouge",
                "sacrebleu",
                "ter",
            )
        },
    },
)
"""Name -> ``function(predictions=..., references=..., **settings) -> dict``."""


def own_metric(name: str) -> Callable[..., Any] | None:
    """Proctor's own function for a metric of the library, or None."""
    if name == "code_eval":  # said when a task is loaded, not after its model has answered
        need_consent("The metric 'code_eval'")
    return OWN.get(name) if name in OWN else None


def load_external(name: str, known: tuple[str, ...] = ()) -> Callable[..., Any]:
    """What computes a metric of the library; only what is not in :data:`OWN` may download something."""
    return own_metric(name) or load_object(name, known=known).compute


def load_object(name: str, *args: Any, known: tuple[str, ...] = (), **options: Any) -> Any:
    """The library's own object for a metric, which it may download.

    Source: https://huggingface.co/docs/evaluate/package_reference/loading_methods
    """
    hint = did_you_mean(name, known)
    # The library runs a script that it downloads: as code of a stranger, it needs --trust_remote_code.
    need_trust(f"The metric {name!r} of the package 'evaluate'")
    try:
        evaluate = need("evaluate")
    except MissingExtraError as error:
        raise MissingExtraError(
            f"The metric {name!r} comes from the package 'evaluate', which is not installed.",
            hint=". ".join(part for part in (error.hint, hint) if part),
        ) from error
    try:
        with no_exit():
            return evaluate.load(name, *args, **options)
    except Exception as error:
        raise UsageError(
            f"The package 'evaluate' cannot load the metric {name!r}: {error_line(error)}",
            hint=hint or "See https://huggingface.co/evaluate-metric for the names there are.",
        ) from error
