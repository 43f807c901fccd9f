"""TensorBoard, read back by its own reader."""

from __future__ import annotations

import pytest

from proctor.errors import OutputError
from proctor.reporters.facts import ReportedRun
from proctor.reporters.tensorboard_reporter import TensorboardReporter, markdown
from proctor.results.open_runs import open_path

from .conftest import needs

READ = """
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1] if len(sys.argv) > 1 else PLACE, size_guidance={"tensors": 0}); events.Reload()
tags = events.Tags()
texts = {tag: events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in tags["tensors"]}
print(json.dumps([{tag: [[one.step, one.value] for one in events.Scalars(tag)] for tag in tags["scalars"]}, texts]))
"""


@needs("tensorboard")
def test_scores_table_settings_and_samples(push, python, results_file, tmp_path):
    said = push(results_file, "--to", "tensorboard", "--tensorboard_dir", tmp_path / "tb")
    assert f"lab/tiny: {tmp_path}/tb/lab__tiny" in said
    scalars, texts = python(f"PLACE = {str(tmp_path / 'tb' / 'lab__tiny')!r}\n{READ}")
    assert scalars["quiz/acc"] == [[0, 0.5]]
    assert scalars["quiz/em,strict"] == [[0, 0.75]]
    assert scalars["all/acc"] == [[0, 0.5]]
    assert texts["quiz/samples"].startswith("4 of 4 samples, the worst first\n\n| doc_id |")
    assert "| quiz | 1.0 | none | 2 | acc | 0.5 | 0.2500 |" in texts["evaluation/eval_results"]
    assert '"pretrained": "lab/tiny"' in texts["evaluation/config"]


@needs("tensorboard")
def test_checkpoints_are_one_curve(push, python, make_run, tmp_path):
    for step in (100, 200):
        make_run(tmp_path / str(step), name=f"out/checkpoint-{step}", samples=False)
    said = push(tmp_path / "100", tmp_path / "200", "--to", "tensorboard", "--tensorboard_dir", tmp_path / "tb")
    assert "It has no samples" in said
    scalars, _ = python(f"PLACE = {str(tmp_path / 'tb' / 'out__checkpoint')!r}\n{READ}")
    assert scalars["quiz/acc"] == [[100, 0.5], [200, 0.5]]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="--tensorboard_dir: nothing can be written to"):
        TensorboardReporter({"dir": str(tmp_path / "file" / "below")}).check()
    reporter = TensorboardReporter({"dir": str(tmp_path / "new")})
    reporter.check()
    reporter.abandon()
    assert list((tmp_path / "new").iterdir()) == []


@needs("tensorboard")
def test_closed_after_a_failure(reported, tmp_path):
    reporter = TensorboardReporter({"dir": str(tmp_path)})
    reporter.begin(reported)
    reporter.abandon()
    reporter.abandon()
    assert len(list(tmp_path.rglob("events*"))) == 1


def test_a_cell_keeps_its_place_in_a_table():
    assert markdown(("a", "b"), [("x|y", "1\n2")]) == "| a | b |\n|---|---|\n| x&#124;y | 1<br>2 |"


@needs("tensorboard")
def test_a_name_that_is_a_path_stays_in_the_folder(make_run, tmp_path):
    run = ReportedRun(open_path(make_run(tmp_path / "run", name="../../../etc/x", samples=False)).runs[0])
    reporter = TensorboardReporter({"dir": str(tmp_path / "tb")})
    reporter.begin(run)
    place = reporter.end(run)
    assert place.startswith(str(tmp_path / "tb"))
    assert ".." not in place
