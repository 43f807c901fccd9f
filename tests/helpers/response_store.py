"""A store with responses of a quiz, and a process that writes to it."""

from __future__ import annotations

import subprocess
import sys

from proctor.records import Query
from proctor.store.response_cache import ResponseCache
from proctor.store.runs import Counts, NewRun
from proctor.store.store import open_store
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


def open_cache(path, identity=MODEL, *, begin=True):
    found = open_store(path)
    assert found is not None
    answers = ResponseCache(found, identity, SEEDS)
    if begin:
        found.begin(new_run(answers))
    return answers


def keep(path, identity=MODEL, queries=QUERIES, responses=ANSWERS, *, state="finished"):
    answers = open_cache(path, identity)
    for query, response in zip(queries, responses, strict=True):
        answers.keep(query, response)
    answers.store.end(state, Counts(requested=len(queries)))
    answers.store.close()


def find(path, queries=QUERIES, identity=MODEL):
    answers = open_cache(path, identity)
    try:
        return answers.find(queries)
    finally:
        answers.store.close()


WRITE = """
import sys, time
from pathlib import Path
from proctor.store.store import open_store
from proctor.store.response_cache import ResponseCache
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
