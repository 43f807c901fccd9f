"""One form of answers for a whole file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.new.answers import read_answers
from proctor.new.option_cells import RowOptions
from proctor.new.table import AmbiguityError

CITIES = RowOptions(("서울", "부산", "대구", "인천"))


def golds(*values, options=CITIES, **flags):
    return read_answers(values, [options] * len(values), **flags).golds


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("letter", ("B", "b", "(B)", "B.", "Ｂ", "B. 부산", "정답: B")),
        ("circled", ("②", "⑵", "❷", "② 부산", "정답: ②", "②번")),
        ("korean", ("나", "ㄴ", "㉡", "㉯", "(나)", "나. 부산")),
        ("roman", ("ii", "Ⅱ", "II")),
        ("text", ("부산", " 부산 ", "정답: 부산", "부산")),
    ],
)
def test_forms(form, values):
    found = read_answers(values, [CITIES] * len(values))
    assert (found.form, found.golds) == (form, ((1,),) * len(values))
    assert not found.why


def test_circled_numbers_and_numbers_with_a_counter_may_be_mixed():
    found = read_answers(["②", "1번", "정답: 3번", "4번째", "2번 부산", "①③"], [CITIES] * 6)
    assert (found.form, found.base, dict(found.why)) == ("circled", None, {})
    assert found.golds == ((1,), (0,), (2,), (3,), (1,), (0, 2))
    assert golds("1번", "2번", form="circled") == ((0,), (1,))


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (("②", "1"), CITIES),  # may count from 0
        (("②", "0번"), CITIES),
        (("②", "5번"), CITIES),
        (("②", "2번 서울"), CITIES),
        (("②", "나"), CITIES),
        (("②", "2번"), RowOptions(("2번", "1번", "3번", "4번"))),
    ],
)
def test_what_is_mixed_is_refused_unless_each_cell_can_be_read_in_one_way(values, options):
    found = read_answers(values, [options] * 2)
    assert found.why


def test_a_base_of_0_is_not_that_of_circled_numbers():
    assert read_answers(["②", "1번"], [CITIES] * 2, base=0).why


def test_numbers_with_a_counter_alone_are_numbers():
    with pytest.raises(AmbiguityError, match="may count from 0 or from 1"):
        golds("1번", "2번")


def test_numbers_count_from_what_the_file_shows():
    assert golds("0", "3", "1") == ((0,), (3,), (1,))
    assert golds("1", "4", "2") == ((0,), (3,), (1,))
    assert golds(1, 4.0, "2번") == ((0,), (3,), (1,))
    with pytest.raises(AmbiguityError, match="may count from 0 or from 1") as caught:
        golds("1", "2")
    assert (caught.value.setting, caught.value.values) == ("answer_base", ("0", "1"))
    assert golds("1", "2", base=0) == ((1,), (2,))
    assert golds("1", "2", base=1) == ((0,), (1,))
    assert golds("2. 부산", "1. 서울") == ((1,), (0,))  # the texts say where the numbers count from


def test_a_file_with_0_and_the_number_of_options_contradicts_itself():
    with pytest.raises(AmbiguityError, match="both 0 and the number of options occur"):
        golds("0", "4", "2")
    assert read_answers(["0", "4", "2"], [CITIES] * 3, base=1).why == {
        0: "'0' names none of 4 options (the other answers are read by number)"
    }


def test_where_no_answer_is_read_no_form_is_said_to_be_that_of_the_others():
    found = read_answers(["?", "??"], [CITIES] * 2)
    assert found.why == {0: "'?' names none of 4 options", 1: "'??' names none of 4 options"}
    labelled = RowOptions(CITIES.texts, ("p", "q", "r", "s"))
    assert read_answers(["q", "x"], [labelled] * 2).why == {
        1: "'x' names none of 4 options (the other answers are read by the labels of the options)"
    }


def test_numbers_that_are_options_are_asked():
    options = RowOptions(("3", "4", "1", "2"))
    with pytest.raises(AmbiguityError, match="line 2, '4' is the option '2' \\(number\\) or '4' \\(text\\)") as caught:
        golds("4", "1", options=options, places=["line 2", "line 3"])
    assert caught.value.setting == "answer_form"
    assert golds("4", "1", options=options, form="text") == ((1,), (2,))
    assert golds("4", "1", options=options, form="number") == ((3,), (0,))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("A,C", (0, 2)), ("A, C", (0, 2)), ("AC", (0, 2)), (["A", "C"], (0, 2)), ('["A", "C"]', (0, 2)), ("A", (0,))],
)
def test_several_letters(value, expected):
    assert golds(value, "D")[0] == expected


def test_several_of_other_forms():
    assert golds("①③", "②") == ((0, 2), (1,))
    assert golds([0, 2], [3]) == ((0, 2), (3,))
    assert golds("1, 4", "2") == ((0, 3), (1,))
    assert golds(["서울", "대구"], "부산") == ((0, 2), (1,))
    assert read_answers(["A,C"], [CITIES]).has_several


def test_labels_of_the_file_name_options():
    options = RowOptions(("a", "b"), ("1", "2"))
    found = read_answers(["2", "1"], [options, options])
    assert (found.form, found.golds) == ("label", ((1,), (0,)))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "it is empty"),
        ("E", "'E' names none of 4 options (the other answers are read by letter)"),
        ("C. 부산", "'C. 부산' contradicts itself: '부산' is option 2 of 4"),
    ],
)
def test_why_an_answer_cannot_be_read(value, why):
    assert read_answers(["A", "B", "C", value], [CITIES] * 4).why == {3: why}


def test_a_text_that_is_none_or_two_options():
    options = [CITIES, CITIES, RowOptions(("x", "x", "y"))]
    found = read_answers(["서울", "부선", "x"], options)
    assert found.why == {
        1: "'부선' is none of 4 options; the nearest is '부산'",
        2: "'x' is the text of two options, A and B",
    }


@given(
    st.lists(st.one_of(st.text(max_size=4), st.integers(-2, 9), st.none(), st.lists(st.text(max_size=2))), min_size=1)
)
def test_any_values_give_places_of_options_or_a_reason(values):
    try:
        found = read_answers(values, [CITIES] * len(values))
    except AmbiguityError:
        return
    for number, row in enumerate(found.golds):
        assert (row is None) == (number in found.why)
        assert row is None or all(0 <= gold < 4 for gold in row)


def test_numbers_count_as_the_labels_of_the_options_do():
    one = RowOptions(("서울", "부산", "대구", "광주"), ("1", "2", "3", "4"))
    found = read_answers(["3번", "1번"], [one, one])
    assert (found.form, found.base, found.golds) == ("number", 1, ((2,), (0,)))
    zero = RowOptions(("서울", "부산", "대구"), ("0", "1", "2"))
    assert read_answers(["1번", "1번"], [zero, zero]).golds == ((1,), (1,))
    # Of rows that are labelled in two ways nothing is concluded.
    with pytest.raises(AmbiguityError, match="neither 0 nor the number of options"):
        read_answers(["1번", "1번"], [one, zero])
    # A 0 says that the file counts from 0, whatever its options are called.
    assert read_answers(["0", "1"], [one, one]).golds == ((0,), (1,))
    # What the user says comes first.
    assert read_answers(["1번", "2번"], [one, one], base=0).golds == ((1,), (2,))
