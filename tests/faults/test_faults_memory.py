"""Memory that runs out while a model computes, and threads that die: what is answered stays, the rest is said."""

from __future__ import annotations

import importlib
import re

import pytest

kit = importlib.import_module("faultkit")
pytestmark = pytest.mark.slow

NUMBER = re.compile(r"-?\d+\.\d{4,}(?:e-?\d+)?")


def about(text):
    """What a text says, and its numbers to three digits: smaller batches are computed in another order."""
    return NUMBER.sub("#", text), pytest.approx([float(number) for number in NUMBER.findall(text)], rel=1e-3)


def alike(found, expected):
    """Samples that differ by rounding alone."""
    plain, numbers = NUMBER.sub("#", found[1]), [float(number) for number in NUMBER.findall(found[1])]
    return (plain, numbers) == about(expected[1])


def finished(process, code=0):
    assert process.code() == code, process.errors()
    assert "Traceback" not in process.errors()
    return process


@pytest.mark.parametrize("error", ["torch", "runtime", "python"])
@pytest.mark.parametrize(("kind", "most"), [("scoring", 60), ("generation", 40), ("rolling", 60)])
def test_batches_that_do_not_fit_are_made_smaller(kind, most, error, stable, exams, undisturbed, tmp_path):
    """Passes of more tokens than there is room for; every request fits by itself."""
    words = kit.words_of(exams[kind], "--batch_size", "8")
    process = finished(stable.start(tmp_path, words, FAULTS_MEMORY=f"{error}:tokens>{most}"))
    assert process.events("starved"), "it did run out"
    assert "Memory ran out" in process.errors()
    assert alike(kit.results_of(tmp_path), kit.results_of(undisturbed(kind)[1]))
    assert len(set(process.digests("answered"))) == len(process.digests("answered")) == kit.DOCUMENTS[kind]


@pytest.mark.parametrize("error", ["torch", "other"])
@pytest.mark.parametrize(("kind", "passes"), [("scoring", 20), ("generation", 60), ("rolling", 20)])
def test_memory_that_does_not_come_back_ends_the_run(kind, passes, error, stable, exams, undisturbed, tmp_path):
    """A sentence; what was answered is kept, and the same command goes on when there is room again."""
    words = kit.words_of(exams[kind])
    process = stable.start(tmp_path, words, FAULTS_MEMORY=f"{error}:passes>{passes}")
    finished(process, code=1)
    assert len(re.findall(r"^proctor: error: ", process.errors(), re.M)) == 1
    answered = process.digests("answered")
    assert 0 < len(answered) < kit.DOCUMENTS[kind]
    resumed = finished(stable.start(tmp_path, words))
    assert not set(resumed.digests("asked")) & set(answered)
    assert len(resumed.digests("asked")) == kit.DOCUMENTS[kind] - len(answered)
    assert kit.results_of(tmp_path) == kit.results_of(undisturbed(kind)[1])


@pytest.mark.parametrize("thread", ["hashing", "no threads", "writer", "loading", "drawing"])
def test_a_thread_that_dies(thread, stable, exams, undisturbed, tmp_path):
    """The run comes to its end without it, or says why not, and the next one is whole."""
    words = kit.words_of(exams["scoring"])
    process = stable.start(tmp_path, words, FAULTS_THREAD=thread, FAULTS_PAUSE="0.02")
    code = process.code()
    assert "Traceback" not in process.errors()
    assert code == 0 or len(re.findall(r"^proctor: error: ", process.errors(), re.M)) == 1
    if code == 0:
        assert kit.results_of(tmp_path) == kit.results_of(undisturbed("scoring")[1])
    if thread == "drawing":
        assert code == 0
        assert "died of MemoryError; the rest goes on." in process.errors()
    if thread == "no threads":
        assert "There is no progress bar: the system gives no thread to draw it." in process.errors()
    if thread == "writer":
        assert code == 0
        assert len(re.findall("takes no more responses: its writer has died. The run goes on", process.errors())) == 1
    again = finished(stable.start(tmp_path, words))
    assert alike(kit.results_of(tmp_path), kit.results_of(undisturbed("scoring")[1]))
    assert len(again.digests("asked")) <= 60
    assert finished(stable.start(tmp_path, words)).digests("asked") == []
