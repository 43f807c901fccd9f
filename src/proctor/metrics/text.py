"""Figures of one document whose answer is generated text."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proctor.errors import Fault, ProctorError, TaskError

if TYPE_CHECKING:
    from proctor.metrics.tables import MetricUse

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_DIGITS = str.maketrans("", "", string.digits)


def exact_match(
    predictions: Sequence[Any],
    references: Sequence[Any],
    regexes_to_ignore: Iterable[str] | None = None,
    ignore_case: Any = False,
    ignore_punctuation: Any = False,
    ignore_numbers: Any = False,
) -> dict[str, float]:
    """Share of predictions that equal their reference after what is to be ignored is removed.

    First each regular expression in turn, then case, then ASCII punctuation, then ASCII digits.
    Source: https://huggingface.co/spaces/evaluate-metric/exact_match, which lm-eval follows.
    """
    steps = _steps(regexes_to_ignore, ignore_case, ignore_punctuation, ignore_numbers)
    if all(isinstance(one, str) for one in (*predictions, *references)) and len(predictions) == len(references):
        left, right = _normalised(predictions, steps), _normalised(references, steps)
        hits = sum(a == b for a, b in zip(left, right, strict=True))
        return {"exact_match": hits / len(left) if left else float("nan")}
    return {"exact_match": _equal_arrays(predictions, references, plain=not steps)}


def _steps(regexes: Iterable[str] | None, case: Any, punctuation: Any, numbers: Any) -> list[Callable[[str], str]]:
    steps: list[Callable[[str], str]] = [_removal(regex) for regex in regexes or ()]
    if case:
        steps.append(str.lower)
    if punctuation:
        steps.append(lambda text: text.translate(_PUNCTUATION))
    if numbers:
        steps.append(lambda text: text.translate(_DIGITS))
    return steps


def _removal(regex: str) -> Callable[[str], str]:
    pattern = re.compile(regex)
    return lambda text: pattern.sub("", text)


def _normalised(texts: Sequence[str], steps: Sequence[Callable[[str], str]]) -> list[str]:
    # lm-eval: texts live in a numpy array of fixed width. It drops trailing NULs, and lower case
    # that is longer than the longest text before it is cut.
    current = [str(text) for text in texts]
    for step in steps:
        if step is str.lower:
            current = [text.rstrip("\0") for text in current]
            width = max((len(text) for text in current), default=0)
            current = [text.lower()[:width] for text in current]
        else:
            current = [step(text).rstrip("\0") for text in current]
    return [text.rstrip("\0") for text in current]


def _equal_arrays(predictions: Sequence[Any], references: Sequence[Any], *, plain: bool) -> float:
    """What is not two lists of strings: compared as numpy compares, with broadcasting."""
    import numpy as np

    if not plain:
        kinds = sorted({type(one).__name__ for one in (*predictions, *references) if not isinstance(one, str)})
        raise TypeError(f"exact_match ignores parts of strings, and got {', '.join(kinds)}")
    try:
        return float(np.mean(np.asarray(predictions) == np.asarray(references)))
    except ValueError as error:  # a ragged list
        raise TypeError(f"exact_match cannot compare {predictions!r} with {references!r}: {error}") from error


def pass_on(items: Sequence[Any]) -> Any:
    """Hand on ``[gold, result]``: the aggregation sees all documents (bleu, chrf, ter, f1, ...)."""
    return items


def bypass(items: Any = None, **_: Any) -> None:
    """Measure nothing (``predict_only``). Source: lm-eval's ``bypass``."""


def measure_text(
    uses: Sequence[MetricUse],
    *,
    gold: Any,
    result: Any,
    multi_target: bool,
    cast: bool = True,
    derived: MutableMapping[str, MetricUse] | None = None,
) -> dict[str, Any]:
    """Figures of a ``generate_until`` document, in the order of the metric list.

    ``cast``: a single gold takes the type of the result first (a column of numbers against
    text); it is off for a gold that came out of ``doc_to_choice``. A metric that gives a
    mapping gives one figure per key; how such a figure is aggregated is put in ``derived``.
    Several golds: the best one counts, and the passing-on metrics of ``bleu``'s kind get all
    golds as references. Source: lm-eval's ``generate_until``; there a score of any size
    against any of several golds counts 1.0.
    """
    golds: list[Any] | None = None
    if multi_target:
        golds = list(gold) if isinstance(gold, list | tuple) else [gold]
    elif cast and not any(use.name == "bypass" for use in uses):
        gold = _cast(gold, result)
    measured: dict[str, Any] = {}
    for use in uses:
        value = _measure_many(use, golds, result) if golds is not None else _measure_one(use, gold, result)
        if not isinstance(value, dict):
            measured[use.name] = value
            continue
        for key, part in value.items():
            measured[key] = part
            if derived is not None and key != use.name and key not in derived:
                derived[key] = replace(use, name=key)
    return measured


def _cast(gold: Any, result: Any) -> Any:
    if type(gold) is type(result) or isinstance(result, list) or result is None:
        return gold
    try:
        return type(result)(gold)
    except (TypeError, ValueError):
        return gold


def _measure_one(use: MetricUse, gold: Any, result: Any) -> Any:
    function = use.function
    if function is pass_on:
        return [gold, result]
    if function is None or function is bypass:
        return None
    try:
        return function(references=[gold], predictions=[result], **use.kwargs)
    except TypeError as first:
        if function is exact_match:
            raise _failure(use, first) from first
        try:
            return function([gold, result])
        except TypeError as second:
            raise _failure(use, first, second) from first
        except ProctorError:
            raise
        except Exception as second:
            raise _failure(use, second) from second
    except ProctorError:
        raise
    except Exception as error:
        raise _failure(use, error) from error


def _measure_many(use: MetricUse, golds: list[Any], result: Any) -> Any:
    if use.function is bypass:
        return None
    if use.function is pass_on:
        return [golds, result]
    scores: list[Any] = []
    for gold in golds:
        score = _measure_one(use, gold, result)
        scores.append(score[use.name] if isinstance(score, dict) else score)
    if use.function is exact_match:
        return 1.0 if any(scores) else 0.0
    return float(max(scores, default=0.0))


def _failure(use: MetricUse, *errors: Exception) -> TaskError:
    said = "; then, called with [gold, result]: ".join(f"{type(error).__name__}: {error}" for error in errors)
    return TaskError(
        Fault(
            f"The metric {use.name!r} failed: {said}",
            hint="A metric function is called as function(references=[gold], predictions=[result], **kwargs).",
        )
    )
