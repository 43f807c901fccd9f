"""What is said of a stop, and of the stop of a stop; tests/errors stops real processes."""

from __future__ import annotations

import os
import signal
import threading
import time
import weakref
from contextlib import suppress

import pytest

from proctor.cli.main import main
from proctor.cli.stop import SigtermError, acknowledge, add_command_note, raise_on_signals, report_stop, stop_behind


def impatient(first, second):
    """The second stop, that came while the first was being dealt with."""
    try:
        try:
            raise first
        finally:
            raise second
    except KeyboardInterrupt as stop:
        return stop


def test_the_keyboard_and_sigterm(capsys):
    assert report_stop(KeyboardInterrupt()) == 130
    assert report_stop(SigtermError()) == 143
    assert capsys.readouterr().err == "proctor: stopped by the keyboard.\nproctor: stopped by SIGTERM.\n"


def test_at_the_end_of_a_process_the_command_is_named(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/proctor", "ls", "tasks"])
    ignored = []
    monkeypatch.setattr(signal, "signal", lambda number, what: ignored.append((number, what)))
    assert report_stop(SigtermError(), last=True) == 143
    assert capsys.readouterr().err == ("proctor: stopped by SIGTERM. The same command begins again: proctor ls tasks\n")
    assert ignored == [(signal.SIGINT, signal.SIG_IGN), (signal.SIGTERM, signal.SIG_IGN)]


@pytest.mark.parametrize(("first", "code"), [(KeyboardInterrupt, 130), (SigtermError, 143)])
def test_a_second_stop_keeps_what_the_first_had_to_say(first, code, capsys):
    before = first()
    before.add_note("3 of 4 answers are stored.")
    assert report_stop(impatient(before, KeyboardInterrupt())) == code
    assert capsys.readouterr().err.endswith("3 of 4 answers are stored.\n")


def test_the_command_is_named_once(capsys):
    stop = KeyboardInterrupt()
    for _ in range(2):
        add_command_note(stop, "the same command begins again")
    said = KeyboardInterrupt()
    said.add_note("enough was said")
    later = impatient(said, KeyboardInterrupt())
    add_command_note(later, "the same command begins again")
    assert len(stop.__notes__) == 1
    assert stop.__notes__[0].startswith("the same command begins again: ")
    assert not hasattr(later, "__notes__")


def test_sigterm_is_heeded_within_and_as_before_outside():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SigtermError), raise_on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


class Stopping:
    """What stops while a class is made, as an import may."""

    def __init__(self, stop):
        self.stop = stop

    def __set_name__(self, owner, name):
        raise self.stop


@pytest.mark.parametrize(("stop", "code"), [(KeyboardInterrupt(), 130), (SigtermError(), 143)])
def test_a_stop_while_a_class_is_made_is_a_stop(monkeypatch, capsys, stop, code):
    def import_something(_):
        type("Numbers", (), {"one": Stopping(stop)})

    monkeypatch.setattr("proctor.cli.main._dispatch", import_something)
    assert main(["run"]) == code
    assert "stopped by" in capsys.readouterr().err


def test_another_error_is_no_stop(monkeypatch):
    def fail(_):
        raise RuntimeError("no")

    monkeypatch.setattr("proctor.cli.main._dispatch", fail)
    monkeypatch.setattr("proctor.cli.main.foreign_failure", lambda _: None)  # as if a line of proctor's had failed
    with pytest.raises(RuntimeError, match="no"):
        main(["run"])
    assert stop_behind(RuntimeError()) is None


def lost_in_a_callback():
    kept = Stopping(None)
    callback = weakref.ref(kept, lambda _: time.sleep(20))
    del kept
    assert callback() is None


def lost_where_everything_is_suppressed():
    with suppress(BaseException):
        time.sleep(20)


def lost_in_a_finalizer():
    class Object:
        def __del__(self):
            time.sleep(20)

    Object()


LOSSES = [lost_in_a_callback, lost_where_everything_is_suppressed, lost_in_a_finalizer]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_that_other_code_loses_comes_again(lose, number, code, monkeypatch, capsys):
    stages = []

    def work(_):
        threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
        lose()
        stages.append("lost")
        time.sleep(20)
        stages.append("slept")

    monkeypatch.setattr("proctor.cli.main._dispatch", work)
    assert main(["run"]) == code
    assert stages == ["lost"]
    assert capsys.readouterr().err.count("stopped by") == 1


def test_a_stop_that_is_acknowledged_does_not_come_again(monkeypatch):
    def work(_):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(20)
        except KeyboardInterrupt as stop:
            acknowledge(stop)
        time.sleep(0.2)
        return 0

    monkeypatch.setattr("proctor.cli.main._dispatch", work)
    assert main(["run"]) == 0
    acknowledge(KeyboardInterrupt())  # of another handler: nothing to do


def test_a_stop_that_ended_the_command_does_not_come_again():
    with pytest.raises(KeyboardInterrupt), raise_on_signals():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(20)
    time.sleep(0.2)


def test_a_keyboard_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with raise_on_signals():
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_errors_of_a_callback_are_reported_as_ever(monkeypatch):
    reported = []
    monkeypatch.setattr("sys.unraisablehook", lambda lost: reported.append(lost.exc_type))

    def fail(_):
        raise ValueError

    with raise_on_signals():
        kept = Stopping(None)
        callback = weakref.ref(kept, fail)
        del kept
    assert (callback(), reported) == (None, [ValueError])
