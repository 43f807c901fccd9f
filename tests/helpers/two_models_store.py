"""A store with the responses of two models to a quiz."""

from __future__ import annotations

import math
from contextlib import closing

from proctor.cli.main import main
from proctor.records import Query
from proctor.store import runs
from proctor.store.db import connect
from proctor.store.response_cache import ResponseCache
from proctor.store.runs import Counts, NewRun
from proctor.store.store import open_store
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore, Scores, Text

QUERIES = [
    Query("quiz", 0, 0, 0, Loglikelihood("Q", (" A", " B"))),
    Query("quiz", 1, 0, 0, Rolling("text")),
    Query("quiz", 2, 0, 0, Generate("P", {"until": ["\n"]})),
]
ANSWERS = [Scores(((-0.1, True), (-math.inf, False))), RollingScore(-1 / 3), Text("한국 \ud800\n")]


def fill(path, weights, started, *, state="finished"):
    shelf = open_store(path)
    assert shelf is not None
    answers = ResponseCache(shelf, {"weights": weights})
    config = {"tasks": ["a", "b", "c", "d"]}
    shelf.begin(NewRun(started, f"model-{weights}", "proctor run x", "/", config, {"weights": weights}, answers.digest))
    for query, answer in zip(QUERIES, ANSWERS, strict=True):
        answers.keep(query, answer)
    shelf.end(state, Counts(requested=3))
    shelf.close()
    with closing(connect(path)) as connection:
        runs.note_results(connection, started, "/out/results.json")
    return answers.digest.hex()


def said(capsys, *words, code=0):
    assert main([*map(str, words)]) == code
    shown = capsys.readouterr()
    return shown.out + shown.err
