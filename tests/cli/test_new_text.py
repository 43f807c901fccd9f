"""What ``proctor new`` shows before it writes."""

from proctor.cli.new_text import clipped, plan_lines
from proctor.cli.text_tables import text_width
from proctor.new.plan import plan_task
from proctor.new.request import request_of


def test_the_table_of_guesses_lines_up_with_wide_letters(tmp_path):
    path = tmp_path / "시험.csv"
    path.write_text(
        "번호,문제,①,②,정답,해설\n1,대한민국의 수도는 어디인가? 고르시오.,서울,부산,①,x\n2,What?,a,b,②,y\n",
        encoding="utf-8",
    )
    lines = plan_lines(plan_task(request_of({"name": "exam", "source": str(path)})))
    assert lines[0] == f"{path}: 2 documents"
    rows = lines[2].splitlines()
    assert [row.split()[0] for row in rows] == [
        "flag", "--question", "--choices", "--answer", "--answer_form", "--id", "--language",
    ]  # fmt: skip
    assert (
        len(
            {
                text_width(row[: row.index(cell)])
                for row, cell in ((rows[1], "What?"), (rows[2], "a | b"), (rows[3], "B (b)"))
            }
        )
        == 1
    )
    assert "Kept in the data, not shown to the model: 해설" in lines
    assert any(line.startswith("  2 documents; options: 2") for line in lines)


def test_a_column_of_subjects_is_named(tmp_path):
    path = tmp_path / "exam.csv"
    path.write_text("question,A,B,answer,subject\nHot?,ice,fire,B,physics\nCold?,ice,fire,A,art\n")
    lines = plan_lines(plan_task(request_of({"name": "exam", "source": str(path)})))
    assert "'subject' may be the subject (2 of them): --group subject makes a task of each" in lines
    lines = plan_lines(plan_task(request_of({"name": "exam", "source": str(path), "group": "subject"})))
    assert not any("may be the subject" in line for line in lines)


def test_long_texts_are_clipped_by_their_width():
    assert clipped("short") == "short"
    assert (
        text_width(clipped("한" * 200_000)) == text_width(clipped("x" * 200_000)) - 1
    )  # at once, not letter by letter
    assert clipped("a\nb") == "a b"
    assert text_width(clipped("가" * 40)) <= 28
    assert clipped("가" * 40).endswith("…")
