"""Filters of a task file that read the stated letter from the reply of a chat model."""

# One pattern for re.findall, of which the last match counts; lm-eval 0.4.13 reads it alike, on Python 3.10 too (no
# possessive quantifiers). Its parts, in order:
#
#   word       "Answer", "정답", "답변" ...; not "오답" or "wrong answer"
#   link       "은", "는", "is", a colon, with marks of Markdown around them
#   rejected   an option that is named only to be turned down: "A가 아니라", "not A but"
#   opening    brackets, quotes, \boxed{ before the letter
#   letter     what is read
#   unless     what follows turns the letter down ("가 아닙니다") or leaves it open ("A 또는 B", "A일 수도")
#
# Every repetition has a bound: the work at one place of a reply has a limit, so that the whole is linear in its length.
# A reply that names no letter so is not read here; the filter "last-letter" beside it reads the last letter at all.

from __future__ import annotations

from typing import Any

_FULL_WIDTH = {chr(ord("A") + at): chr(ord("Ａ") + at) for at in range(26)}
_INVALID = "[invalid]"
"""What lm-eval's filter ``regex`` gives where nothing matches."""

_WORD = r"(?:(?<!wrong )(?<!incorrect )[Aa]nswer|ANSWER|(?<!오)답[변안]?)"
_MARKS = r"[\s*_\"'”’`]{0,4}"
_LINK = rf"{_MARKS}(?:은|는|이|is|IS)?{_MARKS}[:：=→-]?"
_OPENING = r"[\s*_\"'“‘`(\[<「『【（［$\\{]"
_KIND = r"(?:(?:[Oo]ption|[Cc]hoice|actually|보기|선택지|바로)\s?)?"
_LATEX = r"(?:(?:boxed|text|textbf|mathrm|mathbf)\s?\{[\s*(\\]{0,3}){0,2}"
_OPENED = rf"{_OPENING}{{0,6}}{_KIND}{_OPENING}{{0,3}}{_LATEX}"
_CLOSED = r"[\s*_\"'”’`)\]>」』】）］$}]{0,6}"
# Not a letter of a word ("Because", "A-ha", "A's"), nor of a longer label ("B12", "C++").
_END = r"(?![A-Za-zＡ-Ｚａ-ｚ0-9+#]|['’-][A-Za-z])"
_OR = r"\s{0,2}(?:,|/|and|or|또는|혹은|이나|나|와|과)"
_NO = (
    r"(?:번이?)?(?:가|이|은|는|도)?\s{0,2}(?:아[니닌닐닙님]|(?:될|일)\s?수|일까|인지)"
    r"|\s{1,2}(?:is|was)\s(?:not|wrong|incorrect)|\s{1,2}(?:isn|wasn|can)['’]t|\s{1,2}cannot"
)

IGNORED = r"[\s,*\"'()\[\]]|and|와|과"
"""What may stand between the letters of a reply that states several: not a part of what is compared."""


def reply_filters(letters: str, every: bool) -> list[dict[str, Any]]:
    """The filters of a chat task: the last stated letter, and the last letter at all.

    Args:
        letters: Those of the options.
        every: Whether a reply states all right options and not one.
    """
    if every:
        one = f"[{letters[0]}-{letters[-1]}]"
        found = rf"{one}(?:[*\"')\]]{{0,3}}\s{{0,2}}(?:,|and|와|과)\s{{0,2}}[*\"'(\[]{{0,3}}{one})*"
    else:
        found = one = f"[{letters[0]}-{letters[-1]}{_FULL_WIDTH[letters[0]]}-{_FULL_WIDTH[letters[-1]]}]"
    rejected = rf"(?:(?:not {one},? but |{one}{_CLOSED}(?:가|이) ?아니라,? ?){_OPENED})?"
    other = rf"{_CLOSED}{_OR}{_OPENED}{one}{_END}(?!\s?[은는]|\s(?:is|was)\s)"
    stated = rf"{_WORD}{_LINK}{_OPENED}{rejected}({found}){_END}(?!{_CLOSED}(?:{_NO})|{other})"
    last = rf"(?<![A-Za-zＡ-Ｚａ-ｚ])({found})(?![A-Za-zＡ-Ｚａ-ｚ])"
    return [_filter("stated-answer", stated, letters, every), _filter("last-letter", last, letters, every)]


def _filter(name: str, pattern: str, letters: str, every: bool) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"function": "regex", "regex_pattern": pattern, "group_select": -1}]
    if not every:
        both = {sign: letter for letter in letters for sign in (letter, _FULL_WIDTH[letter])}
        steps.append({"function": "map", "mapping_dict": both, "default_value": _INVALID})
    return {"name": name, "filter": [*steps, {"function": "take_first"}]}
