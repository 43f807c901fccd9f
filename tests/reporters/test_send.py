"""Checking before a run, and sending after it: every failure is a sentence."""

from __future__ import annotations

import importlib.metadata
import threading
from types import SimpleNamespace

import pytest

from proctor.errors import MissingExtraError, UsageError
from proctor.reporters import send as sending
from proctor.reporters.base import ReporterError
from proctor.reporters.kinds import KINDS
from proctor.reporters.send import Destination, check_destination, destination, destinations, send

NOTHING = {"wandb_config_args": {}, **{kind.setting: {} for kind in KINDS.values()}}


def settings(**given):
    return SimpleNamespace(**NOTHING | given)


class Recorder:
    def __init__(self, error=None, at="task"):
        self.calls, self.error, self.at = [], error, at

    def _call(self, name):
        self.calls.append(name)
        if self.error is not None and name == self.at:
            raise self.error

    def begin(self, run):
        self._call("begin")

    def task(self, result):
        self._call("task")

    def end(self, run):
        self._call("end")
        return "there"

    def abandon(self):
        self._call("abandon")
        if self.at == "abandon":
            raise self.error


def test_nothing_is_given_nothing_is_sent():
    assert destinations(settings()) == ()


def test_arguments_of_each_kind():
    found = destinations(settings(wandb_args={"project": "p"}, wandb_config_args={"a": 1}, tensorboard_dir="tb"))
    assert [(one.name, one.arguments) for one in found] == [
        ("wandb", {"project": "p", "config": {"a": 1}}),
        ("tensorboard", {"dir": "tb"}),
    ]
    with pytest.raises(UsageError, match="--wandb_config_args belongs to --wandb_args"):
        destinations(settings(wandb_config_args={"a": 1}))
    assert destination("tensorboard", settings(tensorboard_dir={})).arguments == {}


def test_an_unknown_argument_is_a_sentence_with_the_nearest():
    with pytest.raises(UsageError, match="--wandb_args: there is no argument 'projct'") as caught:
        check_destination(Destination("wandb", {"projct": "x"}))
    assert "project" in (caught.value.hint or "")
    with pytest.raises(UsageError) as caught:
        check_destination(Destination("mlflow", {"qqq": "x"}))
    assert "tracking_uri" in (caught.value.hint or "")


def test_a_package_that_is_missing_or_too_old(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.0.1")
    monkeypatch.setattr(sending.importlib.util, "find_spec", lambda name: object())
    with pytest.raises(MissingExtraError, match=r"--trackio_args needs trackio 0.5 or newer; 0.0.1 is installed"):
        check_destination(Destination("trackio", {}))

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    with pytest.raises(MissingExtraError, match="--mlflow_args needs the package 'mlflow'") as caught:
        check_destination(Destination("mlflow", {}))
    assert "trackers" in (caught.value.hint or "")
    with pytest.raises(MissingExtraError, match=r"^--to mlflow needs the package 'mlflow'"):
        check_destination(Destination("mlflow", {}), "--to mlflow")


def test_in_order_and_closed(reported):
    recorder = Recorder()
    assert send(Destination("wandb", {}), recorder, reported) == "there"
    assert recorder.calls == ["begin", "task", "task", "end"]


@pytest.mark.parametrize("at", ["begin", "task", "end"])
@pytest.mark.parametrize(
    "error",
    [RuntimeError("no project 'x'"), SystemExit(1), UsageError("no project 'x'")],
    ids=lambda one: type(one).__name__,
)
def test_whatever_a_tracker_raises_is_a_sentence(reported, at, error):
    recorder = Recorder(error, at)
    with pytest.raises(ReporterError, match=r"^The results were not sent to Weights & Biases: "):
        send(Destination("wandb", {}), recorder, reported)
    assert recorder.calls[-1] == "abandon"


def test_a_stop_is_no_failure_of_a_tracker_and_closes(reported):
    recorder = Recorder(KeyboardInterrupt(), "task")
    with pytest.raises(KeyboardInterrupt):
        send(Destination("wandb", {}), recorder, reported)
    assert recorder.calls[-1] == "abandon"


def test_what_closing_raises_does_not_hide_the_failure(reported, monkeypatch):
    recorder = Recorder(RuntimeError("first"), "begin")
    monkeypatch.setattr(recorder, "abandon", lambda: 1 / 0)
    with pytest.raises(ReporterError, match="first"):
        send(Destination("wandb", {}), recorder, reported)


def test_samples_that_cannot_be_read_are_a_sentence(make_run, tmp_path):
    from proctor.reporters.facts import ReportedRun
    from proctor.results.open_runs import open_path

    file = make_run(tmp_path)
    run = ReportedRun(open_path(file).runs[0])
    next(tmp_path.glob("samples_*")).write_text("{}\n")
    with pytest.raises(ReporterError, match="is no sample"):
        send(Destination("wandb", {}), Recorder(), run)


def test_a_package_that_has_changed_is_named_with_its_release(reported, monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99.1")
    error = AttributeError("module 'wandb' has no attribute 'Table'")
    with pytest.raises(ReporterError, match="AttributeError: module 'wandb' has no attribute 'Table'") as caught:
        send(Destination("wandb", {}), Recorder(error), reported)
    assert caught.value.hint == "wandb 99.1 is installed; another release may do (0.17 is the oldest that does)."


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RuntimeError("a\n  b\n"), "RuntimeError: a b"),
        (RuntimeError("x" * 9000), f"RuntimeError: {'x' * (sending.LONGEST_LINE - 14)} ..."),
        (RuntimeError("x " * 245 + "hf_abcDEF1234567xyz"), f"RuntimeError: {'x ' * 245}"[: sending.LONGEST_LINE]),
    ],
)
def test_a_failure_is_one_line_without_a_secret(error, text):
    line = sending.failure_line(error)
    assert line.startswith(text)
    assert "hf_abc" not in line
    assert len(line) <= sending.LONGEST_LINE + 4


def test_what_never_returns_is_left(reported, monkeypatch):
    from proctor.reporters import time_limit

    monkeypatch.setenv("PROCTOR_SEND_SECONDS", "0.1")
    monkeypatch.setattr(time_limit, "_left", threading.Event())
    end, recorder = threading.Event(), Recorder()
    monkeypatch.setattr(recorder, "task", lambda result: end.wait(60))
    with pytest.raises(ReporterError, match=r"a step took longer than 0 seconds\."):
        send(Destination("wandb", {}), recorder, reported)
    end.set()
    assert recorder.calls == ["begin"]  # nor is it closed: that would wait, too
    monkeypatch.setenv("PROCTOR_SEND_SECONDS", "soon")
    with pytest.raises(UsageError, match="PROCTOR_SEND_SECONDS is 'soon'"):
        check_destination(Destination("tensorboard", {}))
