"""The writer: responses are committed while others arrive, and its failure costs no run."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time

import pytest
from response_store import ANSWERS, QUERIES, find, keep, open_cache, rolling, start

from proctor.store import db, store, writer
from proctor.types import RollingScore


def test_a_response_that_was_paid_for_is_committed_at_once(path, monkeypatch):
    monkeypatch.setattr(store, "WAIT_SECONDS", 3600.0)
    answers = open_cache(path)
    answers.store.commits_at_once = True
    answers.keep(QUERIES[0], ANSWERS[0])
    deadline = time.monotonic() + 30
    while find(path).responses[0] is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert find(path).responses[0] == ANSWERS[0]
    answers.store.close()


def test_answers_are_committed_while_others_arrive_and_outlive_a_kill(path):
    """Nobody flushes, and no number of answers is waited for: the writer commits by itself."""
    process = start(path, 0, 100_000, 0.005)
    assert process.stdout is not None
    committed = 0
    for line in process.stdout:
        if int(line) % 50 == 0:
            committed = sum(found is not None for found in find(path, rolling(int(line) + 1)).responses)
        if committed >= 100:
            break
    assert process.poll() is None, "it goes on: what is there was committed meanwhile"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert None not in find(path, rolling(committed)).responses


class Hurry(threading.Event):
    """Notes how long was waited, instead of waiting; meanwhile more rows arrive."""

    def __init__(self, rows):
        super().__init__()
        self.waited, self._queue, self._rows = [], rows, [[(b"k", b"v")]] * 2

    def wait(self, timeout=None):
        self.waited.append(timeout)
        for rows in self._rows:
            self._queue.put(rows)
        return False


def test_an_answer_waits_for_others_for_a_quarter_of_a_second_at_most():
    """What docs/store.md promises of a kill: less than a second's answers."""
    one = object.__new__(writer.Writer)
    one._queue, one._wait = queue.SimpleQueue(), writer.WAIT_SECONDS
    one._hurry = hurry = Hurry(one._queue)
    one._queue.put([(b"k", b"v")])
    rows, done = one._gather()
    assert (len(rows), done, hurry.waited) == (3, None, [0.25])


def test_many_answers_wait_for_no_others(monkeypatch):
    monkeypatch.setattr(writer, "MOST_ROWS", 3)
    one = object.__new__(writer.Writer)
    one._queue, one._wait = queue.SimpleQueue(), writer.WAIT_SECONDS
    one._hurry = hurry = Hurry(one._queue)
    for _ in range(4):
        one._queue.put([(b"k", b"v")])
    assert (len(one._gather()[0]), hurry.waited) == (3, [])


def test_whoever_waits_for_the_writer_does_not_wait_for_its_pause(path, monkeypatch):
    monkeypatch.setattr(store, "WAIT_SECONDS", 3600.0)
    answers = open_cache(path)
    for _ in range(3):
        answers.keep(QUERIES[0], ANSWERS[0])
        assert answers.store.flush()
    assert find(path).responses[0] == ANSWERS[0]
    answers.store.close()


@pytest.mark.parametrize("count", [1, writer.AT_ONCE - 1, writer.AT_ONCE, 2 * writer.AT_ONCE + 7])
def test_rows_go_in_by_the_hundred_and_none_is_left_out(path, count):
    answers = open_cache(path)
    queries = rolling(count)
    for number, query in enumerate(queries):
        answers.keep(query, RollingScore(-float(number)))
    answers.store.close()
    assert find(path, queries).responses == [RollingScore(-float(number)) for number in range(count)]


def test_a_file_that_tears_during_a_run_costs_no_run(path, caplog):
    answers = open_cache(path)
    for query in rolling(4000):
        answers.keep(query, RollingScore(-1.0))
    answers.store.flush()
    os.truncate(path, 4096)
    with path.open("r+b") as file:
        file.write(b"\xff" * 4096)
    os.truncate(f"{path}-wal", 0)
    for query in rolling(100):
        answers.keep(query, RollingScore(-1.0))
    answers.store.close()
    assert caplog.text.count("takes no more responses") <= 1
    keep(path)
    assert find(path).responses == ANSWERS


def test_a_file_that_vanishes_is_said_once(path, caplog):
    answers = open_cache(path)
    answers.keep(QUERIES[0], ANSWERS[0])
    assert answers.store.flush()
    path.unlink()
    for _ in range(3):
        answers.keep(QUERIES[1], ANSWERS[1])
        assert not answers.store.flush()
    answers.store.close()
    assert caplog.text.count("its file was deleted or replaced. The run goes on") == 1


def test_a_full_disk_is_said_once_and_what_was_kept_stays(path, caplog, monkeypatch):
    keep(path)

    def small(path):
        connection = db.connect(path)
        connection.execute("PRAGMA max_page_count = 5")
        return connection

    monkeypatch.setattr(writer, "connect", small)
    answers = open_cache(path)
    for start_at in range(0, 4000, 1000):
        for query in rolling(4000)[start_at : start_at + 1000]:
            answers.keep(query, RollingScore(-1.0))
        answers.store.flush()
    answers.store.close()
    assert caplog.text.count("the disk is full") == 1
    monkeypatch.undo()
    assert find(path).responses == ANSWERS


def test_a_writer_that_dies_is_said_once(path, caplog, monkeypatch):
    monkeypatch.setattr(writer.Writer, "_work", lambda self: None)
    answers = open_cache(path)
    answers.keep(QUERIES[0], ANSWERS[0])
    time.sleep(0.1)
    for _ in range(3):
        answers.keep(QUERIES[1], ANSWERS[1])
    answers.store.close()
    assert caplog.text.count("its writer has died") == 1


def test_a_writer_that_dies_with_rows_in_hand_does_not_say_that_they_are_kept(path, caplog, monkeypatch):
    monkeypatch.setattr(writer.Writer, "_work", lambda self: self._queue.get())
    answers = open_cache(path)
    answers.keep(QUERIES[0], ANSWERS[0])
    assert not answers.store.flush()
    answers.store.close()
    assert caplog.text.count("its writer has died") == 1


def test_where_no_thread_is_to_be_had_the_run_goes_on(path, caplog, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    answers = open_cache(path)
    for _ in range(2):
        answers.keep(QUERIES[0], ANSWERS[0])
    assert not answers.store.flush()
    answers.store.close()
    assert caplog.text.count("the system gives no thread for writing to it. The run goes on") == 1


def test_what_is_not_committed_in_time_is_not_said_to_be_kept(path, monkeypatch):
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.3)
    monkeypatch.setattr(writer.Writer, "_commit", lambda self, connection, rows: time.sleep(1))
    answers = open_cache(path)
    answers.keep(QUERIES[0], ANSWERS[0])
    assert not answers.store.flush()
    answers.store.close()
