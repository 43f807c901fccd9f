"""What a store knows of runs."""

from __future__ import annotations

import subprocess
import sys

from response_store import new_run, open_cache

from proctor.store import db, runs
from proctor.store.runs import Counts, list_runs


def test_runs_are_written_down(path):
    answers = open_cache(path)
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
