"""What is said of a stop, and of the stop of a stop; tests/errors stops real processes."""

from __future__ import annotations

import os
import signal

import pytest

from proctor.cli.stop import SigtermError, add_command_note, raise_on_sigterm, report_stop


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
