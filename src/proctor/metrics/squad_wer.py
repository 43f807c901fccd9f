"""Metrics of reading and listening by words: SQuAD's two, and the error rates of words and characters.

Each takes ``predictions`` and ``references`` and gives a dictionary, as the metric of that name in
the Hugging Face library ``evaluate`` does.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from proctor.errors import DataError

_ARTICLES = re.compile(r"\b(a|an|the)\b", re.UNICODE)


def plain_answer(text: str) -> str:
    """Lower case, without ASCII punctuation, English articles and superfluous white space."""
    bare = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _f1(answer: Sequence[str], gold: Sequence[str]) -> float:
    same = sum((Counter(answer) & Counter(gold)).values())
    if not same:
        return 0.0
    precision, recall = same / len(answer), same / len(gold)
    return 2 * precision * recall / (precision + recall)


def squad(predictions: Sequence[Mapping[str, Any]], references: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Exact match and F1 of words in percent, each the best over a question's answers.

    Source: https://rajpurkar.github.io/SQuAD-explorer (version 1.1).
    """
    given = {one["id"]: one["prediction_text"] for one in predictions}
    exact = f1 = 0.0
    for question in references:
        if question["id"] not in given:
            continue
        answer = plain_answer(given[question["id"]])
        golds = [plain_answer(text) for text in question["answers"]["text"]]
        exact += max((float(answer == gold) for gold in golds), default=0.0)
        f1 += max((_f1(answer.split(), gold.split()) for gold in golds), default=0.0)
    total = len(references)
    return {"exact_match": 100.0 * exact / total, "f1": 100.0 * f1 / total}


def squad_v2(
    predictions: Sequence[Mapping[str, Any]],
    references: Sequence[Mapping[str, Any]],
    no_answer_threshold: float = 1.0,
) -> dict[str, Any]:
    """SQuAD's scores where some questions have no answer, and the best over thresholds of "no answer".

    Source: https://rajpurkar.github.io/SQuAD-explorer (version 2.0).
    """
    given = {one["id"]: one["prediction_text"] for one in predictions}
    unsure = {one["id"]: one["no_answer_probability"] for one in predictions}
    answerable = {question["id"]: bool(question["answers"]["text"]) for question in references}
    raw = {question["id"]: _raw(question, given) for question in references if question["id"] in given}
    scores = {
        name: (float(not answerable[name]), float(not answerable[name])) if unsure[name] > no_answer_threshold else pair
        for name, pair in raw.items()
    }
    report: dict[str, Any] = _shares(list(scores.values()))
    for label, wanted in (("HasAns", True), ("NoAns", False)):
        names = [name for name, has in answerable.items() if has is wanted and name in scores]
        if names:
            part = _shares([scores[name] for name in names])
            report |= {f"{label}_{name}": value for name, value in part.items()}
    for index, name in enumerate(("exact", "f1")):
        best, threshold = _best({key: pair[index] for key, pair in raw.items()}, given, unsure, answerable)
        report |= {f"best_{name}": best, f"best_{name}_thresh": threshold}
    return report


def _raw(question: Mapping[str, Any], given: Mapping[str, str]) -> tuple[float, float]:
    answer = plain_answer(given[question["id"]])
    # A question without an answer has the empty answer for its right one.
    golds = [plain for text in question["answers"]["text"] if (plain := plain_answer(text))] or [""]
    pairs = []
    for gold in golds:
        equal = float(answer == gold)
        pairs.append((equal, _f1(answer.split(), gold.split()) if answer and gold else equal))
    return max(exact for exact, _ in pairs), max(f1 for _, f1 in pairs)


def _shares(pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    if not pairs:
        raise DataError("squad_v2 got no answer to any question.")
    total = len(pairs)
    exact, f1 = (100.0 * sum(pair[index] for pair in pairs) / total for index in (0, 1))
    return {"exact": exact, "f1": f1, "total": total}


def _best(
    scores: Mapping[str, float], given: Mapping[str, str], unsure: Mapping[str, float], answerable: Mapping[str, bool]
) -> tuple[float, float]:
    """The highest share that some threshold reaches, from "nothing has an answer" upwards."""
    current = best = float(sum(not has for has in answerable.values()))
    threshold = 0.0
    for name in sorted(unsure, key=unsure.__getitem__):
        if name not in scores:
            continue
        # From "nothing has an answer", the least doubtful answers are admitted one by one: an answer to a question
        # without one loses the point that abstaining had.
        current += scores[name] if answerable[name] else -1 if given[name] else 0
        if current > best:
            best, threshold = current, unsure[name]
    return 100.0 * best / len(scores), threshold


def wer(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Word error rate: edits over all words of the references. Source: https://en.wikipedia.org/wiki/Word_error_rate."""
    return _rate([(guess.split(), gold.split()) for guess, gold in zip(predictions, references, strict=True)], "wer")


def cer(predictions: Sequence[str], references: Sequence[str]) -> float:
    """Character error rate, white space at the ends aside."""
    pairs = zip(predictions, references, strict=True)
    return _rate([(guess.strip(), gold.strip()) for guess, gold in pairs], "cer")


def _rate(pairs: Sequence[tuple[Sequence[str], Sequence[str]]], name: str) -> float:
    length = sum(len(gold) for _, gold in pairs)
    if not length:
        raise DataError(f"{name} is undefined: the references are empty.")
    return sum(_edits(guess, gold) for guess, gold in pairs) / length


def _edits(left: Sequence[str], right: Sequence[str]) -> int:
    """Levenshtein's distance: the fewest insertions, deletions and substitutions."""
    # One row of the table of distances: memory grows with one text, time with the product of both lengths.
    row = list(range(len(right) + 1))
    for i, mine in enumerate(left, 1):
        above, row[0] = row[0], i
        for j, yours in enumerate(right, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (mine != yours))
    return row[-1]
