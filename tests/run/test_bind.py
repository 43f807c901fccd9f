"""Everything that is wrong with tasks and their data comes at once, and one cause is one line."""

from __future__ import annotations

import json
import logging

import pytest

from proctor.errors import DataError, TaskError
from proctor.run.bind import bind_tasks
from proctor.run.progress import open_progress
from proctor.tasks.index import build_index
from proctor.tasks.select import select
from proctor.tasks.suite import build_suite
from proctor.validate import validate

TASK = """\
task: {name}
dataset_path: {path}
{more}test_split: {split}
output_type: multiple_choice
doc_to_text: "{text}"
doc_to_choice: ["a", "b"]
doc_to_target: 0
"""


@pytest.fixture
def write(tmp_path):
    rows = "".join(
        json.dumps({"question": f"다음 중 옳은 것은? ({n})", "n": n}, ensure_ascii=False) + "\n" for n in range(2)
    )
    (tmp_path / "rows.jsonl").write_text(rows, encoding="utf-8")
    (tmp_path / "korean.jsonl").write_bytes(rows.encode("cp949"))

    def put(name, path="rows.jsonl", split="train", text="{{question}}", more=""):
        file = tmp_path / f"{name}.yaml"
        file.write_text(TASK.format(name=name, path=path, split=split, text=text, more=more), encoding="utf-8")

    return put


@pytest.fixture
def bind(tmp_path):
    def every():
        index = build_index([tmp_path], defaults=False)
        return bind_tasks(build_suite(select(index, sorted(index.entries)).nodes).tasks, open_progress)

    return every


def test_data_sets_that_are_not_there_are_told_at_once(write, bind):
    for name in ("one", "two", "three"):
        write(name, path=f"nowhere/{name}")
    with pytest.raises(DataError) as caught:
        bind()
    assert [name for name in ("one", "two", "three") if f"nowhere/{name}" in str(caught.value)] == [
        "one",
        "two",
        "three",
    ]
    assert str(caught.value).count("is not on this machine") == 3


def test_many_parts_of_one_data_set_that_is_not_there_are_one_line_and_one_question(write, bind, monkeypatch):
    from proctor.tasks.sources import load

    asked = []
    real = load.load_dataset
    monkeypatch.setattr(
        load, "load_dataset", lambda path, name, **more: (asked.append(name), real(path, name, **more))[1]
    )
    for number in range(6):
        write(f"part_{number}", path="nowhere/parts", more=f"dataset_name: p{number}\n")
    with pytest.raises(DataError) as caught:
        bind()
    assert str(caught.value).count("is not on this machine") == 1
    assert "(6 times)" in str(caught.value)
    assert asked == ["p0"]


def test_errors_of_files_and_absent_data_come_together(write, bind):
    write("one", path="nowhere/one")
    write("two", split="tset")
    with pytest.raises(TaskError, match=r"(?s)nowhere/one.*no split 'tset'"):
        bind()


def test_a_wrong_split_does_not_hide_a_wrong_template(write, bind, tmp_path):
    write("one", split="test", text="{{qustion}}")
    with pytest.raises(TaskError) as caught:
        bind()
    said = str(caught.value)
    assert "no split 'test'" in said
    assert "Data that name no split are 'train'; files get one by 'data_files: {test: FILE}'." in said
    assert "Did you mean 'question'?" in said
    verdict = validate([], [str(tmp_path)], progress=open_progress)
    assert sorted(finding.line or 0 for finding in verdict.errors) == [3, 5]


def test_how_files_were_read_is_said_once_for_all_tasks(write, bind, caplog):
    for number in range(5):
        write(f"t{number}", path="korean.jsonl")
    with caplog.at_level(logging.WARNING, "proctor"):
        assert len(bind()) == 5
    (record,) = [record for record in caplog.records if "CP949" in record.getMessage()]
    assert "task 't0' and 4 more tasks" in record.getMessage()


def test_validate_says_how_files_were_read_and_goes_on(write, tmp_path):
    write("korean", path="korean.jsonl")
    (tmp_path / "odd.csv").write_bytes("question\nÄpfel\n".encode("cp1252"))
    write("odd", path="odd.csv")
    write("wrong", text="{{qustion}}")
    verdict = validate([], [str(tmp_path)], progress=open_progress)
    assert [finding.message.partition("'")[2].partition("'")[0] for finding in verdict.errors] == ["odd", "wrong"]
    assert "odd.csv, line 2: the file is not UTF-8 text" in verdict.errors[0].message
    assert ["CP949" in note.message for note in verdict.notes] == [True]
    assert verdict.documents == 4
