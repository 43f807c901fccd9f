"""The log of the command: where it goes, from which level on, and what cannot be shown."""

from __future__ import annotations

import logging
import sys
import threading

from silent_error import Silent

from proctor.cli.logs import _RedactingFormatter, hush_tracebacks, set_up_logging


def test_the_log_goes_to_stderr_in_lm_evals_format(capsys, monkeypatch):
    monkeypatch.delenv("LMEVAL_LOG_LEVEL", raising=False)
    set_up_logging("WARNING")
    logging.getLogger("proctor").info("unheard")
    logging.getLogger("proctor").warning("heard")
    shown = capsys.readouterr().err
    assert "unheard" not in shown
    assert "WARNING  [test_logs:" in shown
    assert shown.endswith("] heard\n")


def test_the_environment_sets_the_level_over_the_flag(monkeypatch, capsys):
    monkeypatch.setenv("LMEVAL_LOG_LEVEL", "error")
    set_up_logging("DEBUG")
    assert logging.getLogger("proctor").level == logging.ERROR
    monkeypatch.setenv("LMEVAL_LOG_LEVEL", "loud")
    set_up_logging()
    assert "which is no level" in capsys.readouterr().err
    assert logging.getLogger("proctor").level == logging.INFO


def test_a_log_line_whose_value_cannot_be_shown_is_still_a_line():
    record = logging.LogRecord("proctor", logging.WARNING, __file__, 1, "It failed: %s", (Silent(),), None)
    assert "It failed" in _RedactingFormatter("%(message)s").format(record)


def test_secrets_are_not_logged_by_us_nor_by_libraries(capsys, caplog):
    secret = "hf_" + "aB3" * 8
    set_up_logging("INFO")
    logging.getLogger("proctor").info("The token is %s.", secret)
    shown = capsys.readouterr().err
    assert "The token is ***." in shown
    with caplog.at_level(logging.INFO, "a.library"):
        logging.getLogger("a.library").info("GET /?token=%s", secret)
    # Proctor's own line may be there as well: of a logger that does not propagate pytest listens to the logger itself.
    (line,) = [record.getMessage() for record in caplog.records if record.name == "a.library"]
    assert line == "GET /?token=***"


def test_setting_it_up_twice_says_each_line_once(capsys):
    for _ in range(3):
        set_up_logging("INFO")
    logging.getLogger("proctor").info("once")
    assert capsys.readouterr().err.count("] once") == 1


def test_a_traceback_of_ours_has_no_secrets_and_a_thread_that_dies_is_a_line(monkeypatch, capsys):
    secret = "hf_" + "aB3" * 8
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    set_up_logging("INFO")
    hush_tracebacks()
    try:
        raise ValueError(f"token {secret}")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    shown = capsys.readouterr().err
    assert "ValueError: token ***" in shown
    assert "Traceback" in shown

    def die():
        raise KeyError("x")

    thread = threading.Thread(target=die, name="bar")
    thread.start()
    thread.join()
    shown = capsys.readouterr().err
    assert "The thread bar died of KeyError: 'x'; the rest goes on." in shown
    assert "Traceback" not in shown
