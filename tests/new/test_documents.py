"""Documents of a table whose columns are known."""

import pytest

from proctor.new.columns import Chosen, find_layout
from proctor.new.documents import as_line, other_names, read_documents, uniform
from proctor.new.table import AmbiguityError, Row, Table


def read(header, *lines, several=None, **chosen):
    names = tuple(header.split("|"))
    rows = tuple(Row(n, tuple(line.split("|"))) for n, line in enumerate(lines, start=2))
    table = Table("t.csv", names, rows, "line", tuple(range(len(names))))
    flags = Chosen(**chosen)
    layout = find_layout(table, flags)
    return read_documents(table, layout, flags, several), table, layout


def test_a_document_has_what_its_row_has():
    reading, table, layout = read("번호|지문|문제|①|②|정답|해설", "7|비가 왔다.| 날씨는? |맑음|비|②|문장을 보라")
    (document,) = reading.documents
    assert (document.id, document.context, document.question) == ("7", "비가 왔다.", "날씨는?")
    assert (document.options, document.golds, document.place) == (("맑음", "비"), (1,), "line 2")
    assert as_line(document, 1, lists=False) == {
        "id": "7", "context": "비가 왔다.", "question": "날씨는?", "choices": ["맑음", "비"], "answer": 1,
        "해설": "문장을 보라", "source_line": 2,
    }  # fmt: skip
    assert other_names(table, layout) == {"해설": "해설"}


def test_a_column_of_the_name_of_a_key_is_kept_under_another():
    reading, _, _ = read("문제|A|B|정답|answer|id|번호", "날씨는?|맑음|비|B|wet|x1|7", answer="정답", id="번호")
    assert reading.documents[0].others == {"source_answer": "wet", "source_id": "x1"}
    assert as_line(reading.documents[0], 1, lists=True)["answer"] == [1]


def test_rows_that_cannot_be_read_are_bad_in_their_order():
    reading, _, _ = read(
        "question|A|B|answer",
        "ok?|x|y|A",
        "|x|y|A",
        "hole?||y|A",
        "which?|x|y|C",
        "see ![](a.png)|x|y|A",
        "pic?|a.png|y|A",
    )
    assert [document.line for document in reading.documents] == [2]
    assert [str(row) for row in reading.bad] == [
        "line 3, column 'question': it is empty.",
        "line 4, column 'A': it is empty, and a later option is not.",
        "line 5, column 'answer': 'C' names none of 2 options (the other answers are read by letter).",
        "line 6, column 'question': it shows an image, and tasks of text cannot.",
        "line 7, column 'A': it shows an image, and tasks of text cannot.",
    ]


def test_several_right_options_are_asked_about():
    with pytest.raises(AmbiguityError, match=r"line 3, column 'answer': 'A,B' names several options") as caught:
        read("question|A|B|C|answer", "one?|x|y|z|A", "two?|x|y|z|A,B")
    assert (caught.value.setting, caught.value.values) == ("several", ("any", "all"))
    reading, _, _ = read("question|A|B|C|answer", "one?|x|y|z|A", "two?|x|y|z|A,B", several="any")
    assert [document.golds for document in reading.documents] == [(0,), (0, 1)]


def test_every_key_has_one_type_in_all_lines():
    lines = uniform(
        [{"a": 1, "b": "x", "c": 1, "source_line": 2}, {"a": "2", "d": {"k": None}, "c": 3, "source_line": 3}]
    )
    assert lines == [
        {"a": "1", "b": "x", "c": 1, "d": "", "source_line": 2},
        {"a": "2", "b": "", "c": 3, "d": '{"k": null}', "source_line": 3},
    ]
    assert list(lines[1])[-1] == "source_line"
