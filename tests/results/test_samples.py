"""Samples written while a run goes on: the same bytes and hashes as from records, and nothing lost on the way."""

from __future__ import annotations

import errno
import json
import os
import random

import pytest

from proctor.errors import OutputError
from proctor.results import samples as module
from proctor.results.files import write_samples
from proctor.results.hashes import task_hash
from proctor.results.samples import UNFINISHED, Samples
from proctor.results.schema import results_document

STAMP = "2026-11-23T18-11-17.771023"


@pytest.fixture
def many(record):
    """Three tasks, one of them with two filters, in the order in which a run of windows has them."""

    def one(task, number, name="none"):
        return record(task=task, doc_id=number, doc={"n": number, "text": "서울 \ud800"}, filter=name)

    apart = {
        "b": [one("b", n) for n in range(7)],
        "a/x": [one("a/x", n, name) for name in ("first", "second") for n in range(6)],
        "a__x": [one("a__x", 0)],
    }
    mixed = [*apart["b"], *(one("a/x", n, name) for start in (0, 3) for name in ("first", "second")
                            for n in range(start, start + 3)), *apart["a__x"]]  # fmt: skip
    return apart, mixed


def test_files_and_hashes_are_those_of_records(many, run, tmp_path):
    apart, mixed = many
    whole = write_samples(run(records=apart), tmp_path / "whole", stamp=STAMP)
    samples = Samples(tmp_path / "parts", "now")
    for record in mixed:
        samples.write(record)
    hashes = samples.hashes
    parts = samples.finish(tmp_path / "parts" / "org__small", STAMP)
    assert list(parts) == list(whole) == sorted(apart)
    for task in apart:
        assert parts[task].name == whole[task].name
        assert parts[task].read_bytes() == whole[task].read_bytes()
    assert hashes == {task: task_hash(records) for task, records in apart.items()}
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == ["org__small"]


def test_a_document_of_results_takes_the_hashes(run, facts):
    known = {"capitals": "abc"}
    assert results_document(run(records={}, hashes=known), facts)["task_hashes"] == known
    assert results_document(run(records={}, hashes=known), facts, hashes=False)["task_hashes"] == {}


def test_until_the_end_files_have_temporary_names_and_whole_lines(many, tmp_path):
    _, mixed = many
    samples = Samples(tmp_path, "now")
    for record in mixed[:10]:
        samples.write(record)
    samples.close()
    files = samples.unfinished()
    assert all(file.name.endswith(UNFINISHED) for file in files)
    assert sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files) == 10
    assert not list(tmp_path.rglob("*.jsonl"))
    for record in mixed[10:]:
        samples.write(record)
    written = samples.finish(tmp_path, STAMP)
    assert len(written["a/x"].read_bytes().splitlines()) == 12


def test_a_file_of_that_name_keeps_its_lines(record, tmp_path):
    for number in (1, 2):
        samples = Samples(tmp_path, f"now{number}")
        samples.write(record(doc_id=number))
        file = samples.finish(tmp_path, STAMP)["capitals"]
    assert [json.loads(line)["doc_id"] for line in file.read_bytes().splitlines()] == [1, 2]


def test_a_folder_on_another_disk_gets_a_copy(record, tmp_path, monkeypatch):
    def refuse(*paths):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(module.os, "replace", refuse)
    samples = Samples(tmp_path, "now")
    samples.write(record())
    file = samples.finish(tmp_path / "there", STAMP)["capitals"]
    assert len(file.read_bytes().splitlines()) == 1


def test_a_full_disk_is_said_at_the_end_and_keeps_no_other_task_from_its_file(many, tmp_path, monkeypatch):
    _, mixed = many
    real = module.sample_text

    def full(record):
        if record.doc_id == 4 and record.filter == "none":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(record)

    monkeypatch.setattr(module, "sample_text", full)
    samples = Samples(tmp_path, "now")
    for record in mixed:
        samples.write(record)
    with pytest.raises(OutputError, match=r"samples of 'b' cannot be written to .*No space left") as caught:
        samples.finish(tmp_path / "out", STAMP)
    assert "disk is full" in (caught.value.hint or "")
    assert len(list((tmp_path / "out").glob("*.jsonl"))) == 2
    [left] = tmp_path.glob(f"*{UNFINISHED}")
    assert [json.loads(line)["doc_id"] for line in left.read_bytes().splitlines()] == [0, 1, 2, 3]


@pytest.mark.skipif(os.geteuid() == 0 and not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_disk_that_is_full_when_a_file_is_closed(record, tmp_path):
    samples = Samples(tmp_path, "now")
    os.symlink("/dev/full", tmp_path / f"samples_capitals_now.jsonl{UNFINISHED}")
    samples.write(record())
    with pytest.raises(OutputError, match="No space left"):
        samples.finish(tmp_path / "out", STAMP)


def test_no_records_no_files(tmp_path):
    assert Samples(tmp_path, "now").finish(tmp_path / "out", STAMP) == {}
    assert list(tmp_path.iterdir()) == []


def test_memory_does_not_grow_with_the_number_of_records(record, tmp_path):
    import tracemalloc

    samples = Samples(tmp_path, "now")
    letters = random.Random(0)
    peaks = []
    for size in (300, 3000):
        tracemalloc.start()
        for number in range(size):
            samples.write(record(doc_id=number, doc={"text": f"{letters.random()}" * 20}))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    samples.close()
    assert peaks[1] < peaks[0] + 100_000
