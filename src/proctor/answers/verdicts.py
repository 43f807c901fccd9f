"""What a reply calls right or wrong, and options that it quotes: evidence that counts where nothing is stated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from proctor.answers.labels import CLOSE, LABEL, Labels, bare_labels, position
from proctor.answers.reply import plain_letters, without_markup
from proctor.answers.statements import declared_texts

_WRONG = (
    r"(?:incorrect|wrong|false|not (?:correct|right|true)|invalid|"
    r"틀[리렸림린]|오답|거짓|아닙니다|맞지 않|옳지 않|적절하지 않)"
)
_RIGHT = r"(?:correct|right answer|true|맞음|맞습니다|맞는 설명|정답|옳음|옳습니다|참)"
_IS_WRONG = re.compile(rf"\b{_WRONG}|{_WRONG}", re.IGNORECASE)
_IS_RIGHT = re.compile(rf"(?<![A-Za-z가-힣]){_RIGHT}", re.IGNORECASE)


_LINE_LABEL = re.compile(
    rf"^(?:option |choice |선택지 |보기 )?{LABEL}(?:[)\]>】]{{1,2}}[.:,]?|번?[.:,]|번|(?= ?$)| ?[-–—])[ \n]?",
    re.IGNORECASE,
)
"""A label at the beginning of a line, with what separates it from its text."""

_REJECTION = re.compile(
    rf"{LABEL}{CLOSE} ?(?:번?(?:은|는|이|가|도)? ?|[.:] ?| ?[-–—] ?)"
    rf"(?:(?:is|was|are|seems|looks)(?: (?:clearly|also|definitely|obviously))? )?{_WRONG}",
    re.IGNORECASE,
)


def labelled_lines(text: str) -> list[tuple[int, str]]:
    """Lines that begin with a label, each with the label's position and what follows it."""
    found: list[tuple[int, str]] = []
    for line in text.split("\n"):
        match = _LINE_LABEL.match(line)
        if match is not None:
            found.append((position(match[1]), line[match.end() :]))
    return found


def _verdict_lines(text: str, labels: Labels) -> list[tuple[int, str]]:
    """Lines about one option alone, each with its position and what follows the label."""
    return [
        (index, rest) for index, rest in labelled_lines(text) if {at for at, _ in bare_labels(rest, labels)} <= {index}
    ]


def rejected(text: str, labels: Labels) -> set[int]:
    """Options that the text calls wrong, by position."""
    return {position(match[1]) for match in _REJECTION.finditer(text)} | {
        index for index, rest in _verdict_lines(text, labels) if _IS_WRONG.search(rest)
    }


def approved(text: str, labels: Labels) -> set[int]:
    """Options whose own line calls them right, by position."""
    return {
        index for index, rest in _verdict_lines(text, labels) if _IS_RIGHT.search(rest) and not _IS_WRONG.search(rest)
    }


def by_verdicts(text: str, labels: Labels) -> int | None:
    """The option that alone is called right, or that is left when the others are called wrong; None otherwise."""
    wrong = rejected(text, labels)
    right = approved(text, labels) - wrong
    if len(right) == 1 and wrong:
        return right.pop()
    left = set(range(len(labels.names))) - wrong
    if len(left) == 1 and left <= {index for index, _ in bare_labels(text, labels)}:
        return left.pop()
    return None


_NOT_LETTERS = re.compile(r"[^\w%+=<>^/-]+")
_NEGATION = re.compile(
    r"\b(?:not|never|cannot|incorrect|wrong|unlike|rather than|instead of|neither|nor)\b|n't\b|아니|아닌|않",
    re.IGNORECASE,
)


_CONTRAST = re.compile(r"(?:이|가) 아니(?:라|고)|\bnot .{1,80}? but ")
"""Between an option that is denied and the one that is the answer."""


def words(text: str) -> str:
    """A text as words between single blanks, for comparisons."""
    return _NOT_LETTERS.sub(" ", text.casefold()).strip(" -=")


@lru_cache(maxsize=512)
def option_words(options: tuple[str, ...]) -> tuple[str, ...]:
    """The options' texts as :func:`words`; what cannot be told from another one is empty."""
    plain = [words(without_markup(plain_letters(option[:2000]))) for option in options]
    return tuple(one if plain.count(one) == 1 else "" for one in plain)


def equal_option(text: str, options: Sequence[str]) -> int | None:
    """The option whose text is the whole text."""
    given = words(text)
    return next((place for place, option in enumerate(options) if option and option == given), None)


def _begins_with(given: str, option: str) -> bool:
    return bool(option) and given.startswith(option) and not given[len(option) : len(option) + 1].isalnum()


def leading_option(text: str, options: Sequence[str]) -> int | None:
    """The longest option with whose text a text begins."""
    given = words(text)
    found = [place for place, option in enumerate(options) if _begins_with(given, option)]
    return max(found, key=lambda place: len(options[place]), default=None)


def declared_option(text: str, options: Sequence[str]) -> int | None:
    """The option whose text the last "the answer is" states."""
    found = [place for part in declared_texts(text) if (place := leading_option(part, options)) is not None]
    return found[-1] if found else None


def _occurs(option: str, given: str) -> bool:
    if re.fullmatch(r"[+-]?\d{1,9}", option):  # a number counts where it is the only one of a line
        return re.findall(r"[+-]?\d{1,9}(?:[.,/]\d{1,9})?", given[:400]) == [option] and len(given) <= 400
    hangul = bool(re.search("[가-힣]", option))
    if len(option) < (2 if hangul else 3) and option not in ("no",):
        return False
    end = "" if hangul else r"(?![^\W_])"
    return re.search(rf"(?<![^\W_]){re.escape(option)}{end}", given) is not None


def quoted_option(text: str, options: Sequence[str]) -> int | None:
    """The one option whose text occurs, but for those within longer ones that occur; None where it is denied."""
    given = _CONTRAST.split(words(text))[-1].strip()
    found = [place for place, option in enumerate(options) if option and _occurs(option, given)]
    found = [place for place in found if not any(options[place] in options[other] for other in found if other != place)]
    if len(found) != 1:
        return None
    before = given.partition(options[found[0]])[0]
    denied = _NEGATION.search(before[-60:]) or _NEGATION.match(given.partition(options[found[0]])[2][:12].strip())
    return None if denied else found[0]
