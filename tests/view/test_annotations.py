"""Notes and flags stand beside what they are about, and what somebody else wrote there stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from proctor.errors import OutputError, UsageError
from proctor.results.exclusions import read_exclusions
from proctor.view.annotations import LONGEST_NOTE, MOST_LINES, Annotations

HASH = "ab" * 32


def flag(**more):
    return {"task": "t", "doc_id": 3, "doc_hash": HASH, "flag": "bad_key", "note": "서울 \ud800"} | more


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def kept(folder, tmp_path):
    return Annotations([str(folder)], tmp_path / "index.sqlite")


def test_a_flag_is_a_line_in_the_folder_that_excludes_its_question(kept, folder):
    kept.flag(flag())
    kept.flag(flag(task="한국어", doc_id=0))
    assert kept.flags() == [flag(), flag(task="한국어", doc_id=0)]
    assert read_exclusions(folder / "flags.jsonl").hashes == {"t": frozenset({HASH}), "한국어": frozenset({HASH})}


def test_a_question_has_one_flag_which_can_be_changed_and_taken_away(kept, folder):
    kept.flag(flag())
    kept.flag(flag(flag="other", note=""))
    kept.flag(flag(doc_hash=None))  # of files without hashes: another question, as far as is known
    assert kept.flags() == [flag(flag="other", note=""), flag(doc_hash=None)]
    kept.flag(flag(flag=None, doc_id=99))
    kept.flag(flag(flag=None, doc_hash=None))
    assert kept.flags() == []
    assert list(folder.iterdir()) == []


def test_lines_of_others_stay(kept, folder):
    lines = [{"task": "t", "doc_hash": "cd" * 32}, {"task": "t", "doc_hash": HASH, "flags": [], "more": [1]}, {"x": 1}]
    text = "".join(json.dumps(line) + "\n\n" for line in lines)
    (folder / "flags.jsonl").write_text(f"\ufeff{text}", encoding="utf-8")
    assert kept.flags() == [lines[0]]
    kept.flag(flag())
    assert [json.loads(line) for line in (folder / "flags.jsonl").read_text().splitlines()] == [
        *(lines[0], lines[2], flag())
    ]


@pytest.mark.parametrize("text", ["{", "[]", "1\n", "[" * 100_000, "\xff"])
def test_a_file_that_is_not_lines_of_json_is_not_written_to(kept, folder, text):
    (folder / "flags.jsonl").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"flags\.jsonl"):
        kept.flag(flag())
    with pytest.raises(UsageError, match=r"flags\.jsonl"):
        kept.flags()
    assert (folder / "flags.jsonl").read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize(
    "odd",
    [
        *({"task": None}, {"task": ""}, {"task": "x" * 1001}, {"task": ["t"]}, {"doc_id": "3"}, {"doc_id": True}),
        *({"doc_id": 2**63}, {"doc_id": 1.0}, {"doc_hash": "ab"}, {"doc_hash": 1}, {"doc_hash": HASH.upper()}),
        *({"flag": "hurt"}, {"flag": 1}, {"flag": []}, {"note": None}, {"note": "x" * (LONGEST_NOTE + 1)}),
    ],
)
def test_what_is_no_flag_is_refused(kept, folder, odd):
    with pytest.raises(UsageError):
        kept.flag(flag(**odd))
    assert list(folder.iterdir()) == []


def test_there_is_an_end_to_the_lines(kept, folder):
    line = json.dumps({"task": "t", "doc_hash": "cd" * 32}) + "\n"
    (folder / "flags.jsonl").write_text(line * MOST_LINES)
    with pytest.raises(UsageError, match=r"20,000 lines already"):
        kept.flag(flag())


def test_notes_are_by_the_place_of_a_run_and_go_where_the_folder_goes(kept, folder, tmp_path):
    kept.note(str(folder / "a" / "results_x.json"), "  the good one ")
    kept.note("/elsewhere/results_y.json", "far")
    assert kept.notes() == {"a/results_x.json": "the good one", "/elsewhere/results_y.json": "far"}
    folder.rename(tmp_path / "moved")
    moved = Annotations([str(tmp_path / "moved")], tmp_path / "other.sqlite")
    assert moved.notes()[moved.place_of(str(tmp_path / "moved" / "a" / "results_x.json"))] == "the good one"
    moved.note(str(tmp_path / "moved" / "a" / "results_x.json"), " ")
    assert moved.notes() == {"/elsewhere/results_y.json": "far"}
    for note in (None, 1, "x" * (LONGEST_NOTE + 1)):
        with pytest.raises(UsageError):
            moved.note("x", note)


def test_several_paths_and_a_file_have_theirs_beside_the_index(folder, tmp_path):
    for paths in ([str(folder), str(tmp_path)], [str(folder / "results_x.json")], ["17"]):
        kept = Annotations(paths, tmp_path / "index.sqlite")
        kept.flag(flag())
        assert kept.flags_file == tmp_path / "index.flags.jsonl"
    assert list(folder.iterdir()) == []


def test_a_folder_that_comes_later_is_written_to(tmp_path):
    kept = Annotations([str(tmp_path / "late")], tmp_path / "index.sqlite")
    (tmp_path / "late").mkdir()
    assert kept.flags_file == tmp_path / "late" / "flags.jsonl"


def test_what_cannot_be_written_is_a_sentence(kept, folder, monkeypatch):
    def refuse(self, target):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(OutputError, match="No space left"):
        kept.flag(flag())
    assert list(folder.iterdir()) == []


# What a folder on another machine may be like: there flock is not to be had, or binds one machine alone.
WITHOUT_FLOCK = "import fcntl\ndef refuse(*_): raise OSError(37, 'No locks available')\nfcntl.flock = refuse\n"


@pytest.mark.parametrize("disk", ["", WITHOUT_FLOCK], ids=["of one machine", "of several"])
def test_two_servers_of_one_folder_lose_nothing_of_each_others(folder, tmp_path, disk):
    program = (
        f"{disk}import sys; from pathlib import Path; from proctor.view.annotations import Annotations\n"
        "kept = Annotations([sys.argv[1]], Path(sys.argv[2]))\n"
        "for number in range(60): kept.flag({'task': sys.argv[3], 'doc_id': number, 'flag': 'other'})\n"
    )
    names = ["one", "two", "three"]
    started = [
        subprocess.Popen([sys.executable, "-c", program, str(folder), str(tmp_path / name), name]) for name in names
    ]
    assert [one.wait(timeout=120) for one in started] == [0, 0, 0]
    lines = [json.loads(line) for line in (folder / "flags.jsonl").read_text().splitlines()]
    assert sorted((line["task"], line["doc_id"]) for line in lines) == sorted((a, b) for a in names for b in range(60))
    assert os.listdir(folder) == ["flags.jsonl"]
