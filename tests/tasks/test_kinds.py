"""Task files of the form before there was 'tag': 'group' beside 'task', in text, as a list and through an include."""

from __future__ import annotations

import logging

import pytest

from proctor.run.progress import open_progress
from proctor.tasks.index import build_index
from proctor.tasks.select import select
from proctor.validate import validate

DATA = (
    'dataset_path: json\ntest_split: test\noutput_type: loglikelihood\ndoc_to_text: "{{q}}"\ndoc_to_target: "{{a}}"\n'
)


@pytest.fixture
def older(tmp_path):
    """Six tasks that say 'group'; one file that is a group of one."""
    for number in range(5):
        (tmp_path / f"t{number}.yaml").write_text(f"group: quiz\ntask: t{number}\n{DATA}")
    (tmp_path / "several.yaml").write_text(f"task: several\ngroup: [quiz, other]\ntag: third\n{DATA}")
    (tmp_path / "_base").write_text(f"group: shared\n{DATA}")
    (tmp_path / "included.yaml").write_text("include: _base\ntask: included\n")
    (tmp_path / "real.yaml").write_text("group: real\ntask: t0\n")
    return tmp_path


def names(index, name):
    return [leaf.name for leaf in select(index, [name]).leaves()]


def test_group_beside_task_is_a_tag(older):
    index = build_index([older], defaults=False)
    assert dict(index.tags) == {
        "quiz": ("several", "t0", "t1", "t2", "t3", "t4"),
        "other": ("several",),
        "third": ("several",),
        "shared": ("included",),
    }
    assert names(index, "quiz") == ["several", "t0", "t1", "t2", "t3", "t4"]
    assert names(index, "included") == ["included"]
    assert [entry.name for entry in index.of_kind("group")] == ["real"]
    assert names(index, "real") == ["t0"]
    (task,) = select(index, ["several"]).leaves()
    assert "group" not in task.config


def test_a_group_file_of_that_name_wins(older):
    (older / "quiz.yaml").write_text("group: quiz\ntask: [t0, t1]\n")
    assert names(build_index([older], defaults=False), "quiz") == ["t0", "t1"]


def test_a_warning_says_it_once_with_a_count(older, caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        select(build_index([older], defaults=False), ["quiz"])
    (record,) = caplog.records
    assert "is an older form of 'tag:', and is read as a tag; write 'tag:' instead (in 6 files)." in record.getMessage()


def test_validate_says_so_with_places(older):
    verdict = validate([], [str(older)], with_data=False, progress=open_progress)
    (note,) = [note for note in verdict.notes if "older form" in note.message]
    assert note.line in (1, 2)
    assert "(in 7 files)" in note.message
    assert verdict.errors == ()


def test_a_group_that_is_no_name_is_still_an_error(tmp_path, caplog):
    (tmp_path / "t.yaml").write_text(f"group: 5\ntask: t\n{DATA}")
    (tmp_path / "u.yaml").write_text(f"task: u\n{DATA}")
    assert "'group' must be a name in text" in build_index([tmp_path], defaults=False).errors[0].message
