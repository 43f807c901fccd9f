"""The right option of tables whose columns, labels or marks are not in the usual order."""

import json

import pytest

from proctor.errors import DataError
from proctor.new.plan import plan_task
from proctor.new.request import request_of
from proctor.new.table import AmbiguityError


def golds(tmp_path, content, name="t.csv", **flags):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    plan = plan_task(request_of({"name": "x", "source": str(path), **flags}))
    return [document.options[document.golds[0]] for document in plan.evaluated]


def objects(choices, *answers):
    return [{"question": f"What is {at}?", "choices": choices, "answer": one} for at, one in enumerate(answers)]


@pytest.mark.parametrize(
    ("header", "answers"),
    [
        ("B,A,C,D", ("A", "D")),
        ("④,③,②,①", ("④", "②")),
        ("option2,option1,option4,option3", ("1", "4")),
        ("option1,option0,option2,option3", ("0", "3")),
        ("나,다,가,라", ("가", "다")),
    ],
)
def test_columns_in_another_order_keep_their_names(tmp_path, header, answers):
    names = header.split(",")
    wanted = [next(name for name in names if one in name) for one in answers]
    lines = [f"What is {at}?,{','.join(f'of {name}' for name in names)},{one}" for at, one in enumerate(answers)]
    assert golds(tmp_path, "\n".join([f"question,{header},answer", *lines])) == [f"of {name}" for name in wanted]


def test_a_letter_names_its_column_where_one_is_missing_or_the_flag_turns_them(tmp_path):
    text = "question,A,B,D,E,answer\nWhat is one?,a,b,d,e,D\nWhat is two?,a,b,d,e,A\n"
    assert golds(tmp_path, text) == ["d", "a"]
    text = "question,A,B,C,D,answer\nWhat is one?,a,b,c,d,A\nWhat is two?,a,b,c,d,D\n"
    assert golds(tmp_path, text, choices=["D", "C", "B", "A"]) == ["a", "d"]


@pytest.mark.parametrize("answers", [("A", "C"), ("a", "d"), ("(A)", "(B)"), (1, 4)])
def test_labels_of_an_object_say_which_option_is_which(tmp_path, answers):
    wanted = ["abcd"[one - 1] if isinstance(one, int) else one.strip("()").lower() for one in answers]
    assert golds(tmp_path, objects({"D": "d", "B": "b", "A": "a", "C": "c"}, *answers), "t.json") == wanted
    pairs = [{"label": label, "text": label.lower()} for label in "DBAC"]
    assert golds(tmp_path, objects(pairs, *answers), "t.json") == wanted


def test_labels_within_the_options_say_which_option_is_which(tmp_path):
    assert golds(tmp_path, objects(["B. b", "A. a", "C. c"], "A", "B"), "t.json") == ["a", "b"]
    mixed = [*objects(["B. b", "A. a"], "A"), *objects(["x", "y"], "B")]
    assert golds(tmp_path, mixed, "t.json") == ["A. a", "y"]


@pytest.mark.parametrize("marks", [[0, 1, 0, 0], [1, 0], "[0, 0, 1]", [True, False, False]])
def test_marks_are_no_numbers_of_options(tmp_path, marks):
    options = ["a", "b", "c", "d"][: len(marks) if isinstance(marks, list) else 3]
    with pytest.raises(DataError, match="has a mark for each option"):
        golds(tmp_path, objects(options, marks, marks), "t.json", several="any")


def test_one_wrong_letter_does_not_choose_another_column_of_answers(tmp_path):
    text = "question,A,B,C,answer,label\nWhat is 1?,a,b,c,C,0\nWhat is 2?,a,b,c,X,1\nWhat is 3?,a,b,c,A,1\n"
    with pytest.raises(AmbiguityError, match="'answer', which cannot be read in 1 of 3 rows, and 'label'"):
        golds(tmp_path, text)
    same = text.replace("C,0", "C,C").replace("X,1", "X,B").replace("A,1", "A,A")
    assert golds(tmp_path, same) == ["c", "b", "a"]


def test_nan_is_nothing(tmp_path):
    text = '[{"question": "What?", "A": "x", "B": "y", "C": NaN, "w": NaN, "answer": "A"},'
    text += '{"question": "Who?", "A": "x", "B": "y", "C": "z", "w": 1.5, "answer": "C"}]'
    assert golds(tmp_path, text, "t.json") == ["x", "z"]
    with pytest.raises(DataError, match="names none of 2 options"):
        golds(tmp_path, text.replace('"answer": "A"', '"answer": "C"'), "t.json")


def test_a_float_is_the_whole_number_that_an_option_is(tmp_path):
    text = "question,A,B,C,D,answer\nWhat is 1+1?,2,3,4,1,2.0\nWhat is 1+3?,2,3,4,1,4\n"
    with pytest.raises(AmbiguityError, match="read in two ways"):
        golds(tmp_path, text)
    assert golds(tmp_path, text, answer_form="text") == ["2", "4"]


def test_commas_of_numbers_and_slashes_of_units_are_no_separators(tmp_path):
    text = 'question,choices,answer\nHow many?,"1,500, 2,000, 3,000",B\nHow few?,"1,000, 2,000, 3,000",C\n'
    assert golds(tmp_path, text) == ["2,000", "3,000"]
    assert golds(tmp_path, text.replace("1,500, 2,000, 3,000", "100,200,300")) == ["200", "3,000"]
    with pytest.raises(DataError, match="is no list of options"):
        golds(tmp_path, text.replace("1,500, 2,000, 3,000", "1,000,2,000"))
    speeds = 'question,choices,answer\nHow fast?,"10 km/h, 20 km/h",B\nHow slow?,"10 km/h, 20 km/h",A\n'
    with pytest.raises(DataError, match=r"separated at '/' .* and at ','"):
        golds(tmp_path, speeds)
    assert golds(tmp_path, speeds.replace("10 km/h, 20 km/h", "fast / slow")) == ["slow", "fast"]


def test_letters_may_be_decomposed(tmp_path):
    import unicodedata

    text = unicodedata.normalize("NFD", "문제,보기1,보기2,정답\n무엇인가요?,x,y,나\n무엇일까요?,x,y,가\n")
    assert golds(tmp_path, text) == ["y", "x"]
