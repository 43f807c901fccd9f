"""A task folder whose source has changed."""

import json

import pytest

from proctor.errors import UsageError
from proctor.new.folder import SETTINGS, task_files
from proctor.new.plan import plan_task
from proctor.new.request import request_of
from proctor.new.update import difference, stored_settings
from proctor.new.write import write_files

TABLE = "id,question,A,B,answer\nq1,Hot?,ice,fire,B\nq2,Cold?,ice,fire,A\nq3,Wet?,rain,sand,A\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "exam.csv"
    path.write_text(TABLE)
    return path


def files(table):
    return task_files(plan_task(request_of({"name": "exam", "source": str(table)})))


def test_what_changed_is_said_by_document(table, tmp_path):
    folder = tmp_path / "exam"
    write_files(folder, files(table))
    table.write_text("id,question,A,B,answer\n\nq1,Hot?,ice,fire,B\nq2,Cold?,ice,fire,B\nq4,Dry?,rain,sand,B\n")
    found = difference(folder, files(table))
    assert found.lines == (
        "1 new, 1 gone, 1 changed, 1 the same",
        "  changed  data/test.jsonl, id q2: answer 0 -> 1",
        "  new      data/test.jsonl, id q4",
        "  gone     data/test.jsonl, id q3",
    )
    assert (found.by_hand, found.gone) == ((), ())
    assert found.written == ("data/test.jsonl", "data/source.json", "README.md")
    write_files(folder, files(table))
    assert difference(folder, files(table)).written == ()


def test_files_changed_by_hand_are_found(table, tmp_path):
    folder = tmp_path / "exam"
    write_files(folder, files(table))
    yaml = folder / "exam.yaml"
    yaml.write_text(yaml.read_text() + "num_fewshot: 0\n")
    (folder / "data" / "old.jsonl").write_text("")
    found = difference(folder, files(table))
    assert (found.by_hand, found.written) == (("exam.yaml",), ())
    assert found.gone == ("data/old.jsonl",)


def test_stored_settings_find_the_source_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "exam" / "data").mkdir(parents=True)
    (tmp_path / "exam" / SETTINGS).write_text(
        json.dumps({"settings": {"name": "exam", "source": "../t.csv", "shots": 3}})
    )
    monkeypatch.chdir(tmp_path / "exam")
    assert stored_settings(tmp_path / "exam") == {"name": "exam", "source": "../t.csv", "shots": 3}
    monkeypatch.chdir(tmp_path)
    assert stored_settings(tmp_path / "exam")["source"] == "t.csv"
    with pytest.raises(UsageError, match="no folder that 'proctor new' wrote"):
        stored_settings(tmp_path)
