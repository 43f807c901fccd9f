"""What the name of a column says about it, in English and Korean."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["question", "context", "choices", "answer", "group", "id", "explanation", "split"]

NAMES: Mapping[Role, tuple[str, ...]] = {
    "question": (
        "question", "question_text", "question_stem", "stem", "query", "ctx", "prompt", "problem",
        "sentence", "goal", "q",
        "문제", "질문", "문항", "발문", "문제내용", "질문내용", "문항내용", "문제지문", "물음", "input",
    ),
    "context": ("context", "passage", "article", "paragraph", "story", "premise",
        "지문", "본문", "제시문", "글", "자료"),
    "choices": (
        "choices", "options", "endings", "candidates", "choice", "option", "alternatives", "answer_choices",
        "answer_options", "보기", "선택지", "선지", "답지", "답가지",
    ),
    "answer": (
        "answer", "answer_key", "answerkey", "correct_answer", "correct_option", "correct", "correct_choice", "gold",
        "key", "label", "target", "answer_idx", "answer_index", "answer_id", "gold_label", "solution_index", "cop",
        "정답", "답", "정답번호", "정답 번호", "답안", "정답키", "맞는답", "정답(번호)", "모범답안",
    ),
    "group": (
        "subject", "category", "topic", "domain", "discipline", "subject_name", "과목", "분야", "단원", "영역", "교과",
        "대분류", "과목명", "유형",
    ),
    "id": (
        "id", "no", "no.", "num", "number", "nr", "#", "index", "idx", "qid", "question_id", "uid", "번호", "문항번호",
        "문제번호", "문항 번호", "문제 번호", "연번", "순번", "일련번호",
    ),
    "explanation": (
        "explanation", "rationale", "reasoning", "solution", "comment", "exp", "해설", "풀이", "설명", "비고", "출처",
        "source", "support", "hint", "note", "notes", "배점", "난이도",
    ),
    "split": ("split", "partition", "set", "구분", "데이터구분"),
}  # fmt: skip
"""Names of each role, the likelier ones first. ``explanation`` holds whatever is kept and never prompted."""

_STEMS = (
    "options|option|opts|opt|op|choices|choice|endings|ending|candidates|candidate|alternatives|alternative|answers|"
    "answer|ans|sol|solution|mc_answer|보기문|보기|선택지|선지|답지|답가지|문항보기|예시"
)
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"
_KOREAN = "가나다라마바사아자차"
_NUMBERED = re.compile(
    rf"(?P<stem>{_STEMS})?[\s_\-.:(\[]*(?P<place>[a-j]|\d{{1,2}}|[{_CIRCLED}]|[ㄱ-ㅊ]|[{_KOREAN}])[\s_)\].]*(?:번|번째)?"
)


def plain_name(name: str) -> str:
    """A column's name without case, spaces and signs around it."""
    text = unicodedata.normalize("NFC", name).casefold().strip()
    text = "".join(chr(ord(letter) - 0xFEE0) if "！" <= letter <= "～" else letter for letter in text)
    return re.sub(r"[\s_\-]+", "_", text).strip("_ ")


_ROLES: Mapping[str, Role] = {
    form: role for role, names in NAMES.items() for name in names for form in (plain_name(name), name.replace(" ", ""))
}


def role_of(name: str) -> Role | None:
    """The role of a column by its name.

    Args:
        name: The column's name as the file writes it.
    """
    plain = plain_name(name)
    without = re.sub(r"[(\[（].*[)\]）]$", "", plain).strip("_ ")  # "정답 (번호)"
    for form in (plain, plain.replace("_", ""), without):
        if form in _ROLES:
            return _ROLES[form]
    return None


def rank(role: Role, name: str) -> int:
    """How likely a name is for its role: 0 is the likeliest."""
    forms = [plain_name(one) for one in NAMES[role]]
    plain = plain_name(name)
    return forms.index(plain) if plain in forms else len(forms)


def option_place(name: str) -> tuple[str, int] | None:
    """The stem and the number of a column for one option: ``선택지 2`` is ``("선택지", 2)``, ``B`` is ``("", 2)``.

    Args:
        name: The column's name.

    Returns:
        None where the name is none of an option. Numbers count as the name does: ``option0`` is 0, ``A`` is 1.
    """
    text = unicodedata.normalize("NFC", name).casefold().strip()
    text = "".join(chr(ord(letter) - 0xFEE0) if "！" <= letter <= "～" else letter for letter in text)
    match = _NUMBERED.fullmatch(text)
    if match is None:
        return None
    place = match["place"]
    for letters in ("abcdefghij", _CIRCLED, "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊ", _KOREAN):
        if place in letters:
            return f"{match['stem'] or ''}", letters.index(place) + 1
    return (f"{match['stem'] or ''}", int(place)) if place.isdecimal() else None


def option_families(columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Columns that hold an option each: those of one stem with the numbers from 0 or 1 on, the largest family first.

    Args:
        columns: All names.
    """
    stems: dict[str, list[tuple[int, str]]] = {}
    for name in columns:
        place = option_place(name)
        if place is not None:
            stems.setdefault(place[0], []).append((place[1], name))
    families: list[tuple[str, ...]] = []
    for members in stems.values():
        members.sort()  # "B, A, C" are the options A, B and C
        first = members[0][0]
        run = [name for number, (place, name) in enumerate(members) if place == first + number]
        if len(run) == len(members) > 1 and first in (0, 1):
            families.append(tuple(run))
    return sorted(families, key=len, reverse=True)
