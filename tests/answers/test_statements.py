"""Sentences that state the answer, and the bound on what their patterns cost."""

from __future__ import annotations

import re
from re import _constants, _parser  # type: ignore[attr-defined]

import pytest

from proctor.answers import find_answer, labels, ladder, statements, verdicts
from proctor.answers.labels import labels_of, mark
from proctor.answers.reply import LONGEST, shorten
from proctor.answers.statements import AMBIGUOUS, find_statement

LATIN = labels_of(tuple("ABCD"))


def stated(text: str, is_whole: bool = True) -> int | None:
    statement = find_statement(mark(text, LATIN), is_whole=is_whole)
    return None if statement is None else statement.index


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("The answer is B. C is correct about the date.", 1),
        ("The answer is B. Wait, C is correct.", 2),
        ("The answer is B. The answer is C.", 2),
        ("C is correct.", 2),
        ("The answer is not B.", None),
        ("Neither B nor C is correct.", None),
        ("The answer is a car.", None),
        ("The answer is B or C.", AMBIGUOUS),
        ("The answer is B, C is wrong.", 1),
        ("The answer would be B if it were cold.", None),
        ("If it were cold, the answer would be B.", None),
        ("If I had to choose, the answer would be B.", 1),
        ("", None),
    ],
)
def test_the_last_declaration_counts_and_remarks_only_without_one(text, index):
    assert stated(text) == index


def test_of_a_text_that_did_not_end_only_declarations_count():
    assert stated("I would choose B", is_whole=False) is None
    assert stated("The answer is B", is_whole=False) == 1


def repetitions(tree):
    """The greatest number of times that each repetition of a parsed pattern may go on."""
    for operator, value in tree:
        if operator in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            yield value[1]
            yield from repetitions(value[2])
        elif operator is _constants.SUBPATTERN:
            yield from repetitions(value[3])
        elif operator is _constants.BRANCH:
            for branch in value[1]:
                yield from repetitions(branch)
        elif operator in (_constants.ASSERT, _constants.ASSERT_NOT):
            yield from repetitions(value[1])


def test_every_repetition_of_a_pattern_is_bounded():
    built = statements._patterns()
    patterns = [*built.declarations, *built.remarks, built.second, built.among, LATIN.pattern]
    for module in (labels, statements, verdicts, ladder):
        patterns += [value for value in vars(module).values() if isinstance(value, re.Pattern)]
    patterns.remove(verdicts._NOT_LETTERS)  # a run of characters, and nothing after it
    for pattern in patterns:
        assert max(repetitions(_parser.parse(pattern.pattern, pattern.flags)), default=0) <= 400, pattern.pattern


@pytest.mark.parametrize(
    "piece", ["answer ", "정답 ", "①", "A, ", "the answer is ", "(", "<think></think>", " \n", "If B would be "]
)
def test_a_hostile_reply_costs_no_more_than_its_part_that_is_looked_at(piece):
    reply = piece * (1_000_000 // len(piece))
    options = ("answer is", "정답", "A", "B")
    assert find_answer(reply, "ABCD", options) == find_answer(shorten(reply), "ABCD", options)
    assert len(shorten(reply)) == LONGEST
