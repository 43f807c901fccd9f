"""Metrics of the Hugging Face ``evaluate`` library by proctor's own means: no download, no extra package.

Each takes ``predictions`` and ``references`` and gives a dictionary, as ``evaluate.load(name).compute``
does. Source of each: its page under https://huggingface.co/spaces/evaluate-metric.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from proctor.errors import UsageError
from proctor.lazy import need

ROUGE_TYPES = ("rouge1", "rouge2", "rougeL", "rougeLsum")


def accuracy(predictions: Any, references: Any, normalize: bool = True, sample_weight: Any = None) -> dict[str, float]:
    """Share (or, not normalised, number) of predictions that equal their reference."""
    score = _sklearn().accuracy_score(references, predictions, normalize=normalize, sample_weight=sample_weight)
    return {"accuracy": float(score)}


def _of_classes(name: str) -> Callable[..., dict[str, Any]]:
    """The metric over classes that scikit-learn calls ``name_score``, with the arguments of ``evaluate``."""

    def compute(
        predictions: Any,
        references: Any,
        labels: Any = None,
        pos_label: Any = 1,
        average: str | None = "binary",
        sample_weight: Any = None,
        zero_division: Any = "warn",
    ) -> dict[str, Any]:
        score = getattr(_sklearn(), f"{name}_score")(
            references,
            predictions,
            labels=labels,
            pos_label=pos_label,
            average=average,
            sample_weight=sample_weight,
            zero_division=zero_division,
        )
        return {name: _number(score)}

    return compute


f1 = _of_classes("f1")
precision = _of_classes("precision")
recall = _of_classes("recall")


def matthews_correlation(
    predictions: Any, references: Any, sample_weight: Any = None, average: str | None = None
) -> dict[str, Any]:
    """Matthews correlation; with ``average="macro"`` the mean over the columns of several labels."""
    coefficient = _sklearn().matthews_corrcoef
    if average is None:
        return {"matthews_correlation": float(coefficient(references, predictions, sample_weight=sample_weight))}
    # Several labels for each document: rows are documents, columns labels.
    columns = zip(zip(*references, strict=True), zip(*predictions, strict=True), strict=True)
    scores = [float(coefficient(gold, guess, sample_weight=sample_weight)) for gold, guess in columns]
    return {"matthews_correlation": math.fsum(scores) / len(scores) if average == "macro" else scores}


def _sklearn() -> Any:
    return need("sklearn.metrics", extra="metrics")


def _number(score: Any) -> Any:
    return score if getattr(score, "size", 1) > 1 else float(score)


def bleu(
    predictions: Sequence[str],
    references: Sequence[Any],
    tokenizer: Callable[[str], Sequence[str]] | None = None,
    max_order: int = 4,
    smooth: bool = False,
) -> dict[str, Any]:
    """Corpus BLEU between 0 and 1, of 13a tokens. Source: https://aclanthology.org/P02-1040."""
    tokens = tokenizer or _tokens_13a()
    matches, possible = [0] * max_order, [0] * max_order
    guess_length = gold_length = 0
    for prediction, golds in zip(predictions, _several(references), strict=True):
        guess, refs = tokens(prediction), [tokens(gold) for gold in golds]
        guess_length += len(guess)
        # The shortest reference, as the script of this metric has it; sacrebleu takes the closest one.
        gold_length += min(map(len, refs))
        known: Counter[tuple[str, ...]] = Counter()
        for ref in refs:
            # The union takes the larger count: of each n-gram, as often as the reference that has it most.
            known |= _ngrams(ref, max_order)
        for ngram, count in (_ngrams(guess, max_order) & known).items():
            matches[len(ngram) - 1] += count
        for order in range(max_order):
            possible[order] += max(0, len(guess) - order)
    more = 1 if smooth else 0
    precisions = [(hit + more) / (of + more) if of + more else 0.0 for hit, of in zip(matches, possible, strict=True)]
    mean = math.exp(sum(math.log(part) / max_order for part in precisions)) if min(precisions) > 0 else 0.0
    ratio = guess_length / gold_length if gold_length else math.inf
    # A text that is too short would have a good precision; an empty one scores 0 and divides by nothing.
    penalty = 1.0 if ratio > 1.0 else math.exp(1 - 1.0 / ratio) if ratio else 0.0
    return {
        "bleu": mean * penalty,
        "precisions": precisions,
        "brevity_penalty": penalty,
        "length_ratio": ratio,
        "translation_length": guess_length,
        "reference_length": gold_length,
    }


def _tokens_13a() -> Callable[[str], list[str]]:
    tokenize = need("sacrebleu.tokenizers.tokenizer_13a", extra="metrics").Tokenizer13a()
    return lambda text: tokenize(text).split()


def _ngrams(tokens: Sequence[str], longest: int) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(tokens[start : start + order])
        for order in range(1, longest + 1)
        for start in range(len(tokens) - order + 1)
    )


def sacrebleu(
    predictions: Sequence[str], references: Sequence[Any], tokenize: str | None = None, **settings: Any
) -> dict[str, Any]:
    """Corpus BLEU between 0 and 100 with sacrebleu's settings."""
    if tokenize:
        settings["tokenize"] = tokenize
    score = need("sacrebleu", extra="metrics").corpus_bleu(predictions, _streams(references), **settings)
    names = ("score", "counts", "totals", "precisions", "bp", "sys_len", "ref_len")
    return {name: getattr(score, name) for name in names}


def chrf(predictions: Sequence[str], references: Sequence[Any], **settings: Any) -> dict[str, Any]:
    """Corpus chrF, 0 to 100; ``word_order=2`` makes it chrF++."""
    score = need("sacrebleu", extra="metrics").CHRF(**settings).corpus_score(predictions, _streams(references))
    return {name: getattr(score, name) for name in ("score", "char_order", "word_order", "beta")}


def ter(
    predictions: Sequence[str],
    references: Sequence[Any],
    normalized: bool = False,
    ignore_punct: bool = False,
    support_zh_ja_chars: bool = False,
    case_sensitive: bool = False,
) -> dict[str, Any]:
    """Corpus translation edit rate with its counts."""
    scorer = need("sacrebleu", extra="metrics").TER(
        normalized=normalized, no_punct=ignore_punct, asian_support=support_zh_ja_chars, case_sensitive=case_sensitive
    )
    score = scorer.corpus_score(predictions, _streams(references))
    return {name: getattr(score, name) for name in ("score", "num_edits", "ref_length")}


def rouge(
    predictions: Sequence[str],
    references: Sequence[Any],
    rouge_types: Sequence[str] | None = None,
    use_aggregator: bool = True,
    use_stemmer: bool = False,
    tokenizer: Callable[[str], Sequence[str]] | None = None,
) -> dict[str, Any]:
    """F-measures of ROUGE, each the middle of a bootstrap over the documents, or a list without aggregator.

    Source: C.-Y. Lin, https://aclanthology.org/W04-1013; https://pypi.org/project/rouge-score.
    """
    own = need("rouge_score.rouge_scorer", extra="metrics")
    wrapped = None if tokenizer is None else _Tokenizer(tokenizer)
    scorer = own.RougeScorer(list(rouge_types or ROUGE_TYPES), use_stemmer=use_stemmer, tokenizer=wrapped)
    scores = [
        scorer.score_multi(gold, guess) if isinstance(gold, list) else scorer.score(gold, guess)
        for gold, guess in zip(references, predictions, strict=True)
    ]
    if not use_aggregator:
        return {name: [score[name].fmeasure for score in scores] for name in (scores[0] if scores else ())}
    # As evaluate has it: the middle of a bootstrap, which draws from numpy's global generator.
    aggregator = need("rouge_score.scoring", extra="metrics").BootstrapAggregator()
    for score in scores:
        aggregator.add_scores(score)
    return {name: value.mid.fmeasure for name, value in aggregator.aggregate().items()}


class _Tokenizer:
    """A function where rouge_score wants an object."""

    def __init__(self, function: Callable[[str], Sequence[str]]) -> None:
        self.tokenize = function


def _several(references: Sequence[Any]) -> list[Sequence[str]]:
    return [[gold] if isinstance(gold, str) else gold for gold in references]


def _streams(references: Sequence[Any]) -> list[list[str]]:
    """References per document as sacrebleu takes them: the first of each, the second of each, ..."""
    golds = _several(references)
    if len({len(one) for one in golds}) > 1:
        raise UsageError("Every document needs the same number of references for this metric.")
    return [list(stream) for stream in zip(*golds, strict=True)]
