"""Which interval a score of an audit has."""

from __future__ import annotations

from proctor.analysis.audit_intervals import group_interval, interval_of
from proctor.analysis.groups import group_mean
from proctor.analysis.intervals import share_interval
from proctor.analysis.run_audit import AuditOptions


def test_shares_have_wilsons_and_other_scores_the_mean_of_t():
    assert interval_of([1.0, 0.0, 1.0]) == (share_interval(2, 3), "wilson")
    assert interval_of([1.0, 0.0, 1.0], "exact")[1] == "exact"
    assert interval_of([0.5, 0.25])[1] == "t"
    assert interval_of([0.5])[0] is None


def test_a_group_has_that_of_its_tasks_errors():
    mean = group_mean([2, 2], [0.5, 0.5], [0.5, 0.5])
    assert group_interval([1.0, 0.0, 1.0, 0.0], mean, AuditOptions())[1] == "groups"
    assert group_interval([0.1, 0.9, 0.4, 0.6], mean, AuditOptions())[1] == "groups"
    without = group_mean([2, 2], [1.0, 1.0], [0.0, 0.0])
    assert group_interval([1.0] * 4, without, AuditOptions()) == (share_interval(4, 4), "wilson")
    assert group_interval([0.5] * 4, without, AuditOptions()) == (None, None)
