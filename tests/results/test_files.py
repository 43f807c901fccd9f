"""Files: their names, what happens when they cannot be written, and that nothing leaves its folder."""

from __future__ import annotations

import errno
import json
import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import OutputError
from proctor.results import files
from proctor.results.files import (
    check_writable,
    file_name,
    file_names,
    folder_of,
    save_run,
    stamp_of,
    write_results,
    write_samples,
)
from proctor.results.schema import results_document

STAMP = "2026-11-23T18-11-17.771023"
STAMPED = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}"


@pytest.fixture
def two(run, task, record, facts):
    """A run of two tasks and its document."""
    records = {
        "sums": [record(task="sums", doc_id=7)],
        "capitals": [record(), record(doc_id=4, doc={"question": "\ud800 \x00 서울"})],
    }
    result = run([task("sums"), task()], records=records)
    return result, results_document(result, facts)


def lines(path):
    return [json.loads(line) for line in path.read_bytes().decode("utf-8").splitlines()]


def test_a_folder_gets_one_for_the_model_inside(two, tmp_path):
    run, document = two
    saved = save_run(run, document, tmp_path / "out", log_samples=True)
    assert saved.results is not None
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert [re.sub(STAMPED, "STAMP", name) for name in found] == [
        "out/org__small/results_STAMP.json",
        "out/org__small/samples_capitals_STAMP.jsonl",
        "out/org__small/samples_sums_STAMP.jsonl",
    ]
    assert len({re.findall(STAMPED, name)[0] for name in found}) == 1
    assert json.loads(saved.results.read_text(encoding="utf-8")) == json.loads(json.dumps(document))
    assert [line["doc_id"] for line in lines(saved.samples["capitals"])] == [3, 4]
    assert lines(saved.samples["capitals"])[1]["doc"] == {"question": "\ud800 \x00 서울"}


def test_a_json_path_names_the_file_and_its_folder_holds_the_samples(two, tmp_path):
    run, document = two
    saved = save_run(run, document, tmp_path / "new" / "scores.v2.json", log_samples=True)
    assert saved.results is not None
    assert saved.results.parent == tmp_path / "new"
    assert re.fullmatch(rf"scores\.v2_{STAMPED}\.json", saved.results.name)
    assert {path.parent for path in saved.samples.values()} == {tmp_path / "new"}


def test_without_log_samples_there_are_none(two, tmp_path):
    run, document = two
    assert save_run(run, document, tmp_path, log_samples=False).samples == {}
    assert len(list((tmp_path / "org__small").iterdir())) == 1


def test_results_are_indented_and_written_as_they_are(two, tmp_path):
    run, _ = two
    path = write_results(run, {"results": {"서울": {"acc,none": 0.5}}}, tmp_path, stamp=STAMP)
    assert path == tmp_path / "org__small" / f"results_{STAMP}.json"
    assert path.read_text(encoding="utf-8") == '{\n  "results": {\n    "서울": {\n      "acc,none": 0.5\n    }\n  }\n}'


def test_files_that_are_written_apart_share_the_run_s_stamp(two, tmp_path):
    run, document = two
    results = write_results(run, document, tmp_path)
    samples = write_samples(run, tmp_path)
    stamp = stamp_of(datetime.fromtimestamp(run.started + run.seconds))
    assert results.name == f"results_{stamp}.json"
    assert samples["sums"].name == f"samples_sums_{stamp}.jsonl"


def test_the_stamp_always_has_its_fraction():
    assert stamp_of(datetime(2026, 11, 23, 18, 11, 17)) == "2026-11-23T18-11-17.000000"
    assert stamp_of(datetime(2026, 11, 23, 18, 11, 17, 771023)) == STAMP


def test_samples_are_read_from_any_iterable_as_they_are_written(two, record, tmp_path):
    run, _ = two
    seen = []

    def stream():
        for number in range(5000):
            part = next(iter((tmp_path / "org__small").glob("*.jsonl")))
            seen.append(part.stat().st_size)
            yield record(doc_id=number)

    paths = write_samples(run, tmp_path, records={"many": stream()}, stamp=STAMP)
    assert len(lines(paths["many"])) == 5000
    assert 0 < seen[2500] < seen[-1] < paths["many"].stat().st_size


def test_samples_are_appended(two, record, tmp_path):
    run, _ = two
    for number in (1, 2):
        path = write_samples(run, tmp_path, records={"a": [record(doc_id=number)]}, stamp=STAMP)["a"]
    assert [line["doc_id"] for line in lines(path)] == [1, 2]


def test_results_replace_an_older_file(two, tmp_path):
    run, _ = two
    for number in (1, 2):
        path = write_results(run, {"n": number}, tmp_path, stamp=STAMP)
    assert json.loads(path.read_text()) == {"n": 2}
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("mmlu_stem", "mmlu_stem"),
        ("parent::child", "parent::child"),
        ("한국어 과제", "한국어 과제"),
        ("a/b", "a__b"),
        ("../../etc/passwd", "..__..__etc__passwd"),
        ("/root", "__root"),
        ("a\\b\n\x00c", "a__b__c"),
        ("..", "__.."),
        (".", "__."),
        ("", "__"),
        ("\ud800", "__"),
    ],
)
def test_safe_file_names(name, safe):
    assert file_name(name) == safe


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec=None), max_size=300), unique=True, max_size=6))
def test_every_name_is_one_file_of_its_own(names):
    made = list(file_names(names).values())
    assert len(set(made)) == len(names)
    for name in made:
        assert "/" not in name
        assert "\0" not in name
        assert name not in (".", "..", "")
        assert len(f"samples_{name}_{STAMP}.jsonl".encode()) <= 255


def test_odd_task_names_are_written_inside_the_folder(two, record, tmp_path):
    run, _ = two
    names = ["../../evil", "/abs", "a/b", "a__b", "x" * 400, "nul\0"]
    paths = write_samples(run, tmp_path / "out", records={name: [record(task=name)] for name in names}, stamp=STAMP)
    assert {path.parent for path in paths.values()} == {tmp_path / "out" / "org__small"}
    assert len({path.name for path in paths.values()}) == len(names)
    assert all(len(lines(path)) == 1 for path in paths.values())


def test_a_model_s_name_cannot_leave_the_folder(run, tmp_path):
    assert folder_of(tmp_path, "..") == tmp_path / "__.."
    path = write_results(run(extra={"model_name": "m" * 400}), {}, tmp_path)
    assert path.is_relative_to(tmp_path)


def test_a_writable_place_passes_and_is_left_empty(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    check_writable(str(tmp_path / "c" / "x.json"))
    assert list((tmp_path / "c").iterdir()) == []


def test_a_relative_path_is_of_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_writable("x.json")
    check_writable("out")
    assert (tmp_path / "out").is_dir()


@pytest.mark.parametrize("path", ["taken", "taken/below", "taken/scores.json"])
def test_a_file_where_a_folder_should_be(two, tmp_path, path):
    (tmp_path / "taken").write_text("here first")
    with pytest.raises(OutputError, match=r"a file is in the way \(.*taken\)") as caught:
        check_writable(tmp_path / path)
    for error in (caught.value, save_run(*two, tmp_path / path, log_samples=True).failure):
        assert "a file is in the way" in error.message
        assert error.exit_code == 1
        assert error.hint
    assert (tmp_path / "taken").read_text() == "here first"


def test_a_path_no_file_system_can_hold(tmp_path):
    for path in ("out\0put", "n" * 300, f"{'n' * 240}.json", "/proc/results", "/dev/null/results"):
        with pytest.raises(OutputError, match="Results cannot be written to"):
            check_writable(tmp_path / path)


def test_the_model_s_own_folder_is_tried_where_there_is_one(tmp_path):
    check_writable(tmp_path, "org__small")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "org__small").write_text("a file")
    with pytest.raises(OutputError, match=r"a file is in the way \(.*org__small\)"):
        check_writable(tmp_path, "org__small")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        check_writable(tmp_path / "out")
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (errno.EACCES, "permissions"),
        (errno.EROFS, "read-only"),
        (errno.ENOSPC, "disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "another --output_path"),
    ],
)
def test_why_a_place_is_not_writable_is_said(tmp_path, monkeypatch, code, hint):
    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.Path, "open", refuse)
    with pytest.raises(OutputError, match=re.escape(os.strerror(code))) as caught:
        check_writable(tmp_path)
    assert hint in (caught.value.hint or "")


def break_results(monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)


def test_samples_are_written_even_if_the_results_are_not(two, tmp_path, monkeypatch):
    break_results(monkeypatch)
    saved = save_run(*two, tmp_path, log_samples=True)
    assert "No space left" in saved.failure.message
    assert "disk is full" in saved.failure.hint
    assert (saved.results, sorted(saved.samples)) == (None, ["capitals", "sums"])
    left = sorted(path.name.split("_2")[0] for path in (tmp_path / "org__small").iterdir())
    assert left == ["samples_capitals", "samples_sums"]


class FullDisk:
    """Opens files for lines that take ``room`` bytes of some and then no more."""

    def __init__(self, monkeypatch, only, room):
        self.room = room
        real = Path.open

        def open_(path, mode="r", *args, **kwargs):
            stream = real(path, mode, *args, **kwargs)
            if mode == "ab" and only in path.name:
                stream.close()
                return self.wrap(real(path, mode, buffering=0))
            return stream

        monkeypatch.setattr(Path, "open", open_)

    def wrap(self, stream):
        disk = self

        class Stream:
            def __enter__(self):
                return self

            def __exit__(self, *error):
                stream.close()

            def write(self, data):
                stream.write(data[: disk.room])
                disk.room -= len(data)
                if disk.room < 0:
                    raise OSError(errno.ENOSPC, "No space left on device")

        return Stream()


@pytest.mark.parametrize(("room", "whole"), [(1000, 1), (5, 0)])
def test_one_task_s_failure_keeps_no_other_from_its_file_and_no_half_line(two, tmp_path, monkeypatch, room, whole):
    run, document = two
    FullDisk(monkeypatch, "capitals", room)
    saved = save_run(run, document, tmp_path, log_samples=True)
    assert "samples of 'capitals' cannot be written" in saved.failure.message
    assert saved.results is not None
    written = {path.name.split("_2")[0]: path for path in (tmp_path / "org__small").iterdir()}
    assert sorted(written) == ["results", "samples_capitals", "samples_sums"]
    assert len(lines(written["samples_capitals"])) == whole
    assert len(lines(written["samples_sums"])) == 1


def test_all_that_failed_is_said_at_once(two, tmp_path, monkeypatch):
    break_results(monkeypatch)
    FullDisk(monkeypatch, "samples_", 0)
    failure = save_run(*two, tmp_path, log_samples=True).failure
    assert len(failure.message.splitlines()) == 3
    assert failure.hint.count("disk is full") == 1


def test_a_tilde_in_quotes_is_the_home_folder(two, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for path in ("~/res", "~/one/r.json", Path("~/res")):
        check_writable(path)
        assert folder_of(path, "m").is_relative_to(tmp_path / "home")
    assert not (tmp_path / "~").exists()
