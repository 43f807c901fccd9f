r"""A reply as plain text: without the reasoning before it, and without markup.

What is plain, and why:

- Reasoning ends at the last closing tag. What it says is no answer: models weigh options there that they then reject.
- Letters of other alphabets of Unicode (fullwidth, mathematical) become plain ones by a table, and circled or bracketed
  ones become bracketed: ``③`` is ``(3)``. NFKC was weighed: it would also turn ``x²`` into ``x2``, ``①②`` into ``12``
  and ``ㄱ`` into another code point than the one that people type.
- Markdown's and LaTeX's marks go, since they may stand anywhere in a statement (``ANSWER: $B$``). ``\boxed{`` becomes
  the bracket :data:`BOX`, which is a statement by itself.
- Runs of blanks become one, empty lines go.

Invariant: the work is linear in the length of the reply, and what follows sees at most :data:`LONGEST` characters. So
the patterns of this room, whose repetitions are all bounded, take time that is bounded.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 12_000
"""Characters of a reply that are looked at: a fifth from its beginning, the others from its end."""

BOX = "⟦"
"""Stands for the beginning of LaTeX's ``\\boxed{``."""

_REASONING = r"think|thinking|thought|thoughts|reason|reasoning|reflection|scratchpad|analysis"
_OPENED = re.compile(rf"<(?:{_REASONING})>|\[THINK\]|◁think▷|<\|channel\|>analysis<\|message\|>", re.IGNORECASE)
_CLOSED = re.compile(rf"</(?:{_REASONING})>|\[/THINK\]|◁/think▷|<\|channel\|>final<\|message\|>", re.IGNORECASE)

_WIDE = [*range(0xFF01, 0xFF5F), *range(0x1D400, 0x1D800), 0x3000, 0xA0]
_ENCLOSED = [*range(0x2460, 0x2500), *range(0x24F5, 0x24FF), *range(0x2776, 0x2794), *range(0x1F110, 0x1F16A)]
_KOREAN = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ가나다라마바사아자차카타파하"

_MARK_WORDS = {"✅": " correct ", "✔": " correct ", "✓": " correct ", "❌": " incorrect ", "✗": " incorrect "}
_MARK_WORDS |= {"✘": " incorrect ", "✖": " incorrect "}


def _plain_characters() -> dict[int, str]:
    table: dict[int, str] = {code: unicodedata.normalize("NFKC", chr(code)) for code in _WIDE}
    for code in _ENCLOSED:
        inner = unicodedata.normalize("NFKC", chr(code)).strip("()")
        if unicodedata.digit(chr(code), None) is not None:
            inner = str(unicodedata.digit(chr(code)))
        if inner.isascii() and inner.rstrip(".").isalnum():
            table[code] = f"({inner.rstrip('.')})"
    for first in (0x3200, 0x3260):
        table |= {first + place: f"({letter})" for place, letter in enumerate(_KOREAN)}
    return (
        table
        | {ord(mark): word for mark, word in _MARK_WORDS.items()}
        | {0xFE0F: "", 0x200B: "", 0xFEFF: ""}
        | dict.fromkeys(range(0xE000, 0xF900), "")
    )


_PLAIN = _plain_characters()

_LATEX = re.compile(
    r"\\(?:text|textbf|textrm|textit|textsf|texttt|mathrm|mathbf|mathit|mathsf|bm|bf|rm|operatorname|displaystyle)\b ?"
)
_BOXED = re.compile(r"\\f?box(?:ed)? ?\{?")
_MARKUP = re.compile(r"\\[()\[\]]|\\[,;!]|[*`${}]|(?<![^\W_])_{1,3}|_{1,3}(?![^\W_])|</?(?:[a-z]{2,10}|[bipu])/?>")
_LINE_MARKS = re.compile(r"^[ \t]{0,8}(?:#{1,6}|>{1,3}|[-•–—]) {1,4}(?:> ?)?", re.MULTILINE)
_TAGS = re.compile(r"<(answer|final[ _]answer|final|정답|답)>", re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[ \n]*")


def after_reasoning(reply: str) -> str | None:
    """What follows the reasoning of a reply; None where the reasoning never ends."""
    end = 0
    for tag in _CLOSED.finditer(reply):
        end = tag.end()
    rest = reply[end:]
    return None if _OPENED.search(rest) else rest


def shorten(text: str) -> str:
    """At most :data:`LONGEST` characters of a text: its beginning and its end."""
    if len(text) <= LONGEST:
        return text
    head = LONGEST // 5
    return f"{text[:head]}\n{text[head + 1 - LONGEST :]}"


def plain_letters(text: str) -> str:
    """Letters and digits as they are typed, still with all markup."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN)


def without_markup(text: str) -> str:
    """Plain letters without markup, each run of blanks and of line ends as one."""
    text = _TAGS.sub(" answer: ", _LINE_MARKS.sub("", text))
    text = _MARKUP.sub("", _LATEX.sub("", _BOXED.sub(BOX, text)))
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()
