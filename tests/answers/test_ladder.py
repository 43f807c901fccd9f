"""Which option a reply chose, by what evidence, and never one that it does not name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.answers import Answer, find_answer
from proctor.answers.verdicts import words
from tests.answers.replies import Reply, replies

REPLIES = replies()
LABELS = ["ABCD", "ABCDEFGHIJ", "1234", "12345", "ㄱㄴㄷㄹ", "가나다라", "①②③④", "abcd"]
PIECES = [
    "the answer is ", "Answer: ", "정답은 ", "정답: ", "입니다", "번", " is correct", " is wrong",
    "가 아니라 ", "not ", ", but ",
    "A", "B", "(C)", "D.", "a", "E", "I ", "1", "2.", "③", "④", "ㄱ", "가", "나", "\n", " ", ". ",
    "<think>", "</think>", "\\boxed{",
    "}", "**", "$", '{"answer": "', '"', "Paris", "서울", "If ", "would be ", "both ", " and ",
    ", ", "✅", "❌", "Question: ", "ﷺ",
]  # fmt: skip


def read(row: Reply) -> Answer:
    return find_answer(row.reply, tuple(row.labels), row.options, row.finish)  # type: ignore[arg-type]


@pytest.mark.parametrize("row", REPLIES, ids=lambda row: f"{row.set}: {row.reply[-40:]!a}")
def test_each_collected_reply_is_read_as_a_person_reads_it(row):
    answer = read(row)
    assert (None if answer.index is None else row.labels[answer.index]) == row.answer


def test_the_study_s_replies_are_all_there():
    assert sum(row.set.startswith("study") for row in REPLIES) == 119


@pytest.mark.parametrize(
    ("reply", "options", "finish", "rung"),
    [
        ('{"answer": "C"}', (), "stop", "json"),
        ("(C)", (), "stop", "whole"),
        ("Paris", ("Rome", "Bern", "Paris", "Oslo"), "stop", "option"),
        ("The answer is C.", (), "stop", "statement"),
        ("Consider the units.\nC", (), "stop", "last_line"),
        ("C. It was built in 1889", (), "stop", "labelled"),
        ("A: incorrect\nB: incorrect\nC: correct\nD: incorrect", (), "stop", "verdicts"),
        ("It must have been in Paris", ("Rome", "Bern", "Paris", "Oslo"), "stop", "option_text"),
        ("C matches the description well, on the whole.", (), "stop", "single"),
        ("", (), "stop", "empty"),
        ("  \n", (), None, "empty"),
        ("", (), "length", "truncated"),
        ("", (), "filter", "refusal"),
        ("<think>The answer is C", (), "stop", "truncated"),
        ("Let us look at C first, which", (), "length", "truncated"),
        ("I'm sorry, but I can't say whether C is right.", (), "stop", "refusal"),
        ("Both B and C are correct.", (), "stop", "ambiguous"),
        ("The answer is E.", (), "stop", "no_label"),
        ("It depends.", (), "stop", "no_label"),
    ],
)
def test_an_answer_names_its_evidence_and_none_its_reason(reply, options, finish, rung):
    assert find_answer(reply, "ABCD", options, finish).how == rung


def test_labels_of_several_letters_and_with_brackets_are_found():
    assert find_answer("The answer is (10).", ["(9)", "(10)", "(11)"]).index == 1
    assert find_answer("정답은 ②입니다.", ["①", "②", "③"]).index == 1
    assert find_answer("Answer: b)", ["a)", "b)", "c)"]).index == 1


def test_options_that_read_alike_are_not_told_apart_by_their_text():
    assert find_answer("Paris", "ABCD", ("Paris", "paris.", "Rome", "Bern")).index is None


def test_more_options_than_labels_or_fewer_are_not_used():
    assert find_answer("Paris", "AB", ("Paris",)) == Answer(None, "no_label")


def occurs(label: str, reply: str) -> bool:
    letters = "ㄱㄴㄷㄹ"
    plain = unicodedata.normalize("NFKC", label.translate({ord(letter): 0x1100 + at for at, letter in enumerate("ㄱ")}))
    circled = {"ㄱ": "㉠", "ㄴ": "㉡", "ㄷ": "㉢", "ㄹ": "㉣"}.get(label, label) if label in letters else label
    given = unicodedata.normalize("NFKC", reply).casefold()
    return plain.casefold() in given or label in reply or circled in reply


@settings(max_examples=400, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=14),
    labels=st.sampled_from(LABELS),
    options=st.sampled_from([(), ("Paris", "서울", "Rome", "A good one")]),
    finish=st.sampled_from(["stop", "length", "filter", None]),
)
def test_what_is_returned_occurs_in_the_reply(pieces, labels, options, finish):
    reply = "".join(pieces)
    answer = find_answer(reply, tuple(labels), options, finish)
    if answer.index is None:
        assert answer.how in ("empty", "truncated", "refusal", "ambiguous", "no_label")
        return
    option = options[answer.index] if len(options) == len(labels) else ""
    assert occurs(labels[answer.index], reply) or (option and words(option) in words(reply))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=3), max_size=5), st.lists(st.text(max_size=8), max_size=5))
def test_nothing_raises_whatever_reply_labels_and_options_are(reply, labels, options):
    answer = find_answer(reply, labels, options)
    assert answer.index is None or 0 <= answer.index < len(labels)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([row for row in REPLIES if row.answer is not None and row.finish == "stop"]))
def test_reasoning_before_a_reply_changes_nothing(row):
    reasoned = find_answer(
        f"<think>maybe {row.labels[0]}? The answer is {row.labels[-1]}.</think>\n{row.reply}", row.labels, row.options
    )
    if "think" not in row.reply:
        assert reasoned == read(row)
