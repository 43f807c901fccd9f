"""Ctrl-C and SIGTERM: one sentence with the command that goes on, the exit code that shells expect, nothing lost."""

from __future__ import annotations

import importlib
import re
import signal
import time

import pytest

kit = importlib.import_module("faultkit")
pytestmark = pytest.mark.slow

SIGNALS = {"ctrl-c": (signal.SIGINT,), "sigterm": (signal.SIGTERM,), "twice": (signal.SIGINT, signal.SIGINT)}
CODES = {"ctrl-c": 130, "sigterm": 143, "twice": 130}
SENTENCE = re.compile(r"^proctor: stopped by (the keyboard|SIGTERM)\. .*(proctor run --model counted .*)$", re.M)


def stop(process, how):
    """The signals of a way to stop; an impatient second one follows at once."""
    for number in SIGNALS[how]:
        process.send(number)
        time.sleep(0.02)


def check_stopped(process, how):
    """It says one sentence, with the command, and ends as it should."""
    assert process.code() == CODES[how], process.errors()
    said = process.errors()
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    (found,) = SENTENCE.finditer(said)
    assert ("SIGTERM" in found[1]) == (how == "sigterm")
    return found[0]


def go_on(stable, folder, words, whole_folder):
    """The same command; what it asks."""
    resumed = stable.start(folder, words)
    assert resumed.code() == 0, resumed.errors()
    assert kit.results_of(folder) == kit.results_of(whole_folder)
    return resumed.digests("asked")


@pytest.mark.parametrize("how", SIGNALS)
@pytest.mark.parametrize(("kind", "count"), [("scoring", 1), ("scoring", 31), ("generation", 12), ("rolling", 40)])
def test_stopped_while_answering(how, kind, count, stable, exams, undisturbed, tmp_path):
    words = kit.words_of(exams[kind])
    process = stable.start(tmp_path, words, FAULTS_PAUSE="0.02")
    process.until_event("answered", count)
    stop(process, how)
    sentence = check_stopped(process, how)
    answered = process.digests("answered")
    options = 4 if kind == "scoring" else 1
    found = re.search(r"The responses to (\d+) of \d+ requests are cached; the same command continues: ", sentence)
    kept = int(found[1]) // options
    stored = kit.committed(tmp_path / "answers.sqlite") // options
    # The signal may come between an answer and its keeping, or between its keeping and its counting, never later.
    assert len(answered) - 1 <= stored <= len(answered)
    assert stored - 1 <= kept <= stored, "the sentence promises no more than there is"
    asked = go_on(stable, tmp_path, words, undisturbed(kind)[1])
    assert len(asked) == kit.DOCUMENTS[kind] - stored
    assert not set(asked) & set(answered[:stored])


@pytest.mark.parametrize("how", SIGNALS)
def test_stopped_while_the_model_is_loaded(how, stable, exams, undisturbed, tmp_path):
    words = kit.words_of(exams["scoring"])
    process = stable.start(tmp_path, words, FAULTS_LOADING="5")
    process.until_event("loading")
    stop(process, how)
    sentence = check_stopped(process, how)
    assert "The responses to 0 of 240 requests are cached" in sentence
    assert len(go_on(stable, tmp_path, words, undisturbed("scoring")[1])) == 60


@pytest.mark.parametrize("how", ["ctrl-c", "sigterm"])
@pytest.mark.parametrize("fraction", [0.3, 0.7, 0.95])
def test_stopped_while_tasks_are_loaded(how, fraction, stable, exams, undisturbed, tmp_path):
    whole, _ = undisturbed("scoring")
    takes = whole.events("opening")[0].moment - whole.began
    process = stable.start(tmp_path, kit.words_of(exams["scoring"]))
    time.sleep(fraction * takes)
    stop(process, how)
    if process.code() == -signal.SIGTERM:
        assert not process.events("opening"), "before there is anything to say"
    else:
        assert "No response is lost; the same command continues: " in check_stopped(process, how) or process.events(
            "opened"
        )
    assert not process.events("answered")


@pytest.mark.parametrize("how", SIGNALS)
def test_stopped_while_results_are_written(how, stable, exams, undisturbed, tmp_path):
    """Everything is answered: whatever was written, the same command writes it all and asks nothing."""
    words = kit.words_of(exams["scoring"])
    process = stable.start(tmp_path, words, FAULTS_WRITING="5")
    process.until_event("writing")
    stop(process, how)
    assert "The same command writes the results: " in check_stopped(process, how)
    assert not list((tmp_path / "results").glob("*/results*"))
    assert go_on(stable, tmp_path, words, undisturbed("scoring")[1]) == []


@pytest.mark.parametrize("how", SIGNALS)
def test_stopped_when_results_are_written(how, stable, exams, undisturbed, tmp_path):
    """The last file has its name: what is left is the table, and the same command shows it."""
    words = kit.words_of(exams["scoring"])
    process = stable.start(tmp_path, words, FAULTS_SHOWING="5")
    process.until_event("showing")
    stop(process, how)
    assert "The same command shows the results: " in check_stopped(process, how)
    assert list((tmp_path / "results").glob("*/samples*"))
    assert go_on(stable, tmp_path, words, undisturbed("scoring")[1]) == []


@pytest.mark.parametrize("how", ["ctrl-c", "sigterm"])
@pytest.mark.parametrize("seconds", [0.7, 1.6, 2.5])
def test_stopped_while_python_starts(how, seconds, stable, exams, tmp_path):
    """Nothing has been done then, and there is not always anybody to say so; there is never a traceback."""
    process = stable.start(tmp_path, kit.words_of(exams["rolling"]), cold=True, FAULTS_LOADING="20")
    time.sleep(seconds)
    stop(process, how)
    code = process.code()
    assert code in (CODES[how], -SIGNALS[how][0]), process.errors()
    if code == CODES[how]:
        check_stopped(process, how)


def test_without_a_store_the_sentence_promises_nothing(stable, exams, tmp_path):
    words = [word for word in kit.words_of(exams["rolling"], "--no_store") if word not in ("--store", "answers.sqlite")]
    process = stable.start(tmp_path, words, FAULTS_PAUSE="0.02")
    process.until_event("answered", 20)
    stop(process, "ctrl-c")
    sentence = check_stopped(process, "ctrl-c")
    assert "stored" not in sentence
    assert "The same command begins again: " in sentence
