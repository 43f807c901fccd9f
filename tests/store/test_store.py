"""The store as a run sees it: what is kept is found, and whatever is wrong with the file is one sentence."""

from __future__ import annotations

import logging
import math
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from proctor.errors import UsageError
from proctor.records import Query
from proctor.store import db, runs, store, writer
from proctor.store.runs import Counts, NewRun, list_runs
from proctor.store.store import ResponseCache, open_store
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore, Scores, Text

MODEL = {"weights": "abc"}
SEEDS = (0, 1234, 1234)
QUERIES = [
    Query("quiz", 0, 0, 0, Loglikelihood("Q", (" A", " B"))),
    Query("quiz", 1, 0, 0, Rolling("text")),
    *(Query("quiz", 2, 0, repeat, Generate("P", {"do_sample": True, "temperature": 1.0})) for repeat in range(3)),
]
ANSWERS = [Scores(((-0.1, True), (-2.5, False))), RollingScore(-7.25), Text("x"), Text("y"), Text("\ud800")]


def new_run(answers, started=1.0):
    return NewRun(started, "model", "proctor run", "/", {"tasks": ["quiz"]}, MODEL, answers.digest)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "answers.sqlite"


def opened(path, identity=MODEL, *, begin=True):
    found = open_store(path)
    assert found is not None
    answers = ResponseCache(found, identity, SEEDS)
    if begin:
        found.begin(new_run(answers))
    return answers


def keep(path, identity=MODEL, queries=QUERIES, responses=ANSWERS, *, state="finished"):
    answers = opened(path, identity)
    for query, response in zip(queries, responses, strict=True):
        answers.keep(query, response)
    answers.store.end(state, Counts(requested=len(queries)))
    answers.store.close()


def find(path, queries=QUERIES, identity=MODEL):
    answers = opened(path, identity)
    try:
        return answers.find(queries)
    finally:
        answers.store.close()


def test_what_is_kept_is_found(path):
    keep(path)
    assert find(path).responses == ANSWERS
    assert find(path).parts == {}


def test_a_response_that_was_paid_for_is_committed_at_once(path, monkeypatch):
    monkeypatch.setattr(store, "WAIT_SECONDS", 3600.0)
    answers = opened(path)
    answers.store.commits_at_once = True
    answers.keep(QUERIES[0], ANSWERS[0])
    deadline = time.monotonic() + 30
    while find(path).responses[0] is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert find(path).responses[0] == ANSWERS[0]
    answers.store.close()


def test_another_task_document_or_order_finds_it_too(path):
    keep(path)
    asked = [Query("other", 9, 3, 0, QUERIES[0].request)]
    assert find(path, asked).responses == [ANSWERS[0]]


def test_another_model_finds_nothing(path):
    keep(path)
    assert find(path, identity={"weights": "abd"}).responses == [None] * 5
    keep(path, {"weights": "abd"}, QUERIES[:1], [Scores(((-9.0, False), (-9.0, False)))])
    assert find(path).responses == ANSWERS


def test_repeats_are_kept_apart(path):
    keep(path)
    more = [Query("quiz", 2, 0, repeat, QUERIES[2].request) for repeat in range(4)]
    assert find(path, more).responses == [*ANSWERS[2:], None]


def test_one_choice_more_is_found_in_part(path):
    keep(path)
    found = find(path, [Query("quiz", 0, 0, 0, Loglikelihood("Q", (" B", " C", " A")))])
    assert found.responses == [None]
    assert found.parts == {0: [(-2.5, False), None, (-0.1, True)]}


def test_what_an_attempt_at_the_same_run_answered_is_known_as_its_own(path):
    keep(path, queries=QUERIES[:2], responses=ANSWERS[:2])
    keep(path, queries=QUERIES[2:4], responses=ANSWERS[2:4], state="interrupted")
    found = find(path)
    assert found.responses == [*ANSWERS[:4], None]
    assert found.own == {2, 3}


def test_of_what_an_attempt_left_half_answered_the_whole_is_asked(path):
    half = [Scores(((-1.0, False), (math.nan, False)))]
    keep(path, queries=QUERIES[:1], responses=half, state="failed")
    found = find(path, QUERIES[:1])
    assert (found.responses, found.parts) == ([None], {})


def test_a_changed_prompt_is_not_served_the_old_one_s_answer(path):
    """lm-eval keeps prompts under a task's name and serves them after its YAML has changed (PR 4123)."""
    keep(path)
    assert find(path, [Query("quiz", 0, 0, 0, Loglikelihood("Q!", (" A", " B")))]).responses == [None]


def test_what_is_no_number_is_asked_again(path):
    keep(path, queries=QUERIES[:2], responses=[Scores(((math.nan, False), (-1.0, True))), RollingScore(math.nan)])
    found = find(path, QUERIES[:2])
    assert found.responses == [None, None]
    assert found.parts == {0: [None, (-1.0, True)]}


def test_many_are_looked_up_together(path):
    many = [Query("t", n, 0, 0, Loglikelihood(f"Q{n}", (" A", " B", " C"))) for n in range(3000)]
    told = [Scores(((-n, True), (-n - 0.5, False), (-1e-9 * n, False))) for n in range(3000)]
    keep(path, queries=many, responses=told)
    assert find(path, many).responses == told
    assert find(path, many[::-7]).responses == told[::-7]


# the file


def test_runs_are_written_down(path):
    answers = opened(path)
    answers.store.end("finished", Counts(requested=3, cached=2))
    runs.note_results(db.connect(path), 1.0, "results.json")
    answers.store.note_facts(answers.digest, {"model_dtype": "torch.float32"})
    answers.store.begin(new_run(answers, 2.0))
    assert answers.store.recall_facts(answers.digest) == {"model_dtype": "torch.float32"}
    assert answers.store.recall_facts(b"another") is None
    answers.store.close()
    first, second = list_runs(db.connect(path))
    assert (first.state, first.requested, first.cached, first.results) == ("finished", 3, 2, "results.json")
    assert (second.state, second.results, second.config) == ("running", None, {"tasks": ["quiz"]})
    assert first.digest == answers.digest


def test_a_run_whose_process_is_gone_has_died(path):
    program = (
        "import sys; from pathlib import Path; from proctor.store.store import open_store\n"
        "from proctor.store.runs import NewRun\n"
        "open_store(Path(sys.argv[1])).begin(NewRun(1.0, 'm', 'c', '/', {}, None, None))"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
    assert [run.state for run in list_runs(db.connect(path))] == ["died"]


WRITE = """
import sys, time
from pathlib import Path
from proctor.store.store import ResponseCache, open_store
from proctor.store.runs import NewRun
from proctor.records import Query
from proctor.types import Rolling, RollingScore
shelf = open_store(Path(sys.argv[1]))
answers = ResponseCache(shelf, {"weights": "abc"}, (0, 1234, 1234))
shelf.begin(NewRun(1.0, "m", "c", "/", {}, {"weights": "abc"}, answers.digest))
first, count, wait = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
for n in range(first, first + count):
    answers.keep(Query("t", n, 0, 0, Rolling(f"text {n}")), RollingScore(-float(n)))
    print(n, flush=True)
    time.sleep(wait)
shelf.close()
"""


def start(path, *numbers):
    command = [sys.executable, "-c", WRITE, str(path), *map(str, numbers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def rolling(count):
    return [Query("t", n, 0, 0, Rolling(f"text {n}")) for n in range(count)]


def test_two_processes_share_a_file(path):
    both = [start(path, first, 2000, 0) for first in (0, 2000)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    assert find(path, rolling(4000)).responses == [RollingScore(-float(n)) for n in range(4000)]


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


def test_an_answer_waits_for_others_for_a_quarter_of_a_second_at_most(path, monkeypatch):
    """What docs/store.md promises of a kill: less than a second's answers. Held by the writer's own clock."""
    moments, waited = iter(n * 0.1 for n in range(99)), []

    class Queue:
        def get(self, timeout=None):
            waited.append(timeout)
            return [(b"k", b"v")] if timeout is None or timeout > 0 else self.empty()

        def empty(self):
            raise queue.Empty

    monkeypatch.setattr(writer.time, "monotonic", lambda: next(moments))
    one = object.__new__(writer.Writer)
    one._queue, one._wait = Queue(), writer.WAIT_SECONDS
    rows, done = one._gather()
    assert (len(rows), done) == (3, None)
    assert waited[0] is None
    assert waited[1:] == pytest.approx([0.15, 0.05, 0.0])


# errors: a sentence each


def test_a_file_that_is_no_database_is_set_aside(path, caplog):
    path.write_bytes(b"no database at all" * 100)
    keep(path)
    assert "set aside as" in caplog.text
    (kept,) = path.parent.glob("answers.sqlite.broken-*")
    assert kept.read_bytes() == b"no database at all" * 100
    assert find(path).responses == ANSWERS


def test_a_file_of_somebody_s_own_stays_where_it_is(tmp_path):
    mine = tmp_path / "results.json"
    mine.write_text("{}")
    with pytest.raises(UsageError, match="is not a file of cached responses"):
        open_store(mine)
    assert mine.read_text() == "{}"


def test_the_database_of_another_program_is_left_alone(path, caplog):
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (name TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    assert open_store(path) is None
    assert "it is a database of another program. The run goes on without a store." in caplog.text
    assert path.read_bytes()[100:] == before[100:]


def test_a_newer_store_is_left_alone(path, caplog):
    keep(path)
    connection = db.connect(path)
    connection.execute(f"PRAGMA user_version = {db.VERSION + 1}")
    connection.close()
    assert open_store(path) is None
    assert "written by a newer version of proctor" in caplog.text
    assert path.exists()


def torn(path, count=4000):
    keep(path, queries=rolling(count), responses=[RollingScore(-float(n)) for n in range(count)])
    os.truncate(path, path.stat().st_size // 2)


def test_a_torn_file_is_set_aside_and_a_new_one_begins(path, caplog):
    torn(path)
    found = find(path, rolling(4000))
    assert None in found.responses
    assert "set aside as" in caplog.text
    assert list(path.parent.glob("answers.sqlite.broken-*"))
    keep(path)
    assert find(path).responses == ANSWERS


def test_a_file_that_tears_during_a_run_costs_no_run(path, caplog):
    answers = opened(path)
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
    answers = opened(path)
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
    answers = opened(path)
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
    answers = opened(path)
    answers.keep(QUERIES[0], ANSWERS[0])
    time.sleep(0.1)
    for _ in range(3):
        answers.keep(QUERIES[1], ANSWERS[1])
    answers.store.close()
    assert caplog.text.count("its writer has died") == 1


def test_a_store_that_may_not_be_written_is_read(path, caplog, monkeypatch):
    keep(path)

    def refuse(path):
        error = sqlite3.OperationalError("attempt to write a readonly database")
        error.sqlite_errorcode = sqlite3.SQLITE_READONLY
        raise error

    monkeypatch.setattr(store, "connect", refuse)
    answers = opened(path)
    assert answers.find(QUERIES).responses == ANSWERS
    answers.keep(Query("t", 0, 0, 0, Rolling("new")), RollingScore(-1.0))
    answers.store.close()
    assert "can be read, but not written (it may not be written)" in caplog.text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(path, caplog):
    keep(path)
    path.parent.chmod(0o500)
    try:
        assert find(path).responses == ANSWERS
    finally:
        path.parent.chmod(0o700)


def test_a_place_where_nothing_can_be_made(tmp_path, caplog):
    (tmp_path / "file").write_text("x")
    with caplog.at_level(logging.WARNING, logger="proctor"):
        assert open_store(tmp_path / "file" / "answers.sqlite") is None
    assert "cannot be opened: a file stands where its folder should be. The run goes on without it." in caplog.text


def test_a_busy_file_is_waited_for(path, monkeypatch):
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.2)
    answers = opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers.keep(QUERIES[0], ANSWERS[0])
    time.sleep(0.5)
    other.execute("COMMIT")
    other.close()
    answers.store.close()
    assert find(path).responses[0] == ANSWERS[0]


def test_a_writer_that_dies_with_rows_in_hand_does_not_say_that_they_are_kept(path, caplog, monkeypatch):
    monkeypatch.setattr(writer.Writer, "_work", lambda self: self._queue.get())
    answers = opened(path)
    answers.keep(QUERIES[0], ANSWERS[0])
    assert not answers.store.flush()
    answers.store.close()
    assert caplog.text.count("its writer has died") == 1


def test_where_no_thread_is_to_be_had_the_run_goes_on(path, caplog, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    answers = opened(path)
    for _ in range(2):
        answers.keep(QUERIES[0], ANSWERS[0])
    assert not answers.store.flush()
    answers.store.close()
    assert caplog.text.count("the system gives no thread for writing to it. The run goes on") == 1


def test_what_is_not_committed_in_time_is_not_said_to_be_kept(path, monkeypatch):
    monkeypatch.setattr(writer, "FLUSH_SECONDS", 0.3)
    monkeypatch.setattr(writer.Writer, "_commit", lambda self, connection, rows: time.sleep(1))
    answers = opened(path)
    answers.keep(QUERIES[0], ANSWERS[0])
    assert not answers.store.flush()
    answers.store.close()
