"""The ending of a run, for whoever started it: the place is tried first, and no file's failure loses the scores."""

import json
import logging
import shutil
import sqlite3
from pathlib import Path

import pytest

import proctor
from proctor.cli.main import main
from proctor.errors import OutputError
from proctor.models.dummy import DummyModel
from proctor.results import files
from proctor.run import finish
from proctor.run.finish import check_output, complete_run
from proctor.settings.config import build_config

RUN = {"tasks": "demo_tales", "limit": 2}


class Model(DummyModel):
    """Counts its requests; ``last`` is called before its last response."""

    def __init__(self, last=lambda: None):
        super().__init__()
        self.asked, self.last = 0, last

    def respond(self, requests):
        self.asked += len(requests)
        for index, response in super().respond(requests):
            self.last()
            yield index, response


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch):
    """Where results go that cannot be written where they were wanted."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def unwritable(tmp_path):
    (tmp_path / "taken").write_text("a file")
    return tmp_path / "taken" / "below"


def in_place_of(folder):
    """The folder is removed, and a file stands there from now on."""

    def act():
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_text("a file")

    return act


def only_results(folder):
    (file,) = folder.rglob("results_*.json")
    return json.loads(file.read_text())["results"]


def test_a_model_is_not_asked_when_results_cannot_be_written(tmp_path):
    model = Model()
    with pytest.raises(OutputError, match="a file is in the way"):
        proctor.evaluate(model=model, output_path=unwritable(tmp_path), **RUN)
    assert model.asked == 0


def test_a_model_is_not_opened_when_results_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.run.model_object.open_object", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(OutputError, match="a file is in the way"):
        proctor.evaluate(model="dummy", output_path=unwritable(tmp_path), **RUN)


def test_the_ending_tries_the_place_before_it_runs_anything(tmp_path):
    config = build_config({"model": "dummy", "tasks": ["demo_tales"], "output_path": str(unwritable(tmp_path))})
    with pytest.raises(OutputError, match="a file is in the way"):
        complete_run(config, lambda _: pytest.fail("it ran"))


def test_a_regrade_reads_nothing_when_results_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("proctor.replay.regrade.find_past", lambda *_: pytest.fail("it was read"))
    with pytest.raises(OutputError, match="a file is in the way"):
        proctor.regrade("results_x.json", output_path=unwritable(tmp_path))


def test_scores_are_returned_when_the_folder_is_gone_in_the_end(tmp_path, temporary_folder, caplog):
    out = tmp_path / "out"
    model = Model()
    model.last = in_place_of(out)
    with caplog.at_level(logging.ERROR, "proctor"):
        result = proctor.evaluate(model=model, output_path=out, log_samples=True, **RUN)
    assert result["demo_tales"]["bits_per_byte"] > 0
    assert "The results cannot be written to" in result.output_error
    assert result.results_file.startswith(str(temporary_folder))
    assert f"The results are in {result.results_file} instead." in caplog.text
    assert set(only_results(temporary_folder)) == {"demo_tales"}
    assert list(temporary_folder.rglob("samples_demo_tales_*.jsonl"))


def test_a_run_whose_files_are_written_has_their_place_and_no_error(tmp_path):
    result = proctor.evaluate(model="dummy", output_path=tmp_path / "out", **RUN)
    assert json.loads(Path(result.results_file).read_text())["results"]
    assert result.output_error is None


def test_the_command_prints_the_table_says_the_place_and_the_remedy(tmp_path, temporary_folder, capsys, monkeypatch):
    out = tmp_path / "out"
    act = in_place_of(out)
    answer = DummyModel.respond
    monkeypatch.setattr(DummyModel, "respond", lambda self, requests: (act(), answer(self, requests))[1])
    words = ["--model", "dummy", "--tasks", "demo_tales", "--limit", "2", "--output_path", str(out), "--log_samples"]
    assert main(words) == 1
    shown = capsys.readouterr()
    assert "|bits_per_byte" in shown.out
    assert "proctor: error: The results cannot be written to" in shown.err
    assert "instead.\n" in shown.err
    assert set(only_results(temporary_folder)) == {"demo_tales"}


def test_regrade_is_the_remedy_where_the_responses_are_stored(tmp_path, monkeypatch):
    class Known(Model):
        identity = {"model": "known"}  # noqa: RUF012

    out, model = tmp_path / "out", Known()
    model.last = in_place_of(out)
    monkeypatch.setenv("PROCTOR_STORE", str(tmp_path / "store.sqlite"))
    result = proctor.evaluate(model=model, output_path=out, log_samples=True, **RUN)
    assert "'proctor regrade 1 --output_path FOLDER --log_samples' writes the files." in result.output_error
    again = proctor.regrade(1, output_path=tmp_path / "other", log_samples=True)
    assert again["demo_tales"]["bits_per_byte"] == result["demo_tales"]["bits_per_byte"]
    assert set(only_results(tmp_path / "other")) == {"demo_tales"}


def test_a_disk_that_fills_half_way_leaves_no_half_of_a_results_file(tmp_path, monkeypatch, temporary_folder):
    out = tmp_path / "out"
    real = files.os.fsync

    def full(handle):
        if not temporary_folder.joinpath("full").exists():
            temporary_folder.joinpath("full").touch()
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(files.os, "fsync", full)
    result = proctor.evaluate(model="dummy", output_path=out, **RUN)
    assert "The disk is full" in result.output_error
    assert not [path for path in out.rglob("*") if path.is_file()]
    assert set(only_results(temporary_folder)) == {"demo_tales"}


def test_nowhere_to_write_at_all_is_said_and_scores_are_there(tmp_path, monkeypatch):
    out = tmp_path / "out"
    model = Model()
    model.last = in_place_of(out)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    result = proctor.evaluate(model=model, output_path=out, **RUN)
    assert result["demo_tales"]["bits_per_byte"] > 0
    assert result.results_file is None
    assert "instead" not in result.output_error


def test_a_note_in_the_store_that_fails_is_a_warning(tmp_path, monkeypatch, caplog):
    def locked(*_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setenv("PROCTOR_STORE", str(tmp_path / "store.sqlite"))
    monkeypatch.setattr("proctor.store.runs.note_results", locked)
    with caplog.at_level(logging.WARNING, "proctor"):
        result = proctor.evaluate(model="dummy", output_path=tmp_path / "out", **RUN)
    assert result.output_error is None
    assert "'proctor runs' cannot say where these results are" in caplog.text


def test_a_store_that_is_gone_is_not_made_anew_for_a_note(tmp_path, monkeypatch):
    store = tmp_path / "store.sqlite"
    monkeypatch.setenv("PROCTOR_STORE", str(store))
    real = finish.save_run
    monkeypatch.setattr(finish, "save_run", lambda *a, **k: (store.unlink(), real(*a, **k))[1])
    proctor.evaluate(model="dummy", output_path=tmp_path / "out", **RUN)
    assert not store.exists()


def test_a_script_s_tracker_is_tried_first_and_its_failure_keeps_the_scores(tmp_path, caplog, temporary_folder):
    from proctor.compat.scripts.evaluation_tracker import EvaluationTracker
    from proctor.compat.scripts.evaluator import simple_evaluate

    model = Model()
    tracker = EvaluationTracker(output_path=str(unwritable(tmp_path)))
    with pytest.raises(OutputError, match="a file is in the way"):
        simple_evaluate(model=model, tasks=["demo_tales"], limit=2, evaluation_tracker=tracker)
    assert model.asked == 0
    results = simple_evaluate(model=model, tasks=["demo_tales"], limit=2)
    samples = results.pop("samples")
    with caplog.at_level(logging.ERROR, "proctor"):
        tracker.save_results_aggregated(results=results, samples=samples)
        tracker.save_results_samples(task_name="demo_tales", samples=samples["demo_tales"])
    assert caplog.text.count("a file is in the way") == 2
    assert set(only_results(temporary_folder)) == {"demo_tales"}


def test_check_output_without_a_path_checks_nothing():
    check_output(None)


def test_there_is_one_ending():
    """Whoever else writes results by itself has another ending."""
    source = Path(proctor.__file__).parent
    users = {path.relative_to(source).as_posix() for path in source.rglob("*.py") if "save_run(" in path.read_text()}
    assert users == {"results/files.py", "run/finish.py"}
