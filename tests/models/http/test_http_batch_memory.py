"""Batch jobs that were created, remembered beside the store."""

from __future__ import annotations

import time

import pytest

from proctor.errors import ModelError
from proctor.models.http.batch_memory import KEPT_DAYS, BatchJob, BatchMemory


def job(name="j", *, model="m", age=0.0, requests=("a", "b")):
    return BatchJob(name, "http://h/v1/messages", model, requests, time.time() - age * 86_400)


def names(memory, model="m"):
    return [one.id for one in memory.jobs("http://h/v1/messages", model)]


def test_jobs_come_back_in_the_order_in_which_they_were_created(tmp_path):
    memory = BatchMemory(tmp_path / "jobs")
    assert names(memory) == []
    for one in (job("second", age=1), job("first", age=2), job("other", model="n")):
        memory.remember(one)
    assert names(BatchMemory(tmp_path / "jobs")) == ["first", "second"]


def test_a_job_whose_results_are_gone_is_not_looked_for(tmp_path):
    memory = BatchMemory(tmp_path)
    memory.remember(job("old", age=KEPT_DAYS + 1))
    assert names(memory) == []


def test_failed_requests_are_taken_out_and_an_empty_job_is_forgotten(tmp_path):
    memory = BatchMemory(tmp_path)
    memory.remember(job())
    memory.forget(job(), [])
    memory.forget(job(), ["a"])
    (left,) = memory.jobs("http://h/v1/messages", "m")
    assert left.requests == ("b",)
    memory.forget(left, ["b"])
    assert names(memory) == []
    # Once more is no error: another run may have done it.
    memory.forget(left, ["b"])


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", "이름", "x" * 500])
def test_a_server_may_name_its_jobs_as_it_likes(tmp_path, name):
    memory = BatchMemory(tmp_path / "jobs")
    memory.remember(job(name))
    assert names(memory) == [name]
    assert {file.parent for file in tmp_path.rglob("*.json")} == {tmp_path / "jobs"}


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"id": 3}', "\x00"])
def test_a_file_that_is_no_job_is_passed_over(tmp_path, text):
    memory = BatchMemory(tmp_path)
    memory.remember(job())
    (tmp_path / "odd.json").write_text(text, encoding="utf-8")
    assert names(memory) == ["j"]


def test_a_job_that_cannot_be_written_down_is_named(tmp_path):
    (tmp_path / "jobs").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(ModelError, match="The batch job j was created, and cannot be written") as caught:
        BatchMemory(tmp_path / "jobs").remember(job())
    assert "Cancel it at the server" in (caught.value.hint or "")
