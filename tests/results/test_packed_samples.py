"""Samples in a smaller form: read back by all readers alike; whatever fails, they are there as JSON lines."""

from __future__ import annotations

import gzip

import pytest
from stored_runs import right_and_wrong, write_run

from proctor.results.files import SavedRun
from proctor.results.open_runs import open_runs
from proctor.results.packed_samples import FORMS, pack_run
from proctor.results.read import SampleLines, read_sample_at, read_samples


@pytest.fixture
def saved(tmp_path):
    results = write_run(tmp_path / "run", {"t": right_and_wrong("110"), "u": right_and_wrong("01")})
    return SavedRun(results, {task: next((tmp_path / "run").glob(f"samples_{task}_*")) for task in "tu"})


@pytest.mark.parametrize("form", FORMS)
def test_every_reader_finds_the_same_in_it(saved, tmp_path, form):
    before = open_runs([tmp_path / "run"]).runs[0]
    lines = {task: [sample.line for sample in before.samples(task)] for task in "tu"}
    packed = pack_run(saved, form)
    assert packed.failure is None
    assert {file.name.split("678901.")[1] for file in packed.samples.values()} == {form}
    assert not list((tmp_path / "run").glob("*.jsonl"))
    assert not list((tmp_path / "run").glob("*.part"))
    opened = open_runs([tmp_path / "run"])
    assert (len(opened.runs), opened.unread, opened.files) == (1, (), 3)
    assert {task: [sample.line for sample in opened.runs[0].samples(task)] for task in "tu"} == lines
    alone = open_runs([packed.samples["t"]]).runs[0]
    assert [sample.line for sample in alone.samples("t")] == lines["t"]
    assert read_sample_at(packed.samples["t"], 2, None, 0) == lines["t"][1]
    places = SampleLines(packed.samples["t"])
    assert [(number, places.offset) for number, _ in places] == [(1, None), (2, None), (3, None)]


def test_samples_without_a_results_file_are_a_run(saved, tmp_path):
    packed = pack_run(saved, "parquet")
    saved.results.unlink()
    (run,) = open_runs([tmp_path / "run"]).runs
    assert run.tasks == ("t", "u")
    assert [sample.doc_id for sample in run.samples("u")] == [0, 1]
    other = packed.samples["u"].rename(tmp_path / "some.parquet")
    assert open_runs([other]).runs[0].tasks == ("some",)


@pytest.mark.parametrize("form", [False, True, "jsonl"])
def test_json_lines_stay_as_they_are(saved, form):
    assert pack_run(saved, form) is saved


def test_the_same_samples_are_the_same_bytes(saved, tmp_path):
    data = saved.samples["t"].read_bytes()
    packed = pack_run(saved, "jsonl.gz").samples["t"]
    assert gzip.decompress(packed.read_bytes()) == data
    first = packed.read_bytes()
    packed.unlink()
    saved.samples["t"].write_bytes(data)
    assert pack_run(SavedRun(saved.results, {"t": saved.samples["t"]}), "jsonl.gz").samples["t"].read_bytes() == first


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_written_stays_as_json_lines_and_is_a_sentence(saved, tmp_path, form):
    (tmp_path / "run" / saved.samples["t"].name.replace("jsonl", f"{form}.part")).mkdir()
    try:
        packed = pack_run(saved, form)
    except OSError:
        pytest.fail("an error of the system came out")
    assert packed.samples["t"] == saved.samples["t"]
    assert packed.samples["u"].name.endswith(form)
    assert "The samples of 't' cannot be written to" in packed.failure.message
    assert f"and stay in {saved.samples['t']}" in packed.failure.message
    assert len(list(read_samples(saved.samples["t"]))) == 3


def test_where_a_run_was_stopped_in_between_the_json_lines_are_read(saved, tmp_path):
    whole = saved.samples["t"].read_bytes()
    pack_run(saved, "parquet")
    saved.samples["t"].write_bytes(whole)
    assert open_runs([tmp_path / "run"]).runs[0].samples_files["t"] == saved.samples["t"]
