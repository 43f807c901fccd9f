"""Which column is what."""

import pytest

from proctor.errors import DataError, UsageError
from proctor.new.columns import Chosen, find_layout
from proctor.new.table import AmbiguityError, Row, Table


def table(header, *lines):
    names = tuple(header.split("|"))
    rows = tuple(Row(n, tuple(line.split("|"))) for n, line in enumerate(lines, start=2))
    return Table("t.csv", names, rows, "line", tuple(range(len(names))))


EXAM = table(
    "no|question|A|B|C|answer|subject", "1|Which is hot?|ice|fire|snow|B|physics", "2|Wet?|sand|dust|rain|C|art"
)


def test_names_decide_first():
    layout = find_layout(EXAM, Chosen())
    assert (layout.question, layout.choices, layout.answer) == ("question", ("A", "B", "C"), "answer")
    assert (layout.id, layout.group, layout.context) == ("no", "subject", None)
    assert layout.by["question"] == layout.by["choices"] == layout.by["answer"] == "by name"
    assert layout.used == {"question", "A", "B", "C", "answer", "no"}


def test_flags_decide_over_names():
    layout = find_layout(EXAM, Chosen(question="subject", choices=("A", "C"), context="question"))
    assert (layout.question, layout.choices, layout.context) == ("subject", ("A", "C"), "question")
    assert layout.by["question"] == layout.by["choices"] == "by flag"


def test_cells_decide_where_names_do_not():
    layout = find_layout(table("Frage|A|B|Lösung", "Was ist heiß?|Eis|Feuer|B", "Was ist kalt?|Eis|Feuer|A"), Chosen())
    assert (layout.question, layout.answer) == ("Frage", "Lösung")
    assert layout.by["answer"] == "by what it holds"
    bare = find_layout(table("w|x|y|z", "What is hot?|ice|fire|b", "What is cold?|ice|fire|a"), Chosen())
    assert (bare.question, bare.choices, bare.answer) == ("w", ("x", "y"), "z")
    assert bare.by["choices"] == "by position"


def test_a_box_beside_columns_of_options_is_shown_before_the_question():
    found = find_layout(
        table("문제|보기|선택지1|선택지2|정답", "무엇인가?|ㄱ. 하나|a|b|1", "언제인가?||c|d|2"), Chosen()
    )
    assert found.context == "보기"
    assert found.choices == ("선택지1", "선택지2")


def test_a_named_column_must_be_there():
    with pytest.raises(UsageError, match=r"--answer anser: t\.csv has no such column") as caught:
        find_layout(EXAM, Chosen(answer="anser"))
    assert "Did you mean 'answer'" in str(caught.value)
    with pytest.raises(UsageError, match="cannot be two things"):
        find_layout(EXAM, Chosen(question="A", choices=("A", "B")))


@pytest.mark.parametrize(
    ("header", "lines", "setting"),
    [
        ("question|A|B|answer|label", ("Hot?|ice|fire|B|0", "Cold?|ice|fire|A|1"), "answer"),
        ("question|A|B|option1|option2|answer", ("Hot?|ice|fire|x|y|B",), "choices"),
        ("question|A|B|one|two", ("Hot?|ice|fire|B|A", "Cold?|ice|fire|A|B"), "answer"),
    ],
)
def test_two_columns_that_would_do_are_asked(header, lines, setting):
    with pytest.raises(AmbiguityError) as caught:
        find_layout(table(header, *lines), Chosen())
    assert caught.value.setting == setting


def test_two_columns_of_answers_that_agree_are_no_matter():
    found = find_layout(table("question|A|B|answer|label", "Hot?|ice|fire|B|1", "Cold?|ice|fire|A|0"), Chosen())
    assert found.answer == "answer"


@pytest.mark.parametrize(
    ("header", "lines", "message"),
    [
        ("question|A|B|A ok|B ok", ("Hot?|ice|fire|0|1", "Cold?|ice|fire|1|0"), "a column of marks for each option"),
        (
            "q_id|question|option|ok",
            ("1|Hot?|ice|0", "1|Hot?|fire|1", "2|Cold?|ice|1", "2|Cold?|fire|0"),
            "a row for each",
        ),
    ],
)
def test_other_shapes_are_refused_with_the_shape_that_is_read(header, lines, message):
    with pytest.raises(DataError, match=message) as caught:
        find_layout(table(header, *lines), Chosen())
    assert caught.value.hint


def test_a_right_option_apart_from_wrong_ones_is_refused():
    with pytest.raises(DataError, match=r"wrong options in columns of their own \(distractor1, distractor2\)"):
        find_layout(table("question|distractor1|distractor2|correct_answer", "Hot?|ice|snow|fire"), Chosen())


def test_a_passage_is_the_question_where_nothing_else_is():
    found = find_layout(table("context|ending_1|ending_2|label", "He runs and|falls.|flies.|1"), Chosen())
    assert (found.question, found.context) == ("context", None)


def test_no_options_and_no_answer_are_errors_that_name_flags():
    with pytest.raises(UsageError, match="no columns of options were found") as caught:
        find_layout(table("question|answer", "Hot?|fire"), Chosen())
    assert "--choices" in str(caught.value)
    with pytest.raises(UsageError, match="no column names the right option") as caught:
        find_layout(table("question|A|B", "Hot?|ice|fire"), Chosen())
    assert "--answer" in str(caught.value)


def test_a_second_column_of_answers_must_agree():
    names = "question|A|B|answer|answer 2"
    agreeing = table(names, "Which is hot?|ice|fire|B|B", "Which is cold?|ice|fire|A|A")
    assert find_layout(agreeing, Chosen()).answer == "answer"
    contradicting = table(names, "Which is hot?|ice|fire|B|A", "Which is cold?|ice|fire|A|A")
    with pytest.raises(AmbiguityError, match="contradict each other: 'answer' and 'answer 2'"):
        find_layout(contradicting, Chosen())
    assert find_layout(contradicting, Chosen(answer="answer 2")).answer == "answer 2"


def test_of_many_columns_the_first_are_listed():
    wide = table("|".join(f"c{n}" for n in range(40)), "|".join("x" for _ in range(40)))
    with pytest.raises(UsageError, match=r"It has: c0, .*, c11 and 28 more\.$"):
        find_layout(wide, Chosen(question="nothing of the kind"))
