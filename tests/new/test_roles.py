"""What names of columns say."""

import pytest

from proctor.new.roles import option_families, option_place, plain_name, rank, role_of


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Question", "question"), ("question_stem", "question"), ("문제", "question"), ("질문 ", "question"),
        ("지문", "context"), ("Passage", "context"), ("보기", "choices"), ("endings", "choices"),
        ("answerKey", "answer"), ("Answer Key", "answer"), ("정답 (번호)", "answer"), ("정답번호", "answer"),
        ("과목", "group"), ("번호", "id"), ("No.", "id"), ("해설", "explanation"), ("split", "split"),
        ("whatever", None), ("보기1", None), ("A", None),
    ],
)  # fmt: skip
def test_a_name_has_a_role(name, role):
    assert role_of(name) == role


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("A", ("", 1)), ("option_b", ("option", 2)), ("Option C", ("option", 3)), ("ending0", ("ending", 0)),
        ("보기1", ("보기", 1)), ("선택지 2", ("선택지", 2)), ("③", ("", 3)), ("(4)", ("", 4)), ("보기 ①", ("보기", 1)),
        ("나", ("", 2)), ("ㄷ", ("", 3)), ("5번", ("", 5)), ("opa", ("op", 1)), ("１", ("", 1)),
        ("answer", None), ("question", None), ("k", None),
    ],
)  # fmt: skip
def test_a_name_is_that_of_an_option(name, place):
    assert option_place(name) == place


def test_families_count_up_from_zero_or_one_and_the_largest_is_first():
    columns = ["id", "q", "A", "B", "C", "D", "ending0", "ending1", "보기2", "보기3", "answer"]
    assert option_families(columns) == [("A", "B", "C", "D"), ("ending0", "ending1")]
    assert option_families(["A", "C"]) == []
    assert option_families(["B", "A"]) == [("A", "B")]


def test_the_likelier_name_has_the_lower_rank():
    assert rank("answer", "Answer") < rank("answer", "label") < rank("answer", "no name of it")
    assert plain_name("  Answer-Key ") == "answer_key"
