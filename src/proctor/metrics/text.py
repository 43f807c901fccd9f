"""Scores of one document from generated text."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from proctor.errors import Finding, ProctorError, TaskError, error_line, error_text
from proctor.foreign import no_exit
from proctor.metrics.base import MetricUse
from proctor.regex_limits.bounded import sub


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
    reduce = partial(
        _reduced,
        regexes=[re.compile(regex) for regex in regexes_to_ignore or ()],
        case=bool(ignore_case),
        remove=(string.punctuation if ignore_punctuation else "") + (string.digits if ignore_numbers else ""),
    )
    texts = all(isinstance(one, str) for one in (*predictions, *references))
    if not texts or len(predictions) != len(references):
        unchanged = regexes_to_ignore is None and not (ignore_case or ignore_punctuation or ignore_numbers)
        return {"exact_match": _share_equal(predictions, references, None if unchanged else reduce)}
    hits = sum(left == right for left, right in zip(reduce(predictions), reduce(references), strict=True))
    return {"exact_match": hits / len(predictions) if predictions else math.nan}


def _reduced(texts: Sequence[str], *, regexes: Sequence[re.Pattern[str]], case: bool, remove: str) -> list[str]:
    # lm-eval: texts live in a numpy array of fixed width. It drops trailing NULs, and lower case
    # that is longer than the longest text before it is cut.
    width = max((len(text) for text in texts), default=0)
    current = list(texts)
    for regex in regexes:
        current = [sub(regex, "", text) for text in current]
        width = max((len(text) for text in current), default=0)
        current = [text.rstrip("\0") for text in current]
    if case:
        current = [text.rstrip("\0").lower()[:width] for text in current]
    if remove:
        table = str.maketrans("", "", remove)
        current = [text.rstrip("\0").translate(table) for text in current]
    return [text.rstrip("\0") for text in current]


def _share_equal(
    predictions: Sequence[Any], references: Sequence[Any], reduce: Callable[[Sequence[str]], list[str]] | None
) -> float:
    """The same for what is not two lists of texts: compared as numpy compares, with broadcasting."""
    import numpy as np

    try:
        left, right = np.asarray(predictions), np.asarray(references)
        if reduce is not None:
            left, right = (_reduced_array(array, reduce) for array in (left, right))
        return float(np.mean(left == right))
    except ValueError as error:  # lists of unequal lengths
        raise TypeError(
            f"exact_match cannot compare {predictions!r} with {references!r}: {error_text(error)}"
        ) from error


def _reduced_array(array: Any, reduce: Callable[[Sequence[str]], list[str]]) -> Any:
    import numpy as np

    if array.dtype.kind != "U":
        raise TypeError(f"exact_match can ignore parts of texts only, and got {array.tolist()!r}")
    return np.array(reduce(array.ravel().tolist()), dtype=array.dtype).reshape(array.shape)


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
    strict: bool = False,
) -> dict[str, Any]:
    """Scores of a ``generate_until`` document, in the order of the metric list.

    ``cast``: a single gold takes the type of the result first (a column of numbers against
    text); it is off for a gold that came out of ``doc_to_choice``. A metric that gives a
    mapping gives one score per key; how such a score is aggregated is put in ``derived``.
    Several golds: the best one counts, and the passing-on metrics of ``bleu``'s kind get all
    golds as references. Source: lm-eval's ``generate_until``; there, and so under ``strict``, a
    score of any size against any of several golds counts 1.0.
    """
    golds: list[Any] | None = None
    if multi_target:
        golds = list(gold) if isinstance(gold, list | tuple) else [gold]
    elif cast and not any(use.name == "bypass" for use in uses):
        gold = _cast(gold, result)
    measured: dict[str, Any] = {}
    for use in uses:
        if golds is None:
            value = _measure_one(use, gold, result)
        elif strict:
            value = _any_score(use, golds, result)
            # lm-eval: exact_match leaves a list of as many answers as golds behind, which later metrics get.
            result = [result] * len(golds) if use.function is exact_match else result
        else:
            value = _measure_many(use, golds, result)
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
        with no_exit():
            return function(references=[gold], predictions=[result], **use.kwargs)
    # lm-eval: a metric function of a task may take (references=, predictions=) or the pair [gold, result]; which one is
    # found by calling it.
    except TypeError as first:
        if function is exact_match:
            raise _failure(use, first) from first
        try:
            with no_exit():
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
        return 0.0  # lm-eval: one of several nothings is no hit
    if use.function is pass_on:
        return [golds, result]
    # lm-eval: of several golds one equal one is a hit; the share of golds that are equal is no score.
    if use.function is exact_match:
        try:
            share = exact_match([result] * len(golds), golds, **use.kwargs)["exact_match"]
        except TypeError as error:
            raise _failure(use, error) from error
        return 1.0 if share > 0 else 0.0
    scores: list[Any] = []
    for gold in golds:
        score = _measure_one(use, gold, result)
        scores.append(_own_score(use, score))
    return float(max(scores, default=0.0))


def _any_score(use: MetricUse, golds: list[Any], result: Any) -> float:
    if use.function is exact_match:
        return _measure_many(use, golds, result)
    scores = [_measure_one(use, gold, result) for gold in golds]
    return 1.0 if any(_own_score(use, score) for score in scores) else 0.0


def _own_score(use: MetricUse, score: Any) -> Any:
    """The one number by which several right answers are compared: of several scores, that of the metric's name."""
    if not isinstance(score, dict):
        return score
    if use.name not in score:
        raise TaskError(
            Finding(
                f"The metric {use.name!r} cannot compare several right answers: it gives {', '.join(map(str, score))}.",
                hint="Give each document one target, or process_results that compares them.",
            )
        )
    return score[use.name]


def _failure(use: MetricUse, *errors: Exception) -> TaskError:
    said = "; then, called with [gold, result]: ".join(error_line(error) for error in errors)
    return TaskError(
        Finding(
            f"The metric {use.name!r} failed: {said}",
            hint="A metric function is called as function(references=[gold], predictions=[result], **kwargs).",
        )
    )
