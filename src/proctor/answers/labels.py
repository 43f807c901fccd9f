r"""Labels of options in plain text: where one begins and ends, and what only looks like one.

A label is recognised by what stands around it. Before it no letter or digit; after it none either, but for Korean
particles and endings (``B입니다``, ``3번``). The article "A", the pronoun "I", parts of numbers (``3.5``), of units and
of words (``C-section``, ``A형``) are none.

Each label that is found is replaced by one character of Unicode's private area that stands for its position
(:func:`mark`). So all other patterns of the room are the same for all documents and compiled once: to write the labels
into each of them was tried, and took most of a second for every new set of labels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from proctor.answers.reply import BOX, plain_letters

MOST_LABELS = 0x800
"""Labels of one document that are looked for; no task has so many."""

_TYPED, _OTHER_CASE = 0xE000, 0xE800

AS_TYPED = "([\ue000-\ue7ff])"
"""A label in the case of its name, as a pattern with one group."""

ANY = "([\ue000-\uefff])"
"""A label in either case."""

_ENDINGS = (
    r"(?:번|항)?(?: ?(?:은|는|이|가|을|를|와|과|도|만|로|으로|의|에|란|랑|하고|중|다|임|뿐|보다|부터|까지|처럼|"
    r"요|라|인|일|번|항|라는|이란)(?![가-힣])|번|입니|이다|다\b|이에|예요|이며|이고|이므로|라고|이라|였|이었|이지|이나|"
    r"이거|므로|인 |일 |중에|에서|밖에|만이|만 |이외|인데|란 |라는|로 )"
)
"""What may follow a label without a blank: Korean particles, counters and forms of "to be"."""

OPEN = rf"[(\"'\[<{BOX}“‘「『〈《]{{0,4}} ?"
CLOSE = r"[)\]>\"'”’」』〉》]{0,4}"
LABEL = OPEN + ANY
"""A label and the brackets before it."""

# Words that may follow a label; after other words in lower case "A" is an article, and "I" a pronoun.
_AFTER_A = re.compile(
    r" (?:because|since|as|and|or|is|was|which|for|due|but|if|so|then|given|based|therefore|according|where|when|while|"
    r"not|rather|after|being|has)\b"
)
_AFTER_I = re.compile(r" (?:because|since|as|and|or|is|which|due|according|being)\b")


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one document.

    Attributes:
        names: The labels in plain letters, in order.
        pattern: Finds any of them, in one group.
    """

    names: tuple[str, ...]
    pattern: re.Pattern[str]

    @property
    def bare(self) -> re.Pattern[str]:
        """What finds a label that stands alone; of digits and Korean syllables, in brackets or with a counter."""
        if all(name.isdecimal() for name in self.names if name):
            return _BARE_DIGITS
        if all("가" <= name[0] <= "힣" for name in self.names if name):
            return _BARE_SYLLABLES
        return _BARE_LETTERS


_BARE_DIGITS = re.compile(
    rf"\({ANY}\)|(?:[Oo]ption|[Cc]hoice|[Nn]umber|[Nn]o\.|선택지|보기) ?#?{ANY}|{ANY}번(?!째|의|씩| 이상| 더)"
)
_BARE_SYLLABLES = re.compile(rf"[(\[<]{ANY}[)\]>]")
_BARE_LETTERS = re.compile(rf"(?<![A-Za-z0-9])\({ANY}\)|(?<![(\[/A-Za-z0-9]){AS_TYPED}")


@lru_cache(maxsize=4096)
def labels_of(names: tuple[str, ...]) -> Labels:
    """The labels as they are looked for. Brackets and full stops around a label are no part of it."""
    plain = tuple(plain_letters(name).strip(" ().[]:") or plain_letters(name) for name in names[:MOST_LABELS])
    any_of = "|".join(re.escape(name) for name in sorted(set(plain) - {""}, key=len, reverse=True)) or "(?!)"
    before = r"(?<![A-Za-z0-9가-힣ㄱ-ㅎ_\\)\]>’”」』】])(?<!\d[.,])(?<![^\s(\[]['\"])"
    after = (
        r"(?![A-Za-z0-9_ㄱ-ㅎ]|[.,:]\d|['’](?:m|d|ve|ll|s|re)\b|[-–][A-Za-z0-9가-힣]|[+#°%²³])"
        rf"(?=[^가-힣]|$|{_ENDINGS})"
    )
    return Labels(plain, re.compile(f"{before}({any_of}){after}", re.IGNORECASE))


def _is_word(found: str, rest: str) -> bool:
    """Whether what was found is an article or a pronoun, to judge by what follows it."""
    if re.match(" [a-z]", rest) is None:
        return False
    if found == "A":
        return not _AFTER_A.match(rest) and not rest.startswith(" it is")
    return found == "a" or (found in ("I", "i") and not _AFTER_I.match(rest))


def mark(text: str, labels: Labels) -> str:
    """A text with a character of the private area in place of each label."""
    places = {name: at for at, name in reversed(list(enumerate(labels.names)))}
    folded = {name.casefold(): at for name, at in reversed(places.items())}

    def marked(match: re.Match[str]) -> str:
        found = match[1]
        if _is_word(found, text[match.end() : match.end() + 16]):
            return found
        if found in places:
            return chr(_TYPED + places[found])
        at = folded.get(found.casefold())  # None: letters that only the pattern takes for the same
        return found if at is None else chr(_OTHER_CASE + at)

    return _ordinals(labels.pattern.sub(marked, text), labels)


_ORDINALS = (("first", "첫"), ("second", "두"), ("third", "세"), ("fourth", "네"), ("fifth", "다섯"))
_ORDINAL = re.compile(
    rf"\b(?:the )?({'|'.join(english for english, _ in _ORDINALS)}) (?:answer )?(?:option|choice)\b|"
    rf"(?<![가-힣])({'|'.join(korean for _, korean in _ORDINALS)}) ?번째(?: ?(?:선택지|보기|옵션)|(?=입니다|이다))",
    re.IGNORECASE,
)


def _ordinals(text: str, labels: Labels) -> str:
    """Options that are named by their number, "the second option", marked as by their labels."""

    def marked(match: re.Match[str]) -> str:
        at = next(at for at, words in enumerate(_ORDINALS) if (match[1] or match[2]).lower() in words)
        return chr(_TYPED + at) if at < len(labels.names) else match[0]

    return _ORDINAL.sub(marked, text)


def unmark(text: str, labels: Labels) -> str:
    """A marked text with the labels' names again."""
    return re.sub(ANY, lambda match: labels.names[position(match[1])], text)


def position(character: str) -> int:
    """The position of the label for which a character stands."""
    return (ord(character) - _TYPED) % (_OTHER_CASE - _TYPED)


_NAMES_OF_OTHERS = re.compile(
    r"(?:[Vv]itamins?|[Tt]ypes?|[Gg]roups?|[Ss]tatements?|[Pp]oints?|[Pp]art|[Ff]igure|[Tt]able|[Pp]hase|[Ss]ection|"
    r"[Hh]epatitis|[Pp]lan|[Cc]ase|[Cc]ompany|[Ff]actor|[Cc]lass|[Mm]atrix|[Ss]et|[Ww]orld [Ww]ar|비타민|그룹|조건) ?$"
)


def bare_labels(text: str, labels: Labels) -> list[tuple[int, re.Match[str]]]:
    """Labels that stand alone in a marked text, each with its position."""
    return [
        (position(match[match.lastindex or 0]), match)
        for match in labels.bare.finditer(text)
        if not _NAMES_OF_OTHERS.search(text[max(0, match.start() - 16) : match.start(match.lastindex or 0)])
    ]
