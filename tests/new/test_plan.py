"""What a new task will be."""

import pytest

from proctor.errors import DataError, UsageError
from proctor.new.plan import plan_task
from proctor.new.request import request_of
from proctor.new.table import AmbiguityError

HEADER = "subject,split,question,A,B,answer\n"
ROWS = "\n".join(f"{subject},{split},{subject} {n}?,x{n},y{n},{'AB'[n % 2]}" for subject in ("art", "law")
                 for n, split in enumerate(["dev", "dev", "test", "test", "test"]))  # fmt: skip


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "exam.csv"
    path.write_text(HEADER + ROWS + "\n")
    return path


def plan(table, **flags):
    return plan_task(request_of({"name": "exam", "source": str(table), **flags}))


def counts(found):
    return {
        subject: {split: len(many) for split, many in splits.items()} for subject, splits in found.documents.items()
    }


def test_one_task_or_a_subject_each(table):
    assert counts(plan(table)) == {None: {"test": 10}}
    assert counts(plan(table, group="subject")) == {"art": {"test": 5}, "law": {"test": 5}}


def test_splits_by_column(table):
    found = plan(table, group="subject", split="split")
    assert counts(found) == {"art": {"test": 3, "dev": 2}, "law": {"test": 3, "dev": 2}}
    assert (found.examples, len(found.evaluated)) == (2, 6)
    table.write_text(table.read_text().replace(",dev,", ",later,"))
    with pytest.raises(UsageError, match="line 2: 'later' is no split"):
        plan(table, split="split")


def test_shots_are_the_first_documents_or_a_file(table, tmp_path):
    assert counts(plan(table, shots=2)) == {None: {"test": 8, "dev": 2}}
    assert counts(plan(table, shots=0)) == {None: {"test": 10}}
    assert counts(plan(table, shots=0, group="subject", split="split")) == {"art": {"test": 3}, "law": {"test": 3}}
    assert counts(plan(table, shots=1, group="subject")) == {"art": {"test": 4, "dev": 1}, "law": {"test": 4, "dev": 1}}
    with pytest.raises(UsageError, match="5 documents of the subject 'art' leave none"):
        plan(table, shots=5, group="subject")
    examples = tmp_path / "examples.csv"
    examples.write_text(HEADER + "art,,Shown?,x,y,A\n")
    assert counts(plan(table, shots=str(examples))) == {None: {"test": 10, "dev": 1}}
    examples.write_text(HEADER + "art,,Shown?,x,y,A\nmusic,,Heard?,x,y,B\n")
    with pytest.raises(UsageError, match="no row of the subject 'law'"):
        plan(table, shots=str(examples), group="subject")


def test_small_files_are_read_as_the_others_show(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    header, row = "question,A,B,C,answer\n", "{0} {1}?,x{1},y{1},z{1},{1}\n"
    (folder / "law_test.csv").write_text(header + "".join(row.format("law", n) for n in (0, 1, 2)))
    (folder / "law_dev.csv").write_text(header + row.format("shown", 1))
    (tmp_path / "shots.csv").write_text(header + row.format("other", 2))
    dev = plan(folder).documents[None]["dev"]
    assert dev[0].golds == (1,)
    shown = plan(folder, shots=str(tmp_path / "shots.csv")).documents[None]["dev"]
    assert shown[-1].golds == (2,)
    (folder / "law_test.csv").unlink()
    with pytest.raises(AmbiguityError, match="may count from 0 or from 1"):
        plan(folder)


def test_bad_rows_stop_or_are_left_out(table):
    table.write_text(table.read_text() + "law,test,Which?,x,y,Z\n")
    with pytest.raises(DataError, match="line 12, column 'answer'"):
        plan(table)
    found = plan(table, skip_bad=True)
    assert len(found.evaluated) == 10
    assert str(found.bad[0]).startswith("line 12")
    table.write_text(HEADER + "law,test,Which?,x,y,Z\n")
    with pytest.raises(DataError, match="no row that can be read"):
        plan(table, skip_bad=True)


def test_options_in_the_question_are_taken_out_of_it(table):
    table.write_text("question,answer\nHot? ① ice ② fire,②\nCold? ① ice ② fire,①\n")
    found = plan(table)
    assert [(one.question, one.options) for one in found.evaluated] == [
        ("Hot?", ("ice", "fire")),
        ("Cold?", ("ice", "fire")),
    ]
    assert found.layout.by["choices"] == "in the question's text"
    table.write_text("question,answer\nHot? ① ice ② fire,②\nCold?,①\n")
    with pytest.raises(UsageError, match="no columns of options were found"):
        plan(table)


def test_all_of_several_needs_a_chat(table):
    table.write_text(HEADER + 'law,test,Which?,x,y,"A,B"\n')
    with pytest.raises(UsageError, match="only a chat"):
        plan(table, several="all")
    assert plan(table, several="all", style="all").styles == ("chat",)
    assert plan(table, several="any", style="all").styles == ("letter", "text", "cloze", "chat")
    assert plan(table, several="any").shape.several == "any"


def test_a_folder_of_files_with_one_subject_is_one_task(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "test.csv").write_text(HEADER + ROWS + "\n")
    (folder / "dev.csv").write_text(HEADER + "law,,Shown?,x,y,A\n")
    assert counts(plan(folder)) == {None: {"test": 10, "dev": 1}}
    (folder / "test.csv").rename(folder / "art_test.csv")
    (folder / "dev.csv").rename(folder / "art_dev.csv")
    (folder / "law.csv").write_text(HEADER + "law,,Read?,x,y,A\n")
    assert counts(plan(folder)) == {"art": {"test": 10, "dev": 1}, "law": {"test": 1}}


def leak_of(found):
    return [remark.text.partition(": ")[2] for remark in found.remarks if "few-shot example is eval" in remark.text]


def test_no_document_that_occurs_twice_becomes_an_example(table):
    table.write_text(HEADER + "x,,Hot?,ice,fire,B\nx,,Wet?,rain,sand,A\nx,,hot,fire,ice,A\nx,,Dry?,rain,sand,B\n")
    found = plan(table, shots=1)
    assert [one.place for one in found.documents[None]["dev"]] == ["line 3"]
    assert [one.place for one in found.documents[None]["test"]] == ["line 2", "line 4", "line 5"]
    assert leak_of(found) == []
    assert any("the same question twice: line 2 and line 4" in remark.text for remark in found.remarks)


def test_an_example_that_is_evaluated_is_a_warning_with_both_places(table, tmp_path):
    table.write_text(HEADER + "x,dev,Hot?,ice,fire,B\nx,test,Hot?,fire,ice,A\ny,test,Wet?,rain,sand,A\n")
    assert leak_of(plan(table, split="split")) == ["line 2 and line 3"]
    assert {remark.level for remark in plan(table, split="split").remarks if "evaluated too" in remark.text} == {
        "warning"
    }
    given = tmp_path / "shots.csv"
    given.write_text(HEADER + "x,,Wet?,rain,sand,A\nx,,Which?,rain,sand,A\n")
    assert leak_of(plan(table, shots=str(given))) == [f"{given}, line 2 and line 4"]
    table.write_text(HEADER + "x,,Hot?,ice,fire,B\nx,,Hot?,ice,fire,B\nx,,Hot?,ice,fire,B\n")
    assert leak_of(plan(table, shots=1)) == ["line 2 and line 3; line 2 and line 4"]


def test_the_same_question_of_another_subject_is_no_example_of_this_one(table):
    table.write_text(HEADER + "x,,Hot?,ice,fire,B\nx,,Wet?,rain,sand,A\ny,,Hot?,ice,fire,B\ny,,Dry?,rain,sand,B\n")
    found = plan(table, shots=1, group="subject")
    assert [one.place for splits in found.documents.values() for one in splits["dev"]] == ["line 2", "line 4"]
    assert leak_of(found) == []


def test_remarks_are_of_what_is_evaluated(table):
    assert plan(table).remarks[0].text == "10 documents; options: 2"
    assert plan(table, shots=2).remarks[0].text == "8 documents; options: 2"
