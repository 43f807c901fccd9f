"""Disks that are full or read-only, and stores that others delete, tear, overwrite or lock while a run is at work.

A run never dies of its store: it says one sentence and comes to its end. Results that cannot be
written are shown, and the exit code says so; the store has everything, and the same command writes them.
"""

from __future__ import annotations

import errno
import importlib
import os
import re
import signal
import sqlite3
import subprocess

import pytest

kit = importlib.import_module("faultkit")
pytestmark = pytest.mark.slow

PAUSE = "0.02"
MEGABYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """A disk of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "proctor-test", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """Leave no room on a small disk."""
    file = folder / "filler"
    with file.open("wb", buffering=0) as stream:
        for size in (4096, 64):
            for _ in range(MEGABYTE // size + 1):
                try:
                    stream.write(b"\0" * size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    break
            else:
                raise AssertionError("the disk is larger than it should be")
    return file


def read_only(folder):
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)


def finished(process, code=0):
    assert process.code() == code, process.errors()
    assert "Traceback" not in process.errors()
    return process


def go_on(stable, folder, words, whole_folder, output="results", **more):
    """The same command, to its end; what it asks."""
    resumed = finished(stable.start(folder, words, **more))
    assert kit.results_of(folder, output) == kit.results_of(whole_folder)
    return resumed.digests("asked")


def sentences(process, text):
    """How often it was said."""
    return len(re.findall(text, process.errors()))


# full disks


@pytest.mark.parametrize("kind", ["scoring", "generation"])
def test_the_disk_of_the_store_fills_up(kind, stable, exams, undisturbed, small_disk, tmp_path):
    words = kit.words_of(exams[kind], store=str(small_disk / "answers.sqlite"))
    process = stable.start(tmp_path, words, FAULTS_PAUSE="0.04")
    process.until_event("answered", 25)
    filler = fill(small_disk)
    finished(process)
    assert sentences(process, "takes no more responses: the disk is full. The run goes on") == 1
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed(kind)[1])
    filler.unlink()
    asked = go_on(stable, tmp_path, words, undisturbed(kind)[1])
    answered = process.digests("answered")
    assert 0 < len(asked) < len(answered)
    assert not set(answered[:10]) & set(asked), "what was committed before is still there"


def test_there_never_was_room_for_a_store(stable, exams, undisturbed, small_disk, tmp_path):
    fill(small_disk)
    words = kit.words_of(exams["scoring"], store=str(small_disk / "answers.sqlite"))
    process = finished(stable.start(tmp_path, words))
    assert sentences(process, r"answers\.sqlite .*(cannot be|takes no more)") == 1
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed("scoring")[1])


@pytest.mark.parametrize("own_store", [True, False], ids=["store elsewhere", "store there"])
def test_the_disk_of_the_caches_is_full(own_store, stable, exams, undisturbed, small_disk, tmp_path):
    fill(small_disk)
    words = kit.words_of(exams["scoring"])
    if not own_store:
        words = [word for word in words if word not in ("--store", "answers.sqlite")]
    process = finished(stable.start(tmp_path, words, PROCTOR_CACHE=str(small_disk)))
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed("scoring")[1])
    again = go_on(stable, tmp_path, words, undisturbed("scoring")[1], PROCTOR_CACHE=str(small_disk))
    assert len(again) == (0 if own_store else 60)
    assert sentences(process, "The store") == (0 if own_store else 1)


def test_the_disk_of_the_data_sets_is_full(stable, exams, small_disk, tmp_path):
    """The data cannot be loaded, and that is said before any model is."""
    fill(small_disk)
    words = kit.words_of(exams["scoring"])
    process = finished(stable.start(tmp_path, words, cold=True, HF_DATASETS_CACHE=str(small_disk / "sets")), code=1)
    assert (
        sentences(process, "proctor: error: .* cannot be loaded: .*(No space left on device|Not enough disk space)")
        == 1
    )
    assert not process.events()


def test_the_disk_of_the_results_fills_up(stable, exams, undisturbed, small_disk, tmp_path):
    """The table is shown, the exit code says that something is missing, and the same command writes it later."""
    words = kit.words_of(exams["scoring"], output=str(small_disk / "results"))
    process = stable.start(tmp_path, words, FAULTS_PAUSE=PAUSE)
    process.until_event("answered", 20)
    filler = fill(small_disk)
    finished(process, code=1)
    assert "|faults_scoring|" in process.output().replace(" ", "")
    assert "proctor: error: " in process.errors()
    assert "The disk is full: free some space, or choose another --output_path." in process.errors()
    assert not list((small_disk / "results").glob("*/results_*.json"))
    for file in (small_disk / "results").glob("*/samples_*.jsonl"):
        assert file.read_bytes()[-1:] in (b"", b"\n"), "no half lines"
    filler.unlink()
    assert go_on(stable, tmp_path, words, undisturbed("scoring")[1], output="disk/results") == []


def test_stdout_has_no_room_for_the_table(stable, exams, undisturbed, tmp_path):
    process = stable.start(tmp_path, kit.words_of(exams["rolling"]), into=kit.Path("/dev/full"))
    finished(process, code=1)
    assert sentences(process, "proctor: error: .* printed or cached has no room: No space left on device") == 1
    assert "Exception ignored" not in process.errors()
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed("rolling")[1])


# read-only disks


def test_the_disk_of_the_store_is_read_only(stable, exams, undisturbed, small_disk, tmp_path):
    """What is there is used; what is new is not kept, and that is said before anything is asked."""
    words = kit.words_of(exams["scoring"], store=str(small_disk / "answers.sqlite"))
    stopped = stable.start(tmp_path, words, FAULTS_PAUSE="0.05")
    stopped.until_event("answered", 30)
    stopped.send(signal.SIGINT)
    assert stopped.code() == 130
    kept = int(re.search(r"(\d+) of 240 requests are cached", stopped.errors())[1]) // 4
    read_only(small_disk)
    for _ in range(2):
        process = finished(stable.start(tmp_path, words))
        assert len(process.digests("asked")) == 60 - kept
        assert kit.results_of(tmp_path) == kit.results_of(undisturbed("scoring")[1])
        assert sentences(process, "can be read, but not written") == 1


def test_results_cannot_be_written_from_the_start(stable, exams, small_disk, tmp_path):
    read_only(small_disk)
    words = kit.words_of(exams["scoring"], output=str(small_disk / "results"))
    process = finished(stable.start(tmp_path, words), code=1)
    assert "The file system is read-only: choose another --output_path." in process.errors()
    assert not process.events(), "the model was not even opened"


# stores that change under a run


def delete(path):
    path.unlink()


def delete_all(path):
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


def empty_log(path):
    os.truncate(f"{path}-wal", 0)


def overwrite(path):
    with path.open("r+b") as stream:
        stream.write(b"\xa5" * max(8192, path.stat().st_size))


def replace(path):
    delete_all(path)
    path.write_bytes(b"somebody's notes\n" * 1000)


@pytest.mark.parametrize("harm", [delete, delete_all, truncate, empty, empty_log, overwrite, replace])
def test_the_store_is_harmed_while_a_run_is_at_work(harm, stable, exams, undisturbed, tmp_path):
    """The run comes to its end with its results; so does the next, and what is broken is set aside."""
    store, words = tmp_path / "answers.sqlite", kit.words_of(exams["scoring"])
    process = stable.start(tmp_path, words, FAULTS_PAUSE=PAUSE)
    process.until_event("answered", 30)
    harm(store)
    finished(process)
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed("scoring")[1])
    assert sentences(process, "takes no more responses") <= 1
    go_on(stable, tmp_path, words, undisturbed("scoring")[1])
    assert go_on(stable, tmp_path, words, undisturbed("scoring")[1]) == [] or harm in (delete, delete_all)
    if harm in (delete, delete_all):
        assert sentences(process, "its file was deleted or replaced") == 1
    if harm is replace:
        (kept,) = tmp_path.glob("answers.sqlite.broken-*[0-9]")
        assert kept.read_bytes().startswith(b"somebody's notes")


def test_what_sqlite_maps_is_cut_short(stable, exams, undisturbed, tmp_path):
    """The system ends the process (SIGBUS), which nobody can prevent; what was committed is there, as after a kill."""
    store, words = tmp_path / "answers.sqlite", kit.words_of(exams["scoring"])
    process = stable.start(tmp_path, words, FAULTS_PAUSE=PAUSE)
    process.until_event("answered", 40)
    os.truncate(f"{store}-shm", 0)
    assert process.code() in (-signal.SIGBUS, 0)
    kept = kit.committed(store)
    assert kept > 0
    assert len(go_on(stable, tmp_path, words, undisturbed("scoring")[1])) == 60 - kept / 4


def test_a_store_of_a_newer_version_is_left_alone(stable, exams, undisturbed, tmp_path):
    words, store = kit.words_of(exams["rolling"]), tmp_path / "answers.sqlite"
    finished(stable.start(tmp_path, words))
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = kit.committed(store)
    process = finished(stable.start(tmp_path, words))
    assert sentences(process, "it was written by a newer version of proctor") >= 1
    assert len(process.digests("asked")) == kit.committed(store) == before == 60
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed("rolling")[1])


# stores that others use


def lock(path):
    connection = sqlite3.connect(path, isolation_level=None, timeout=10)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_a_store_that_is_locked_for_a_while_is_waited_for(stable, exams, undisturbed, tmp_path):
    store, words = tmp_path / "answers.sqlite", kit.words_of(exams["scoring"])
    process = stable.start(tmp_path, words, FAULTS_PAUSE=PAUSE)
    process.until_event("answered", 15)
    holder = lock(store)
    process.until_event("answered", 60)
    holder.execute("ROLLBACK")
    holder.close()
    finished(process)
    assert "takes no more responses" not in process.errors()
    assert go_on(stable, tmp_path, words, undisturbed("scoring")[1]) == []


@pytest.mark.parametrize("when", ["from the start", "while answering"])
def test_a_store_that_stays_locked_costs_no_run(when, stable, exams, undisturbed, tmp_path):
    store, words = tmp_path / "answers.sqlite", kit.words_of(exams["scoring"])
    if when == "from the start":
        first = stable.start(tmp_path, words, FAULTS_PAUSE=PAUSE)
        first.until_event("answered", 30)
        first.kill()
        holder = lock(store)
        process = stable.start(tmp_path, words, FAULTS_BUSY="0.2")
    else:
        process = stable.start(tmp_path, words, FAULTS_BUSY="0.2", FAULTS_PAUSE="0.05")
        process.until_event("answered", 20)
        holder = lock(store)
    finished(process)
    assert sentences(process, "another process keeps it locked") >= 1
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed("scoring")[1])
    kept = kit.committed(store)
    holder.execute("ROLLBACK")
    holder.close()
    assert kept > 0
    assert len(go_on(stable, tmp_path, words, undisturbed("scoring")[1])) == 60 - kept / 4


@pytest.mark.parametrize("other", ["scoring", "rolling"])
def test_two_runs_share_a_store_and_one_is_killed(other, stable, exams, undisturbed, tmp_path):
    store = str(tmp_path / "answers.sqlite")
    folders = [tmp_path / "one", tmp_path / "two"]
    words = [kit.words_of(exams[kind], store=store) for kind in ("scoring", other)]
    both = [stable.start(folder, some, FAULTS_PAUSE=PAUSE) for folder, some in zip(folders, words, strict=True)]
    both[0].until_event("answered", 25)
    both[0].kill()
    finished(both[1])
    assert kit.results_of(folders[1]) == kit.results_of(undisturbed(other)[1])
    asked = go_on(stable, folders[0], words[0], undisturbed("scoring")[1])
    if other == "scoring":
        assert asked == [], "the other one has answered it all"
    else:
        rows = kit.committed(tmp_path / "answers.sqlite")
        assert 0 < len(asked) < 60
        assert rows == 60 + 240
    assert go_on(stable, folders[1], words[1], undisturbed(other)[1]) == []
