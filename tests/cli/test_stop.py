"""What is said of a stop, and of the stop of a stop; tests/errors stops real processes."""

from __future__ import annotations

import os
import signal
import time
import weakref

import pytest

from proctor.cli.main import main
from proctor.cli.stop import SigtermError, add_command_note, raise_on_sigterm, report_stop, stop_behind


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
    with pytest.raises(SigtermError), raise_on_sigterm():
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


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SigtermError])
def test_a_stop_within_a_callback_is_not_lost(kind):
    def lose(_):
        raise kind

    with pytest.raises(KeyboardInterrupt) as stop, raise_on_sigterm():
        kept = Stopping(None)
        callback = weakref.ref(kept, lose)
        del kept
        assert callback() is None
        time.sleep(20)
    assert type(stop.value) is kind


def test_other_errors_of_a_callback_are_reported_as_ever(monkeypatch):
    reported = []
    monkeypatch.setattr("sys.unraisablehook", lambda lost: reported.append(lost.exc_type))

    def fail(_):
        raise ValueError

    with raise_on_sigterm():
        kept = Stopping(None)
        callback = weakref.ref(kept, fail)
        del kept
    assert (callback(), reported) == (None, [ValueError])
