"""A thread that commits answers in small groups, so that nothing waits for the disk and little is ever at risk.

An answer is committed a quarter of a second after it arrived; while the
model works, this thread writes. An answer that was paid for is committed at once, together with those that came while
the thread was writing.
"""

# How the run and this thread keep out of each other's way
# --------------------------------------------------------
# Python runs one thread at a time, and hands over within 5 ms. So the thread is not woken for each answer: it sleeps
# WAIT_SECONDS after the first of a group (flush() and close() end that), and takes then what is there. And it gives
# SQLite AT_ONCE rows in one statement, during which the run goes on: with a statement for each row, the thread would
# wait for the run after each of them, and fall behind a run that computes.
#
# Invariant: rows are committed in the order in which they were put, of which the last for a key stands.

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from proctor.store.db import connect, is_busy, sentence

log = logging.getLogger("proctor")

WAIT_SECONDS = 0.25
MOST_ROWS = 32768
AT_ONCE = 100
"""Rows of one statement: with more, nothing is gained."""
FLUSH_SECONDS = 120.0
TRIES = 4
"""A group that finds the file locked is tried so often, each time for as long as a connection waits."""

Rows: TypeAlias = Sequence[tuple[bytes, bytes]]


class Writer:
    """Takes rows from any thread and commits them; a failure is said once, and then rows are let go.

    Args:
        path: The store.
        run: The number of the run that they belong to.
        wait: Seconds for which others are waited for after the first row of a group.
    """

    def __init__(self, path: Path, run: int, wait: float = WAIT_SECONDS) -> None:
        self._path = path
        self._wait = wait
        self._run = run
        self._inode = _inode(path)
        self._queue: queue.SimpleQueue[Rows | threading.Event] = queue.SimpleQueue()
        self._hurry = threading.Event()
        self.failed = False
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="proctor-store", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._fail("the system gives no thread for writing to it")

    def put(self, rows: Rows) -> None:
        """Have rows written soon.

        Args:
            rows: Keys and packed values.
        """
        if self.failed:
            return
        if not self._thread.is_alive():
            self._fail("its writer has died")
            return
        self._queue.put(rows)

    def flush(self) -> bool:
        """Wait until all that was put is committed; whether it is."""
        done = threading.Event()
        self._queue.put(done)
        self._hurry.set()
        limit = time.monotonic() + FLUSH_SECONDS
        while self._thread.is_alive() and not done.wait(0.1) and time.monotonic() < limit:
            pass
        if not done.is_set() and not self._thread.is_alive():
            self._fail("its writer has died")
        return done.is_set() and not self.failed

    def close(self) -> bool:
        """Commit what is left and end the thread; whether all was committed."""
        whole = self.flush()
        self._closing = True
        self._queue.put(threading.Event())
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        return whole

    def _fail(self, why: str) -> None:
        if not self.failed:
            self.failed = True
            log.warning(
                "The store %s takes no more responses: %s. The run goes on; its further responses are not stored.",
                self._path,
                why,
            )

    def _work(self) -> None:
        try:
            connection = connect(self._path)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
            self._fail(sentence(error))
            connection = None
        try:
            while not self._closing or not self._queue.empty():
                rows, done = self._gather()
                if connection is not None and rows and not self.failed:
                    self._commit(connection, rows)
                if done is not None:
                    done.set()
        except Exception as error:  # noqa: BLE001 - a run must not die of what keeps its answers
            self._fail(sentence(error))
        finally:
            if connection is not None:
                connection.close()

    def _gather(self) -> tuple[list[tuple[bytes, bytes]], threading.Event | None]:
        """Rows of a moment, or up to a number, or until somebody waits for them."""
        rows: list[tuple[bytes, bytes]] = []
        item = self._queue.get()
        if self._wait and not isinstance(item, threading.Event) and self._queue.qsize() * len(item) < MOST_ROWS:
            self._hurry.wait(self._wait)
            self._hurry.clear()
        while not isinstance(item, threading.Event):
            rows.extend(item)
            if len(rows) >= MOST_ROWS:
                return rows, None
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return rows, None
        return rows, item

    def _commit(self, connection: sqlite3.Connection, rows: Rows) -> None:
        if _inode(self._path) != self._inode:
            self._fail("its file was deleted or replaced")
            return
        for left in reversed(range(TRIES)):
            try:
                connection.execute("BEGIN IMMEDIATE")
                self._insert(connection, sorted(rows))
                connection.execute("COMMIT")
                return
            except sqlite3.Error as error:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if not is_busy(error) or not left:
                    raise

    def _insert(self, connection: sqlite3.Connection, rows: Rows) -> None:
        insert, row = "INSERT OR REPLACE INTO responses (key, value, run) VALUES ", f"(?, ?, {self._run})"
        many = insert + ", ".join([row] * AT_ONCE)
        whole = len(rows) // AT_ONCE * AT_ONCE
        for start in range(0, whole, AT_ONCE):
            connection.execute(many, list(chain.from_iterable(rows[start : start + AT_ONCE])))
        connection.executemany(insert + row, rows[whole:])


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
