"""Options that must not move: "none of the above" is only true in its place, "both A and B" names letters."""

# An item is one of four kinds:
#
#   fixed     an option names other options by their labels, the stem does, or fewer than two options can move
#   pinned    an option speaks of all, none or both of the others: it stays, the others move
#   sorted    three or more numbers of one unit, strictly rising or falling: only its reverse is natural. Currencies and
#             "about" may stand before a number; codes with letters before it ("E4303") are no numbers
#   free      everything else
#
# Rules are per language (English, Korean, Chinese) and look at the whole option wherever a sentence might contain the
# same words: "둘 다" stays, "전원은 모두 차단한 상태로 나타낸다" is a statement and moves. Texts are compared in NFC,
# trimmed, without punctuation around them.
#
# The lists of the test vectors (``orders.option_kinds``) say what must be caught and what must not.

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

OptionKind: TypeAlias = Literal["all_none", "ref"]
Kind: TypeAlias = Literal["fixed", "pinned", "sorted", "free"]

KINDS: tuple[Kind, ...] = ("fixed", "pinned", "sorted", "free")

_LONGEST_ENGLISH, _LONGEST_KOREAN, _LONGEST_CHINESE = 80, 25, 20

_OTHERS = "above|below|preceding|previous|(?:other )?(?:options|choices|answers|alternatives)|others"
_ENGLISH = re.compile(
    r"\b(?:(?:all|none|any|neither|either|both) (?:of )?(?:the |these |those )?"
    r"|(?:two|some|most) of (?:the |these |those )?)"  # "only two choices are available" is no reference
    rf"(?:{_OTHERS})\b",
    re.IGNORECASE,
)
_ENGLISH_WHOLE = re.compile(
    r"(?:all|none|any|neither|either|both)(?: of (?:these|them))?(?: (?:is|are) (?:correct|true))?|no correct answer",
    re.IGNORECASE,
)

_INFLECTED = r"(?:맞|옳|해당|정답|틀|아니|같|포함)\S{0,5}"
_PLACE = (
    r"(?:위|앞|이상|상기|아래|보기|선지)(?:의|에|에서|에 있는)?"
    r"\s*(?:것|내용|사항|보기|선지|항목|답|답안)?(?:들)?(?:은|는|이|가|을|를)?"
)
_KOREAN = re.compile(
    rf"{_PLACE}\s*(?:모두|전부|전체|다)(?:\s*{_INFLECTED})?"
    rf"|{_PLACE}\s*중\S*\s.*없\S*"
    rf"|(?:모두|전부|다\s|둘\s*다)\s*{_INFLECTED}"
    r"|모두|전부|둘\s*다"
    r"|(?:정답|답|해당|해당\s*사항|보기)(?:이|은|는)?\s*없\S*"
)
_CHINESE = re.compile(r"(?:以上|上述|前述)\S{0,6}?(?:皆|都|均|全)\S*|都(?:是|不是|对|不对)|以上(?:说法)?不正确")

_LABEL = r"[(\[]?(?:[A-J]|[①-⑩]|[㉠-㉭])[)\].]?"
_JOIN = r"\s*(?:,\s*(?:and|or|nor|&)?|and|or|nor|&|와|과|및|또는)\s*"
_LABELS = re.compile(
    rf"(?:(?i:both|either|neither|only|options?)\s+)?{_LABEL}(?:{_JOIN}{_LABEL})+"
    r"(?:\s*(?:(?i:only|(?:is|are) (?:correct|true))|만|모두))?"
)
_STEM = re.compile(r"\b(?i:option|choice|answer)s? [A-HJ]\b")
"""Without I: "Option I gives a return" numbers statements of the stem."""

_NUMBER = re.compile(
    r"(?P<before>[$￦₩€£¥±≈~]?|약|(?i:about))\s*(?=[+\-−.]{0,2}\d)"
    r"(?P<number>[+\-−]?(?:\d{1,3}(?:,\d{3})+|\d*)(?:\.\d+)?)(?P<after>\D.*|)",
    re.DOTALL,
)
_SECOND_NUMBER = re.compile(r"(?<![^\W\d_])(?<![\^/])\d")
"""A digit that is no power of a unit: "20 m2" and "9.8 m/s^2" have one number, "20 and 30" two."""
_LONGEST_UNIT = 20


@dataclass(frozen=True, slots=True)
class ItemKind:
    """The kind of an item, and the positions that stay."""

    kind: Kind
    pinned: tuple[int, ...] = ()
    """Of a pinned item, the positions of the options that stay; else empty."""


_AROUND = " .。!?！？:;,、'\"“”‘’"


def _spaced(text: str) -> str:
    """NFC, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _plain(text: str) -> str:
    """NFC, single spaces, without punctuation around it; brackets stay, as labels have them."""
    return _spaced(text).strip(_AROUND)


def option_kind(option: str) -> OptionKind | None:
    """Whether an option speaks of the others.

    Args:
        option: Its text, without its label.

    Returns:
        "all_none" where it speaks of all, none, both or neither of the others; "ref" where it names others by their
        labels; None for an option that may move.
    """
    text = _plain(option)
    if _LABELS.fullmatch(text):
        return "ref"
    if len(text) <= _LONGEST_ENGLISH and (_ENGLISH.search(text) or _ENGLISH_WHOLE.fullmatch(text)):
        return "all_none"
    if len(text) <= _LONGEST_KOREAN and _KOREAN.fullmatch(text):
        return "all_none"
    if len(text) <= _LONGEST_CHINESE and _CHINESE.fullmatch(text):
        return "all_none"
    return None


_OTHERS_HINTS = ("above", "below", "preceding", "previous", "options", "choices", "answers", "alternatives", "others")
_WHOLE_HINTS = ("all", "none", "any", "neither", "either", "both", "no")
_BEFORE = _AROUND + "\t\n\r\v\f"
_MAY_BEGIN = frozenset(_BEFORE) | {letter for word in _WHOLE_HINTS for letter in (word[0], word[0].upper())}


def speaking_positions(options: Sequence[str]) -> tuple[int, ...]:
    """The positions of options that speak of all, none, both or neither of the others.

    Args:
        options: The texts of the K options of an item.
    """
    if not _may_speak(options):
        return ()
    return tuple(position for position, option in enumerate(options) if option_kind(option) == "all_none")


def _may_speak(options: Sequence[str]) -> bool:
    """Whether an option has what every one that speaks of others has: most documents need no closer look.

    Plain searches of texts, since a pattern that looks at each word of 14,042 documents takes a tenth of their audit.
    """
    text = "\n".join(options)
    if not text.isascii():
        return True
    text = text.lower()
    for noun in _OTHERS_HINTS:
        if noun in text:
            return True
    for option in options:
        if option[:1] in _MAY_BEGIN and option.lstrip(_BEFORE).lower().startswith(_WHOLE_HINTS):
            return True
    return False


def item_kind(options: Sequence[str], stem: str = "") -> ItemKind:
    """The kind of an item.

    Args:
        options: The texts of its K options, in the canonical order.
        stem: The text of the question.
    """
    kinds = [option_kind(option) for option in options]
    if "ref" in kinds or _STEM.search(stem):
        return ItemKind("fixed")
    pinned = tuple(position for position, kind in enumerate(kinds) if kind)
    if len(options) - len(pinned) < 2:
        return ItemKind("fixed")
    if pinned:
        return ItemKind("pinned", pinned)
    return ItemKind("sorted" if is_sorted(options) else "free")


def kept(kind: ItemKind, keep: Collection[Kind]) -> ItemKind:
    """The kind that an item is treated as where only some kinds keep an order (``--choice_orders_keep``).

    Args:
        kind: What the item is.
        keep: The kinds that keep an order; an item of another kind is free.
    """
    return kind if kind.kind in keep else ItemKind("free")


def is_sorted(options: Sequence[str]) -> bool:
    """Whether options are three or more numbers of one unit, strictly rising or falling.

    Args:
        options: Their texts.
    """
    if len(options) < 3:
        return False
    parsed = [_number(option) for option in options]
    numbers = [one[0] for one in parsed if one is not None]
    if len(numbers) < len(options) or len({one[1] for one in parsed if one is not None}) > 1:
        return False
    pairs = list(itertools.pairwise(numbers))
    return all(a < b for a, b in pairs) or all(a > b for a, b in pairs)


def _number(option: str) -> tuple[float, tuple[str, str]] | None:
    """The number of an option, and what stands around it: its unit."""
    match = _NUMBER.fullmatch(_spaced(option).rstrip(_AROUND))
    if not match or not any(map(str.isdigit, match["number"])):
        return None
    after = match["after"].strip()
    if len(after) > _LONGEST_UNIT or _SECOND_NUMBER.search(after):
        return None
    try:
        number = float(match["number"].replace(",", "").replace("−", "-"))
    except ValueError:  # digits of other scripts, as ², are no numbers
        return None
    singular = after.removesuffix("s") if after.isascii() and len(after) > 2 else after
    return number, (match["before"].strip(), singular)
