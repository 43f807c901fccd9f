"""Under a launcher one process computes a run, and the others end."""

from __future__ import annotations

import pytest

from proctor.cli.launcher import is_surplus
from proctor.cli.main import main

WORDS = ["run", "--model", "dummy", "--tasks", "demo_text_sums", "--limit", "2"]


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in ("WORLD_SIZE", "RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMI_SIZE", "PMI_RANK"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("rank", [0, 1])
def test_the_first_process_computes_the_run_and_another_ends_with_success(rank, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", str(rank))
    assert main([*WORDS, "--output_path", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr()
    assert ("sums" in shown.out) == (rank == 0)
    assert len(list((tmp_path / "out").rglob("results_*.json"))) == (1 if rank == 0 else 0)
    said = "A launcher started 2 processes" if rank == 0 else "Process 1 of 2 ends"
    assert said in shown.err


@pytest.mark.parametrize(("size", "rank"), [("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK")])
def test_mpi_s_processes_are_known(monkeypatch, size, rank):
    monkeypatch.setenv(size, "4")
    monkeypatch.setenv(rank, "3")
    assert is_surplus([])


@pytest.mark.parametrize("place", [{}, {"WORLD_SIZE": "1", "RANK": "0"}, {"WORLD_SIZE": "2"}, {"WORLD_SIZE": "x"}])
def test_one_process_is_not_surplus(monkeypatch, caplog, place):
    for name, value in place.items():
        monkeypatch.setenv(name, value)
    assert not is_surplus([])
    assert not caplog.records


def test_a_model_that_is_spread_over_the_processes_needs_each(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert not is_surplus(["pretrained", "tp_plan"])
    assert is_surplus(["pretrained"])
