"""The benchmark of a pool's process runs the way of a run with a pool, chunks that overlap included."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

import pytest

from proctor.models.protocols import RemoteModel

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
cluster = importlib.import_module("cluster")


def test_chunks_overlap_as_with_a_real_pool():
    """Only of a remote model is a chunk graded while the next one is requested."""
    assert isinstance(cluster.ScriptedPool(2), RemoteModel)


@pytest.mark.slow
def test_a_small_run_counts_its_requests_and_batches(monkeypatch, tmp_path):
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path))
    monkeypatch.setattr("proctor.garbage.own_process", lambda: None)  # the tests' process is not the command's
    wanted = argparse.Namespace(
        requests=[240], workers=4, words=9, chunk=30, letters=False, no_store=False, profile=None
    )
    found = cluster.child(wanted)
    assert (found["requests"], found["documents"]) == (240, 60)
    # Six chunks of ten documents, each of more than one unit.
    assert found["batches"] > 6
    assert 0 < found["loading_s"] < found["cpu_s"]
