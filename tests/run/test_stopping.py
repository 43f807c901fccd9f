"""A scope look by look: which documents count, and which sets follow from them."""

from __future__ import annotations

import pytest
from quiz_files import write_quiz

from proctor.analysis.early_stop import count_set
from proctor.errors import DataError
from proctor.records import Record
from proctor.run.exam import load_exam
from proctor.run.opponent import Opponent
from proctor.run.progress import Quiet
from proctor.run.scores import MetricValues
from proctor.run.stop_scopes import asking_order, stop_scopes
from proctor.run.stopping import ScopePlan, ScopeWatch
from proctor.settings.config import build_config
from proctor.settings.early_stop import EarlyStop


@pytest.fixture
def watched(tmp_path):
    """A quiz of 200 documents: the asking, the values, and what grades the documents so far."""
    config = build_config({"model": "dummy", "tasks": [write_quiz(tmp_path, documents=200)], "early_stop": "width=0.1"})
    (scope,) = stop_scopes(load_exam(config, Quiet), config)
    asking, values = ScopePlan(scope, asking_order(scope, config), 0.05), MetricValues("quiz")

    def graded(count, score=lambda doc_id: 1.0):
        for one in asking.order[values.requested : count]:
            made = score(one.doc_id)
            metrics = {} if made is None else {"acc": made, "acc_norm": 0.5}
            error = "odd" if made is None else None
            values.add(Record("quiz", one.doc_id, {}, 0, (), (), (), "none", metrics, error))

    return asking, values, graded


def test_a_look_sees_what_is_graded_and_stops_at_the_width(watched):
    asking, values, graded = watched
    watch = ScopeWatch(asking, EarlyStop(width=0.1), {"quiz": values})
    assert not watch.has_looked
    graded(10)
    assert watch.look(10) is None
    graded(60)
    assert watch.look(60) == "width"
    found = watch.outcome(60, "width")
    assert (found.asked, found.looks, found.score, found.is_stopped) == (60, (10, 60), 1.0, True)
    assert found.interval == count_set(60, 60, 200).interval
    # A mean of fractions has an interval, too: that of bets.
    low, high = found.intervals["quiz", "acc_norm", "none"]
    assert low < 0.5 < high


def test_documents_without_a_score_are_no_part_of_all(watched):
    asking, values, graded = watched
    watch = ScopeWatch(asking, EarlyStop(width=0.001), {"quiz": values})
    graded(200, lambda doc_id: None if doc_id < 20 else float(doc_id % 2))
    assert watch.look(200) == "all"
    assert watch.outcome(200, "all").interval == (0.5, 0.5)


def test_no_score_at_all_is_no_reason_to_stop(watched):
    asking, values, graded = watched
    watch = ScopeWatch(asking, EarlyStop(width=0.4), {"quiz": values})
    graded(50, lambda _: None)
    assert watch.look(50) is None
    found = watch.outcome(50, "responses")
    assert (found.score, found.interval) == (None, None)


@pytest.mark.parametrize("score", [1.5, -0.1, "1", float("nan")])
def test_a_score_that_is_no_share_is_an_error(watched, score):
    asking, values, graded = watched
    graded(3, lambda _: score)
    with pytest.raises(DataError, match="watches means of values between 0 and 1"):
        ScopeWatch(asking, EarlyStop(width=0.1), {"quiz": values}).look(3)


def test_a_comparison_is_about_the_documents_of_both(watched):
    asking, values, graded = watched
    there = [one for one in asking.order if one.doc_id % 2]
    opponent = Opponent("base", {("quiz", one.doc_id): 0.0 for one in there})
    watch = ScopeWatch(
        ScopePlan(asking.scope, asking.order, 0.05, opponent), EarlyStop(against="base"), {"quiz": values}
    )
    graded(100)
    assert watch.look(100) == "decided"
    found = watch.outcome(100, "decided").comparison
    assert found.n == found.wins == sum(one.doc_id % 2 for one in asking.order[:100])


def test_it_ends_with_the_last_document_of_the_other_run(watched):
    asking, values, graded = watched
    opponent = Opponent("base", {("quiz", one.doc_id): 1.0 for one in asking.order[:40]})
    watch = ScopeWatch(
        ScopePlan(asking.scope, asking.order, 0.05, opponent), EarlyStop(against="base"), {"quiz": values}
    )
    graded(30)
    assert watch.look(30) is None
    graded(50)
    assert watch.look(50) == "paired"
