"""Which letter the filters of a chat task read from a reply, in both languages."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.filters.base import FilterFailure
from proctor.filters.pipeline import build_pipelines
from proctor.new.reply_patterns import reply_filters

REPLIES = Path(__file__).parents[1] / "answers" / "replies.jsonl"


def read(reply, letters="ABCD", *, every=False):
    """What both filters read: the stated letter, the last letter; None: nothing."""
    found = [one.apply([[reply]], [{}])[0] for one in build_pipelines(reply_filters(letters, every))]
    return [None if letter == "[invalid]" else letter for letter in found]


@pytest.mark.parametrize(
    ("reply", "stated"),
    [
        *[
            (reply, "B")
            for reply in (
                "Answer: B",
                "answer: B.",
                "ANSWER: B",
                "**Answer:** B",
                "**Answer**: B",
                "Answer: **B**",
                "Answer: (B)",
                "Answer: [B]",
                "Answer: 'B'",
                'Answer: "B"',
                "Answer: `B`",
                r"Answer: $\boxed{B}$",
                r"Answer: \(\boxed{\text{B}}\)",
                "Answer: Ｂ",
                "Answer\nB",
                "### Answer:\n\n**B. fire**",
                "The answer is **B**.",
                "The correct answer is option B.",
                "The answer is not A but B.",
                "Answer: A\nNo, wait. Answer: B",
                "Answer: B. A is wrong",
                "Answer: B, A is wrong",
                "The answer is A. Wait: the answer is actually B.",
                "Answer: A or B?\nAnswer: B",
                "정답: B",
                "정답 : B",
                "정답:B",
                "정답：B",
                "**정답:** B",
                "**정답**: B",
                "정답: **B**",
                '정답: "B"',
                "정답: “B”",
                "정답: [B]",
                "정답: (B) 부산",
                "정답: 【B】",
                r"정답: $\boxed{B}$",
                "정답: Ｂ",
                "답변: B",
                "답: B",
                "답안: B번",
                "정답\nB",
                "정답은 B입니다",
                "정답은 **B** 입니다. A는 틀렸다.",
                "정답은 선택지 B입니다",
                "정답은 바로 (B)입니다",
                "따라서 정답은 B번이다.",
                "정답은 A가 아니라 B입니다",
                "정답은 (A)가 아니라 (B)입니다",
                "오답: A\n정답: B",
                "정답: B. A는 아닙니다",
                "정답: B, A는 오답",
            )
        ],
        *[
            (reply, None)
            for reply in (
                "",
                "nothing to say",
                "I choose B.",
                "Answer:",
                "Answer: Because of that",
                "Answer: B12",
                "Answer: C++",
                "Answer: A's",
                "The answer is not A.",
                "The answer isn't A.",
                "Answer: A is wrong",
                "Answer: A isn't",
                "Answer: A or B",
                "Answer: A, C",
                "Wrong: the wrong answer: A",
                "The answers differ: A",
                "Answer: E",
                "오답: A",
                "정답은 A가 아닙니다",
                "정답은 A가 아니다",
                "정답은 (A)는 아니고",
                "정답은 A일 수도 있고 B일 수도 있다",
                "정답은 A일까",
                "정답은 A가 될 수 없다",
                "정답: A 또는 B",
                "정답은 A나 B",
                "정답: A와 C",
                "정답을 모르겠습니다",
                "보기 A는 틀렸다",
                "정답:",
                "답은 없다. A",
            )
        ],
    ],
)
def test_the_stated_letter_of_a_reply(reply, stated):
    assert read(reply)[0] == stated


WORDS = {"en": ["Answer", "answer", "The answer", "Final answer", "The correct answer"],
         "ko": ["정답", "답", "답변", "최종 답안"]}  # fmt: skip
LINKS = {"en": [": ", ":", " is ", " is: ", "\n"], "ko": [": ", ":", " : ", "：", "은 ", "은: ", "\n"]}
AROUND = [
    ("", ""),
    ("(", ")"),
    ("[", "]"),
    ('"', '"'),
    ("“", "”"),
    ("'", "'"),
    ("`", "`"),
    ("**", "**"),
    ("**(", ")**"),
    ("$\\boxed{", "}$"),
    ("\\boxed{\\text{", "}}"),
    ("$", "$"),
    ("「", "」"),
    ("* ", ""),
]
BEHIND = {"en": ["", ".", " because it is hot.", "\n", ". fire"], "ko": ["", ".", " 부산", "입니다.", "번", "\n"]}


@given(st.data(), st.sampled_from(["en", "ko"]), st.sampled_from(["ABCD", "AB", "ABCDEFGHIJ"]))
def test_words_links_and_signs_around_go_together_in_every_way(data, language, letters):
    draw = data.draw
    letter, bold = draw(st.sampled_from(letters)), draw(st.sampled_from(["", "**"]))
    before, after = draw(st.sampled_from(AROUND))
    shown = draw(st.sampled_from([letter, chr(ord(letter) - ord("A") + ord("Ａ"))]))
    said = f"{bold}{draw(st.sampled_from(WORDS[language]))}{bold}{draw(st.sampled_from(LINKS[language]))}"
    reply = f"{said}{before}{shown}{after}{draw(st.sampled_from(BEHIND[language]))}"
    assert read(reply, letters)[0] == letter, reply


@given(st.text(alphabet="ABCDＡ가 는은이아니라:*(.\n정답answer", max_size=80))
def test_what_is_read_is_a_letter_of_the_task_that_stands_in_the_reply(reply):
    for letter in read(reply, "ABC"):
        assert letter is None or (letter in "ABC" and (letter in reply or chr(ord(letter) + 0xFEE0) in reply))
    if "답" not in reply and "answer" not in reply.lower():
        assert read(reply, "ABC")[0] is None


@pytest.mark.parametrize(
    ("reply", "last"),
    [("I choose B.", "B"), ("It is B. Answer: A", "A"), ("정답은 B. A는 틀렸다.", "A"), ("Ｂ", "B"), ("Bad", None)],
)
def test_the_last_letter_at_all(reply, last):
    assert read(reply)[1] == last


@pytest.mark.parametrize(
    ("reply", "stated"),
    [
        ("So: Answer: A, C", "A, C"),
        ("정답: A와 C", "A와 C"),
        ("**정답:** A, C", "A, C"),
        ("Answer: **A**, **C**", "A**, **C"),
        ("정답: A, C가 아닙니다", None),
        ("Answer: B", "B"),
    ],
)
def test_several_letters_are_read_together(reply, stated):
    assert read(reply, every=True)[0] == stated


def test_more_replies_are_read_rightly_than_wrongly_by_far():
    """Replies that people collected for the reader of chat models, which knows more: how far a pattern comes."""
    counts = Counter()
    for line in REPLIES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if isinstance(row["labels"], str) and row["labels"].isascii() and row["labels"].isupper():
            stated = read(row["reply"], row["labels"])[0]
            counts["unread" if stated is None else "right" if stated == row["answer"] else "wrong"] += 1
    assert counts["right"] >= 160
    assert counts["wrong"] <= 5


@pytest.mark.parametrize("every", [False, True])
def test_no_reply_takes_longer_than_filters_may(every):
    pieces = (
        "정답",
        "정답: ",
        "answer '*_\"“([",
        "정답: A가 아니라 ",
        "A, ",
        "정답    은    :      보기   ",
        "A",
        " ",
        "*",
    )
    for piece in pieces:
        for reply in ("정답" + piece * (60_000 // len(piece)), "정답: A" + piece * (60_000 // len(piece))):
            assert not any(isinstance(found, FilterFailure) for found in read(reply, every=every))
