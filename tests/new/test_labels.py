"""Labels of options in all their forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.new.labels import LABEL_FORMS, read_label, split_at_labels, split_label, split_question


@pytest.mark.parametrize(
    ("text", "form", "place"),
    [
        ("B", "letter", 1), ("b", "letter", 1), ("(B)", "letter", 1), ("B.", "letter", 1), ("Ｂ", "letter", 1),
        ("②", "circled", 1), ("⑵", "circled", 1), ("❷", "circled", 1), ("②번", "circled", 1),
        ("나", "korean", 1), ("ㄴ", "korean", 1), ("㉡", "korean", 1), ("㉯", "korean", 1), ("(나)", "korean", 1),
        ("ii", "roman", 1), ("Ⅱ", "roman", 1), ("IV", "roman", 3),
        ("2", "number", 2), ("2.0", "number", 2), ("2번", "number", 2), ("(2)", "number", 2), ("２", "number", 2),
        ("Option 2", "number", 2), ("-1", "number", -1),
        ("K", "letter", None), ("2.5", "number", None), ("AB", "letter", None), ("1,2", "number", None),
        ("가나", "korean", None), ("", "letter", None), ("", "number", None),
    ],
)  # fmt: skip
def test_a_label_is_read_in_its_form(text, form, place):
    assert read_label(text, form) == place


@given(st.text(max_size=6), st.sampled_from(LABEL_FORMS))
def test_any_text_is_a_place_or_nothing(text, form):
    found = read_label(text, form)
    assert found is None or form == "number" or 0 <= found < 10


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("B. 서울", ("B", "서울")), ("② 서울", ("②", "서울")),
        ("②서울", ("②", "서울")), ("(나) 부산", ("(나)", "부산")),
        ("3) x", ("3", "x")),
        ("2번 x", ("2", "x")), ("A - x", ("A", "x")), ("가. 사과", ("가", "사과")),
        ("3.5 km", None), ("A형 간염", None), ("서울", None), ("B", None), ("나라", None), ("1945년", None),
    ],
)  # fmt: skip
def test_a_label_before_a_text(text, parts):
    found = split_label(text)
    assert (None if found is None else (found[0].removesuffix("번").rstrip(".)- "), found[1])) == (
        None if parts is None else (parts[0].rstrip(".)"), parts[1])
    )


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("① 서울 ② 부산 ③ 대구", ["서울", "부산", "대구"]),
        ("A. one\nB. two\nC. three", ["one", "two", "three"]),
        ("1) 3.5 km 2) 4 km", ["3.5 km", "4 km"]),
        ("(a) x, (b) y", ["x", "y"]),
        ("가. 부산 나. 서울 다. 인천", ["부산", "서울", "인천"]),
        ("가) 부산 나) 서울", ["부산", "서울"]),
        ("(가) 부산, (나) 서울", ["부산", "서울"]),
        ("가.부산 나.서울", ["부산", "서울"]),
        ("ㄱ. 물은 흐른다. ㄴ. 불은 탄다.", ["물은 흐른다.", "불은 탄다."]),
        ("㉠ 부산 ㉡ 서울", ["부산", "서울"]),
        ("가. 부산", None), ("나. 서울 가. 부산", None),
        ("② 부산 ① 서울", None), ("① 서울", None), ("다음: ① 서울 ② 부산", None), ("no labels", None),
    ],
)  # fmt: skip
def test_options_of_one_cell_behind_their_labels(text, options):
    assert split_at_labels(text) == options


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("수도는? ① 서울 ② 부산", ("수도는?", ["서울", "부산"])),
        ("밑줄 친 ①과 ② 가운데 옳은 것은? ① 하나 ② 둘 ③ 셋", ("밑줄 친 ①과 ② 가운데 옳은 것은?", ["하나", "둘", "셋"])),
        ("Which?\nA. one\nB. two", ("Which?", ["one", "two"])),
        ("Which? (1) x (2) y", ("Which?", ["x", "y"])),
        ("옳은 것은? ㄱ. 물은 흐른다. ㄴ. 불은 탄다.", None),
        ("① 서울 ② 부산", None), ("수도는? ① 서울", None), ("수도는? ② 부산 ① 서울", None), ("수도는? ① ② 부산", None),
    ],
)  # fmt: skip
def test_a_question_with_its_options_behind_it(text, parts):
    assert split_question(text) == parts
