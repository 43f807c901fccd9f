"""``kill -9`` at any moment: the same command goes on, and comes to the same results, byte for byte.

Thirty moments of a run of each kind, the same every time (seeded): cold starts, loading, answering,
counting up, writing. Those of a stage are fractions of what it takes undisturbed, so that every stage
is hit however fast the machine is.
"""

from __future__ import annotations

import importlib
import random
import time

import pytest

kit = importlib.import_module("faultkit")
pytestmark = pytest.mark.slow

STAGES = {"cold": 3, "start": 4, "loading": 4, "answering": 14, "ending": 3, "writing": 2}
PAUSE = "0.025"


def moments(kind):
    """Thirty times a stage and a fraction of it."""
    draw = random.Random(f"faults of {kind}")
    return [(stage, round(draw.random(), 3)) for stage, count in STAGES.items() for _ in range(count)]


ALL = [(kind, *moment) for kind in kit.KINDS for moment in moments(kind)]


def durations(process, folder):
    """How long each stage takes undisturbed."""
    (opening,), (loading,) = process.events("opening"), process.events("loading")
    first, last = (process.events("answered")[at].moment for at in (0, -1))
    return {
        "cold": 4.0,
        "start": opening.moment - process.began,
        "loading": first - loading.moment,
        "ending": process.ended - last,
        "whole": process.ended - process.began,
    }


def kill_at(process, stage, fraction, takes, folder, total):
    """Wait for the moment; then the signal. Whether the run was still there to get it."""
    if stage == "answering":
        there = process.until_event("answered", 1 + int(fraction * (total - 1)))
    elif stage == "writing":
        there = process.until(lambda: any((folder / "results").glob("*/*")))
    else:
        mark = {"loading": ("loading", 1), "ending": ("answered", total)}.get(stage)
        there = mark is None or process.until_event(*mark)
        time.sleep(fraction * takes[stage])
    process.kill()
    return there and process.code() == -9


def parts(kind, requests):
    """How many rows of a store the answers to so many requests are: one per choice."""
    return requests * (4 if kind == "scoring" else 1)


@pytest.mark.parametrize(("kind", "stage", "fraction"), ALL, ids=[f"{k}-{s}-{f}" for k, s, f in ALL])
def test_a_killed_run_goes_on(kind, stage, fraction, stable, exams, undisturbed, tmp_path):
    whole, whole_folder = undisturbed(kind)
    takes, total = durations(whole, whole_folder), kit.DOCUMENTS[kind]
    words = kit.words_of(exams[kind])
    killed = stable.start(tmp_path, words, cold=stage == "cold", FAULTS_PAUSE=PAUSE)
    hit = kill_at(killed, stage, fraction, takes, tmp_path, total)
    assert hit or stage in ("ending", "writing", "cold")
    answered = killed.events("answered")
    stored = kit.committed(tmp_path / "answers.sqlite")

    resumed = stable.start(tmp_path, words)
    assert resumed.code() == 0, resumed.errors()
    assert kit.results_of(tmp_path) == kit.results_of(whole_folder)

    asked = resumed.digests("asked")
    assert len(set(asked)) == len(asked)
    assert parts(kind, total - len(asked)) == stored, (
        "what was committed was not asked again, and nothing else was left"
    )
    lost = [event for event in answered if event.more in set(asked)]
    assert lost == answered[len(answered) - len(lost) :], "only the last answers can be lost"
    assert sorted(asked) == sorted(resumed.digests("answered"))
    assert "Traceback" not in resumed.errors()


def test_a_run_killed_again_and_again_comes_to_its_end(stable, exams, undisturbed, tmp_path):
    """Each time more answers are committed, whatever the last one lost."""
    _, whole_folder = undisturbed("scoring")
    words, seen = kit.words_of(exams["scoring"]), []
    for _ in range(3):
        process = stable.start(tmp_path, words, FAULTS_PAUSE="0.03")
        store, before = tmp_path / "answers.sqlite", seen[-1] if seen else 0
        process.until(lambda store=store, before=before: kit.committed(store) > before)
        process.kill()
        seen.append(kit.committed(store))
    assert 0 < seen[0] < seen[1] < seen[2] or seen[2] == parts("scoring", 60)
    last = stable.start(tmp_path, words)
    assert last.code() == 0, last.errors()
    assert parts("scoring", 60 - len(last.digests("asked"))) == seen[2]
    assert kit.results_of(tmp_path) == kit.results_of(whole_folder)
