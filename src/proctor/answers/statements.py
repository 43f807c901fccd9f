r"""Sentences of a reply that state which option is the answer, in English and Korean.

There are two kinds. A declaration names the answer as such (``the answer is B``, ``정답은 B``, ``\boxed{B}``); a
remark gives it otherwise (``B is correct``, ``so B.``, ``I choose B``). The last declaration counts, and only without
one the last remark: after the answer, models explain what is correct about other options. A remark counts against an
earlier declaration only where a word of correction ("wait") stands between them.

What states two labels at once is ambiguous. What states that an option is wrong is no statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from proctor.answers.labels import ANY, CLOSE, LABEL, OPEN, position
from proctor.answers.reply import BOX

AMBIGUOUS = -1
"""Stands for the position of a label where a statement names several."""

_NOUN = (
    r"(?<![A-Za-z])(?:answers?|ans|option|choice|selection|response|letter|solution|"
    r"respuesta|antwort|réponse|resposta|risposta|答案|正解|答え)(?![A-Za-z])\.?"
)
_IS = r"(?:(?<![A-Za-z])(?:is|are|was|be|becomes|remains|es|est|ist|é|è)(?![A-Za-z]) ?:?|[:=：是は→])"
_FILLER = (
    r"(?:(?:therefore|thus|hence|then|actually|clearly|simply|definitely|most likely|likely|probably|indeed|still|now|"
    r"obviously|in fact|only|just|the|my|final|correct|best|right|answer|option|choice|letter|number|no\.|either|both|"
    r"indeed|it's|it is|be|is)[ ,:\n]{1,2}|[#,:] ?)"
)
_KOREAN_NOUN = (
    r"(?<![가-힣])(?:(?:최종 ?)?(?:정답|답안|해답|답변|답|결론)(?: ?번호)?|(?:최종 )?선택)(?:은|는|이|으로는|으로|을)?"
)
_KOREAN_FILLER = (
    r"(?:다음과 같습니다|다음과 같이|바로|보기|선택지|옵션|문항|번호|아마도?|역시|결국|최종적으로)[ :.\n]{0,2}"
)
_HEDGE = r"(?: (?:clearly|therefore|thus|indeed|most likely|likely|probably|definitely|obviously|actually))?"
_NOT_WRONG = r"(?!not |never |wrong |incorrect |false |second |other |next |worst |least )"
_TO_BE = r"(?:is|was|seems|looks|appears|would be|must be|has to be|should be)"
_LINK = (
    r"(?: (?:only|just|that|it's|its|it|is|was|option|choice|answer|letter|number|statement|the|for|would be|must be|"
    r"be)){0,4}"
)
_GAP = r"[^.;:=\n\ue000-\uefff]{0,40}?"
_END = r"(?= ?(?:[.!;]|\n|$))"
_KOREAN_IS = r"번?(?:입니다|이다|다|임|이에요|예요|이며|이고)?(?= ?(?:[.,!(\n]|$))"

_WRONG_AFTER = re.compile(
    rf"{CLOSE}번?(?:은|는|이|가|도)?,? ?(?:(?:which|that|it|but it|but this|but that) )?"
    r"(?:(?:is|was|are|would be|seems|looks)(?: (?:clearly|also|definitely))? )?"
    rf"(?:not\b(?! (?:option |choice )?[(\"']?{ANY})|isn't|wasn't|can't|cannot|doesn't|"
    r"incorrect|wrong|false|invalid|out\b|eliminated|excluded|"
    r"아니|아닙|아닌|틀|오답|정답이 아|정답은 아|맞지 않|옳지 않|적절하지|보다)",
    re.IGNORECASE,
)
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:not|never|neither|nor|if|whether|unless|rather than|instead of|than|cannot|eliminate|reject|why)|n't)"
    r"[ (\"']{0,3}(?:option |choice |answer |that |think |say |choose |pick |select |the ){0,3}[(\"']?$",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"(?:^|[.!?\n] ?)If (?!I (?:had|have|were|must)|forced|pressed)[^.!?\n]{0,200}$")
_SUBJECT = re.compile(rf"{CLOSE}(?:은|는|이|가)? ?(?:(?:is|was|has|would|does|doesn't)\b|틀|오답)", re.IGNORECASE)
_CORRECTION = re.compile(
    r"\b(?:wait|actually|hold on|on second thought|on reflection|correction|let me re\w{2,12}|however)\b|다시|잠깐",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that states the answer: where its label begins and ends in the text, and the label's position."""

    start: int
    end: int
    index: int


_DECLARATIONS = (
    rf"{_NOUN}{_GAP}{_IS}[ \n]{{0,2}}{_FILLER}{{0,5}}{LABEL}",
    rf"(?<![A-Za-z])(?:answer|ans\.?)(?: ?[-–—] ?|[ \n]{{1,2}}){LABEL}{CLOSE}(?= ?(?:[.,;:!\n]|$))",
    rf"{BOX}[(\[]{{0,2}} ?{LABEL}",
    rf"\b(?:not|isn't|wasn't) (?:option |choice |answer )?{LABEL}{CLOSE},? ?(?:but|it's|it is|rather|instead)"
    rf"(?: rather| instead| it's| it is| option| choice){{0,2}} ?{LABEL}",
    rf"{_KOREAN_NOUN}[ \n:=\]】)>]{{0,3}}(?:{_KOREAN_FILLER}){{0,3}}{LABEL}",
    rf"것(?:은|이) (?:{_KOREAN_FILLER}){{0,2}}{LABEL}{CLOSE}{_KOREAN_IS}",
    rf"고르(?:자)?면 (?:{_KOREAN_FILLER}){{0,2}}{LABEL}{CLOSE}{_KOREAN_IS}",
    rf"{LABEL}{CLOSE}번?(?:이|가|은|는)? ?아니(?:라|고|며|ㄴ)?,? ?(?:정답은 |답은 |오히려 )?{LABEL}",
    rf"{LABEL}{CLOSE}번?(?:이|가)? ?아닌 {LABEL}",
)

_REMARKS = (
    rf"{LABEL}{CLOSE} {_TO_BE}(?: to be)?{_HEDGE} (?:the )?(?:{_NOT_WRONG}[a-z]{{1,20}} ){{0,2}}"
    r"(?:correct|right|best|answer|option|choice)\b",
    rf"{LABEL}{CLOSE} best\b",
    rf"{LABEL}{CLOSE} as (?:the|my) (?:final |correct |best |right )?(?:answer|choice|option)\b",
    rf"\b(?:go(?:ing)? with|went with|select|choose|chose|pick|picked|opt for|settle on){_LINK} {LABEL}",
    r"\b(?:leaving|leaves|left with|must be|has to be|corresponds? to|match(?:es)?|conclude|say|guess|think|"
    rf"believe){_LINK} {LABEL}{CLOSE}{_END}",
    rf"\b(?:leaving|must be|leaves (?:us|me) with|leaves) (?:only |just |option )?{LABEL}",
    rf"{LABEL}{CLOSE},? (?:it is\b|(?:and |but )?not (?:option |choice )?{OPEN}[\ue000-\uefff])",
    r"\b(?:so|thus|hence|therefore|consequently|it's|it is|that's|that is|that would be|this is|would be|should be)"
    rf"[,:]?{_LINK} {LABEL}{CLOSE}{_END}",
    rf"(?:\b(?:is|be)|[:=]) {LABEL}{CLOSE}[.!]?$",
    rf"{LABEL}{CLOSE}번?(?:이|가|은|는)? ?(?:바로 )?(?:정답(?!이 아|은 아)|답(?:이다|입니다))",
    rf"{LABEL}{CLOSE}번?(?:이|가|만)? ?(?:가장 |더 |제일 )?"
    r"(?:맞(?!지)|맞음|옳(?!지|은 설명|은 진술|은 내용|은 문장)|적절(?!하지)|타당(?!하지)|"
    r"알맞(?!지)|적합(?!하지)|올바르(?!지)|정확(?!하지))",
    rf"{LABEL}{CLOSE}번?(?:이)?라고 (?:생각|판단|봅니다|보입니다|본다|할 수)",
    rf"{LABEL}{CLOSE}번?(?:을|를|으로|로)? ?(?:선택|고르|고릅|고른|택)",
    rf"(?:따라서|그러므로|결론적으로|즉|그래서),? {LABEL}{CLOSE}{_KOREAN_IS}",
    rf"{LABEL}{CLOSE}번?(?:입니다|이다|다|임|이에요|예요)[.!]?$",
)


@dataclass(frozen=True, slots=True)
class _Patterns:
    declarations: tuple[re.Pattern[str], ...]
    remarks: tuple[re.Pattern[str], ...]
    second: re.Pattern[str]
    among: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    separator = r"(?:,|/|&|\+|\band\b|\bor\b|와|과|및|또는|혹은|이나|나|、|·)"
    return _Patterns(
        tuple(re.compile(pattern, re.IGNORECASE) for pattern in _DECLARATIONS),
        tuple(re.compile(pattern, re.IGNORECASE) for pattern in _REMARKS),
        re.compile(rf"{CLOSE}번?(?:입니다|이다)? ?{separator} ?(?:and |or |both )?{LABEL}", re.IGNORECASE),
        re.compile(rf"{CLOSE}번? ?중(?:에서|에)?(?:는)? ?{LABEL}", re.IGNORECASE),
    )


def is_denied(text: str, match: re.Match[str], group: int) -> bool:
    """Whether what stands around a label says that it is not the answer, or would be one in another case."""
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end(group) : match.end(group) + 60]
    if _DENIED_BEFORE.search(before) or _WRONG_AFTER.match(after):
        return True
    if "would" not in (before[-8:] + match[0]).casefold():
        return False
    return (
        after.lstrip(")]").startswith(" if ")
        or _CONDITION.search(text[max(0, match.start() - 200) : match.start()]) is not None
    )


def _resolved(text: str, match: re.Match[str]) -> Statement | None:
    """What a match states; None where it states nothing after all."""
    group = match.lastindex or 1
    if is_denied(text, match, group):
        return None
    patterns, index = _patterns(), position(match[group])
    second = patterns.second.match(text, match.end(group))
    if second is None or _is_subject(text, second) or position(second[1]) == index:
        return Statement(match.start(group), match.end(group), index)
    among = patterns.among.match(text, second.end(1))
    if among is not None:
        return Statement(among.start(1), among.end(1), position(among[1]))
    return Statement(match.start(group), second.end(1), AMBIGUOUS)


def _is_subject(text: str, match: re.Match[str]) -> bool:
    """Whether a second label begins a clause of its own: "B, C is wrong"."""
    return _SUBJECT.match(text, match.end(1)) is not None


def _statements(text: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[Statement]:
    for pattern in patterns:
        for match in pattern.finditer(text):
            found = _resolved(text, match)
            if found is not None:
                yield found


def find_statement(text: str, *, is_whole: bool = True) -> Statement | None:
    """The statement that counts, the last one of the stronger kind.

    Args:
        text: Plain text in which the labels are marked.
        is_whole: Whether the text came to its end; of one that did not, only declarations count.
    """
    patterns = _patterns()
    last = max(_statements(text, patterns.declarations), key=lambda one: one.end, default=None)
    if not is_whole:
        return last
    remark = max(_statements(text, patterns.remarks), key=lambda one: one.end, default=None)
    if last is None or remark is None or remark.end <= last.end:
        return last or remark
    return remark if _CORRECTION.search(text, last.end, remark.end) else last


_HEAD = re.compile(
    rf"(?:{_NOUN}[^.;:=\n]{{0,40}}?{_IS}|{BOX}|{_KOREAN_NOUN} ?:?)[ \n]{{0,2}}{_FILLER}{{0,5}}", re.IGNORECASE
)
_FOREIGN = re.compile(
    rf"(?i:{_NOUN}[^.;:=\n]{{0,20}}?{_IS}[ \n]{{0,2}}(?:option |choice )?)[(\"']{{0,2}}[A-Z](?=[)\"'.\n]|$)"
)


def declared_texts(text: str) -> list[str]:
    """What follows each "the answer is", up to the end of the line."""
    return [text[match.end() : match.end() + 400].partition("\n")[0] for match in _HEAD.finditer(text)]


def declares_other_label(text: str) -> bool:
    """Whether the answer is stated to be a letter; asked only where it is none of the labels."""
    return _FOREIGN.search(text) is not None
