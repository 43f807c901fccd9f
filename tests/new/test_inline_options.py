"""Options in the text of the question."""

from proctor.new.inline_options import OPTIONS, with_options_apart
from proctor.new.table import Row, Table


def table(*questions):
    rows = tuple(Row(n, (str(n), question, "①")) for n, question in enumerate(questions, start=2))
    return Table("t.csv", ("번호", "문제", "정답"), rows, "line", (0, 1, 2))


def test_options_get_a_column_of_their_own():
    apart = with_options_apart(table("수도는? ① 서울 ② 부산", "강은?\n① 한강\n② 한라산\n③ 독도"))
    assert apart.columns == ("번호", "문제", "정답", OPTIONS)
    assert apart.values("문제") == ["수도는?", "강은?"]
    assert apart.values(OPTIONS) == [["서울", "부산"], ["한강", "한라산", "독도"]]
    assert apart.notes == ("the options are taken out of the text of '문제'",)
    assert apart.place(apart.rows[0], OPTIONS) == "line 2, column '(options)'"


def test_one_question_without_options_leaves_all_as_they_are():
    assert with_options_apart(table("수도는? ① 서울 ② 부산", "강은?")) is None
    assert with_options_apart(table()) is None


def test_options_that_the_text_numbers_keep_their_numbers():
    apart = with_options_apart(table("수도는? 1) 서울 2) 부산", "강은? 1) 한강 2) 독도"))
    assert apart.values(OPTIONS)[0] == {"text": ["서울", "부산"], "label": ["1", "2"]}
