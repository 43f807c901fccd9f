"""What a sample says of a choice among options: which there were, which was picked, which is right, how sure.

Nothing of this stands in a samples file as such; it follows from the requests and their log-likelihoods. No score is
computed: a document's score is the one that its line has.
"""

# Where the options are
# ---------------------
#   prompts equal, continuations differ (mmlu, hellaswag)    the option is the continuation without its delimiter
#   continuations equal, prompts differ (winogrande)         the option is what differs between the prompts
#   both differ (another prompt for each option)             the option is the continuation
#   one request with labels (chosen by label, no scores)     the options are in the request
#
# acc_mutual_info asks each option once more without a context: those requests stand last, and are no options.

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from proctor.results.option_texts import are_labels, differing_words, texts_of_labels, without_delimiter
from proctor.results.stored_run import Sample

_CHOICE = "multiple_choice"
_TRUE = ("True", "true", "1")
_SEQUENCE = (tuple, list)
_NUMBER = re.compile(r"-?\d{1,6}")
_DIGITS = frozenset("0123456789")
_NUMBERS = re.compile(r"[\[(]\s*-?\d+(\s*,\s*-?\d+)*\s*,?\s*[\])]")


@dataclass(frozen=True)
class ChoiceView:
    """One document's choice.

    Attributes:
        options: What was scored, without delimiters.
        texts: What the options mean where they are bare labels; else equal to ``options``.
        lls: The log-likelihood of each option, in nats; empty where a model chose by label.
        greedy: Whether each option is what greedy decoding writes.
        golds: Positions of the right options; empty: not known.
        chosen: The position that was chosen by label, where ``lls`` is empty; None: none could be read.
    """

    options: tuple[str, ...]
    texts: tuple[str, ...]
    lls: tuple[float, ...]
    greedy: tuple[bool, ...]
    golds: tuple[int, ...]
    chosen: int | None = None

    @property
    def by_label(self) -> bool:
        """Whether what was scored are bare labels, whose order could matter."""
        return self.texts != self.options or are_labels(self.options)

    @property
    def has_nan(self) -> bool:
        """Whether a log-likelihood is not a number: then nothing was picked."""
        return _has_nan(self.lls)

    def picked(self, metric: str = "acc") -> int | None:
        """The option that a metric takes for the model's choice; None where there is none.

        Args:
            metric: ``acc_norm`` divides by characters, ``acc_bytes`` by bytes of UTF-8; all others by nothing.
        """
        return _picked(self.options, self.lls, metric) if self.lls else self.chosen

    @cached_property
    def p(self) -> tuple[float, ...]:
        """The probability of each option among these options; empty where it is not known."""
        if not self.lls or self.has_nan:
            return ()
        top = max(self.lls)
        if math.isinf(top):
            return ()
        weights = [math.exp(ll - top) for ll in self.lls]
        total = math.fsum(weights)
        return tuple(weight / total for weight in weights)

    @property
    def margin(self) -> float | None:
        """By how many nats the likeliest option leads the next one; None where that is not known."""
        if self.has_nan or len(self.lls) < 2:
            return None
        best, second = sorted(self.lls, reverse=True)[:2]
        return best - second if math.isfinite(best) else None

    @property
    def mass(self) -> float:
        """The probability that the model writes any of the options."""
        return math.fsum(math.exp(ll) for ll in self.lls)


def _has_nan(lls: Sequence[float]) -> bool:
    # A sum without one is nearly always the proof.
    return math.isnan(sum(lls)) and any(map(math.isnan, lls))


def _picked(options: Sequence[str], lls: Sequence[float], metric: str) -> int | None:
    if _has_nan(lls):
        return None
    if metric not in ("acc_norm", "acc_bytes"):
        return lls.index(max(lls))
    scores = [_per(ll, _length(option, metric)) for ll, option in zip(lls, options, strict=True)]
    return scores.index(max(scores))


def _length(option: str, metric: str) -> int:
    return len(option) if metric == "acc_norm" else len(option.encode("utf-8", "surrogatepass"))


def _per(ll: float, length: int) -> float:
    # As the metrics do: an empty option has nothing to divide by and never wins.
    return ll / length if length else -math.inf


def choice_view(sample: Sample, config: Mapping[str, Any]) -> ChoiceView | None:
    """A sample as a choice among options; None where it is none (a written text, a perplexity, one continuation).

    Args:
        sample: The sample.
        config: The task's configuration, as far as it is known.
    """
    pairs, lls, greedy = _requests(sample.line)
    if not pairs:
        return None
    if isinstance(pairs[0][1], dict):
        return _chosen_by_label(sample, pairs[0][1])
    if config.get("output_type", _CHOICE) != _CHOICE or not isinstance(pairs[0][1], str):
        return None
    if len(lls) != len(pairs):
        return None
    count = _options_among(pairs)
    if count < 2:
        return None
    options = _options(pairs[:count], config)
    texts = texts_of_labels(options, sample.line.get("doc")) if are_labels(options) else options
    return ChoiceView(options, texts, lls[:count], greedy[:count], _golds(sample, options, texts, lls[:count]))


class UsualChoice(NamedTuple):
    """What :func:`usual_choice` reads: the parts of a :class:`ChoiceView` with log-likelihoods."""

    options: tuple[str, ...]
    texts: tuple[str, ...]
    lls: tuple[float, ...]
    golds: tuple[int, ...]

    def picked(self, metric: str = "acc") -> int | None:
        """As :meth:`ChoiceView.picked`."""
        return _picked(self.options, self.lls, metric)


def usual_choice(sample: Sample, config: Mapping[str, Any]) -> UsualChoice | None:
    """A choice of the usual form in half the time of :func:`choice_view`, which gives the same.

    Args:
        sample: The sample.
        config: The task's configuration, as far as it is known.

    Returns:
        None: it has another form, or is no choice. The usual form has requests by name with one context for all, and
        continuations that differ.
    """
    if config.get("output_type", _CHOICE) != _CHOICE:
        return None
    options, lls = _usual_requests(sample.line, config.get("target_delimiter", " "))
    if not options:
        return None
    texts = texts_of_labels(options, sample.line.get("doc")) if are_labels(options) else options
    return UsualChoice(options, texts, lls, _golds(sample, options, texts, lls))


def _usual_requests(line: Mapping[str, Any], delimiter: Any) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Options and their log-likelihoods; empty where requests or responses have another form."""
    answers = line.get("resps")
    if not isinstance(answers, list):
        return (), ()
    try:
        contexts, continuations = zip(*[one.values() for one in line["arguments"].values()], strict=True)
        count = len(contexts)
        if contexts.count(contexts[0]) != count or continuations.count(continuations[0]) == count:
            return (), ()
        values = [repeats[0] for repeats in answers]
        lls = tuple([float(value[0]) for value in values])
        greedy = [value[1] for value in values]
        options = without_delimiter(continuations, delimiter)
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
        return (), ()
    return (options, lls) if len(greedy) == count else ((), ())


def _requests(line: Mapping[str, Any]) -> tuple[Sequence[Sequence[Any]], tuple[float, ...], tuple[bool, ...]]:
    """Prompt and continuation of each request with two arguments, log-likelihoods, greedy flags."""
    given = line.get("arguments")
    requests = given.values() if isinstance(given, dict) else given if isinstance(given, list) else ()
    pairs = [[*one.values()] if isinstance(one, dict) else one for one in requests]
    for one in pairs:
        if not isinstance(one, _SEQUENCE) or len(one) != 2:
            return [], (), ()
    answers = line.get("resps")
    try:
        # One repeat: further ones of a log-likelihood are equal.
        values = [repeats[0] for repeats in answers] if isinstance(answers, list) else []
        lls = tuple([float(value[0]) for value in values])
        greedy = tuple([value[1] is True or value[1] in _TRUE for value in values])
    except (IndexError, KeyError, OverflowError, TypeError, ValueError):
        return pairs, (), ()
    return pairs, lls, greedy


def _options_among(pairs: Sequence[Sequence[Any]]) -> int:
    """How many of the requests are options: not those that repeat them without a context."""
    half, odd = divmod(len(pairs), 2)
    if half and not odd and pairs[half][0] == "" != pairs[0][0] and all(context == "" for context, _ in pairs[half:]):
        return half
    return len(pairs)


def _options(pairs: Sequence[Sequence[Any]], config: Mapping[str, Any]) -> tuple[str, ...]:
    continuations = [str(one[1]) for one in pairs]
    if continuations.count(continuations[0]) == len(continuations):
        contexts = [str(context) for context, _ in pairs]
        if len(set(contexts)) > 1:
            return differing_words(contexts)
    delimiter = config.get("target_delimiter", " ")
    return without_delimiter(tuple(continuations), delimiter if isinstance(delimiter, str) else "")


def _chosen_by_label(sample: Sample, request: Mapping[str, Any]) -> ChoiceView | None:
    if not {"labels", "options"} <= request.keys():
        return None
    labels, texts = tuple(map(str, request["labels"])), tuple(map(str, request["options"]))
    repeats = (sample.line.get("resps") or [[]])[0]
    value = repeats[0] if isinstance(repeats, list) and repeats else None
    position = str(value[0]) if isinstance(value, list) and value else "None"
    chosen = int(position) if position.isdecimal() and int(position) < len(texts) else None
    return ChoiceView(labels, texts, (), (), _golds(sample, texts, texts, ()), chosen)


def _golds(sample: Sample, options: Sequence[str], texts: Sequence[str], lls: Sequence[float]) -> tuple[int, ...]:
    target = sample.line.get("target")
    # Nearly always a position and no text; and this is looked at for every sample.
    if isinstance(target, str) and target in _DIGITS and target not in texts and target not in "".join(options):
        return (int(target),) if int(target) < len(options) else _gold_by_score(sample, lls)
    several = _several(target)
    if several is not None:
        places = [_by_number(one, len(options)) for one in several]
        known = [place for place in places if place is not None]
        return tuple(known) if len(known) == len(places) else ()
    number, text = _by_number(target, len(options)), _by_text(target, options, texts)
    if number is None or text is None:
        place = text if number is None else number
        return _gold_by_score(sample, lls) if place is None else (place,)
    # "3" is the fourth option, or the one that reads 3: files have positions as text. The document's score decides.
    by_score = _gold_by_score(sample, lls)
    return (text,) if text in by_score and number not in by_score else (number,)


def _several(target: Any) -> list[Any] | None:
    """The targets of a list, which files have as text."""
    if isinstance(target, list):
        return target
    if isinstance(target, str) and target[:1] in ("[", "(") and _NUMBERS.fullmatch(target):
        return re.findall(r"-?\d+", target)
    return None


def _by_number(target: Any, count: int) -> int | None:
    if isinstance(target, str) and (target in _DIGITS or _NUMBER.fullmatch(target)):
        target = int(target)
    if isinstance(target, bool) or not isinstance(target, int):
        return None
    # lm-eval: -1 is the last option, as a Python index is.
    return target % count if -count <= target < count else None


def _by_text(target: Any, options: Sequence[str], texts: Sequence[str]) -> int | None:
    if not isinstance(target, str):
        return None
    for named in (options, texts):
        if target in named:
            return named.index(target)
    stripped = [option.strip() for option in options]
    return stripped.index(target) if target in stripped else None


def _gold_by_score(sample: Sample, lls: Sequence[float]) -> tuple[int, ...]:
    """The right option by the document's ``acc``: the target may not name one (winogrande: the end of the sentence)."""
    score = sample.metrics.get("acc")
    if score not in (0, 1) or not lls or any(map(math.isnan, lls)):
        return ()
    picked = list(lls).index(max(lls))
    if score == 1:
        return (picked,)
    return (1 - picked,) if len(lls) == 2 else ()
