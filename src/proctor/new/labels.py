"""Labels of options as people write them in tables: letters, ①, 가나다, ㄱㄴㄷ, Roman numerals, numbers."""

# A label is one or two characters with perhaps a bracket, a full stop or a counter around it. Each form is read by
# itself, because one sign may be a label of two forms ("I" is the ninth letter and the Roman one): which form a file is
# written in is decided over the whole file, in ``answers``.

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal, TypeAlias

LabelForm: TypeAlias = Literal["letter", "circled", "korean", "roman", "number"]
LABEL_FORMS: tuple[LabelForm, ...] = ("letter", "circled", "korean", "roman", "number")

LETTERS = "ABCDEFGHIJ"


def _run(first: str, count: int = 10) -> str:
    return "".join(chr(ord(first) + number) for number in range(count))


def _places(*alphabets: str) -> Mapping[str, int]:
    return {letter: place for alphabet in alphabets for place, letter in enumerate(alphabet)}


_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_SIGNS: Mapping[LabelForm, Mapping[str, int]] = {
    "letter": _places(LETTERS, LETTERS.lower(), _run("Ａ"), _run("ａ"), _run("Ⓐ"), _run("ⓐ"), _run("⒜")),
    "circled": _places(_run("①"), _run("⑴"), _run("❶"), _run("➀"), _run("➊"), _run("⓵"), _run("⒈")),
    "korean": _places(
        *("가나다라마바사아자차", "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊ", "ᄀᄂᄃᄅᄆᄇᄉᄋᄌᄎ"),
        *(_run("㉠"), _run("㉮"), _run("㈀"), _run("㈎")),
    ),
    "roman": {**_places(_run("Ⅰ"), _run("ⅰ")), **{sign: place for place, sign in enumerate(_ROMAN)},
              **{sign.upper(): place for place, sign in enumerate(_ROMAN)}},
}  # fmt: skip
"""The signs of each form, and which option they stand for, from 0."""

_AROUND = " \t\n()[]{}<>（）［］【】「」.,:："
_NUMBER = re.compile(r"[-+]?\d{1,4}(?:\.0+)?")
_COUNTER = re.compile(r"(?:\s*(?:번|번째|항))$|^(?:option|choice|no\.?|보기|선택지)\s*(?=\S)", re.IGNORECASE)

DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")


def read_label(text: str, form: LabelForm) -> int | None:
    """Which option a label names, from 0; of the form ``number`` the number itself.

    Args:
        text: A label and nothing else; brackets and full stops may stand around it.
        form: The form that it is read in.

    Returns:
        None where it is no label of the form.
    """
    bare = _COUNTER.sub("", unicodedata.normalize("NFC", text).strip()).strip()
    if form == "number":
        bare = bare.translate(DIGITS)
        if not _NUMBER.fullmatch(bare):
            bare = bare.strip(_AROUND)
        return int(float(bare)) if _NUMBER.fullmatch(bare) else None
    signs = _SIGNS[form]
    return signs[bare] if bare in signs else signs.get(bare.strip(_AROUND))


_ENCLOSED = "".join(
    sign for form in ("letter", "circled", "korean") for sign in _SIGNS[form] if not sign.isascii() and sign not in
    "가나다라마바사아자차ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊᄀᄂᄃᄅᄆᄇᄉᄋᄌᄎ" and not "Ａ" <= sign <= "ｚ"
)  # fmt: skip
_PREFIX = re.compile(
    rf"\s*(?P<label>[{_ENCLOSED}]|[(\[（【][A-Ja-jＡ-Ｊ가-차ㄱ-ㅊⅠ-Ⅹ\d]{{1,2}}[)\]）】]|"
    rf"(?:[A-Ja-jＡ-Ｊ]|[가나다라마바사아자차ㄱ-ㅊⅠ-Ⅹ]|\d{{1,2}}(?!\d)|[ivx]{{1,4}})\s?(?:번|[.):：．]|(?=\s*[-–—]\s)))"
    rf"\s*(?:[.:：)\-–—]\s+|[.:：])?\s*(?P<rest>\S.*)",
    re.DOTALL,
)


def split_label(text: str) -> tuple[str, str] | None:
    """The label at the beginning of a text and what follows it: ``② 서울`` is ``("②", "서울")``.

    Args:
        text: An option or an answer.

    Returns:
        None where no label stands there: ``3.5 km`` and ``A형 간염`` have none.
    """
    match = _PREFIX.fullmatch(text)
    if match is None or (match["label"][0].isdigit() and match["rest"][0].isdigit()):
        return None
    return match["label"], match["rest"].strip()


_INLINE = {
    "circled": re.compile(r"[①-⑩]|[⑴-⑽]|[❶-❿]"),
    "korean": re.compile(r"[㉠-㉩]|[㉮-㉷]|[㈀-㈉]|[㈎-㈗]"),
    "letter": re.compile(r"(?<![^\s(])[(\[]?[A-Ja-j][.)\]:]\s|[Ⓐ-Ⓙ]|[ⓐ-ⓙ]"),
    "number": re.compile(r"(?<![^\s(])[(\[]?\d{1,2}[.)\]](?!\d)\s?"),
}
_IN_CELL = {
    **_INLINE,
    # Behind a question they are more often statements that the options speak of.
    "korean": re.compile(rf"{_INLINE['korean'].pattern}|(?<![^\s(])[(\[]?[가나다라마바사아자차ㄱ-ㅊ][.)\]]\s?"),
}
"""Labels between the options of one cell, by form."""


def split_question(text: str) -> tuple[str, list[str]] | None:
    """A question and its options, which stand behind it in the same text: ``수도는? ① 서울 ② 부산``.

    Args:
        text: The cell.

    Returns:
        None where no labels that count up from the first stand at the end of the text, behind a question. Labels within
        the question (``밑줄 친 ①``) are none of the options': those begin at the last first label.
    """
    for form, pattern in _INLINE.items():
        places = [(match.span(), read_label(match[0], form)) for match in pattern.finditer(text)]  # pyright: ignore[reportArgumentType]
        first = form == "number"
        starts = [at for at, (_, label) in enumerate(places) if label == first]
        run = places[starts[-1] :] if starts else []
        if len(run) > 1 and [label for _, label in run] == [at + first for at in range(len(run))]:
            stem, ends = text[: run[0][0][0]].strip(), [span[0] for span, _ in run[1:]] + [len(text)]
            options = [
                text[span[1] : end].strip().rstrip(",;").strip() for (span, _), end in zip(run, ends, strict=True)
            ]
            if stem and all(options):
                return stem, options
    return None


def split_at_labels(text: str) -> list[str] | None:
    """The options of one cell that holds all of them, each behind its label: ``① 서울 ② 부산``.

    Args:
        text: The cell.

    Returns:
        The options without their labels, or None: labels that count up from the first, one at the beginning, were not
        found.
    """
    for form, pattern in _IN_CELL.items():
        places, expected = list[tuple[int, int]](), 0
        for match in pattern.finditer(text):
            label = read_label(match[0], form)  # pyright: ignore[reportArgumentType]
            if label is not None and label - (form == "number") == expected:
                places.append(match.span())
                expected += 1
        if len(places) > 1 and not text[: places[0][0]].strip():
            ends = [start for start, _ in places[1:]] + [len(text)]
            return [text[end:stop].strip().rstrip(",;").strip() for (_, end), stop in zip(places, ends, strict=True)]
    return None
