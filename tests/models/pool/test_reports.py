"""Reports of several ranks read as that of one."""

from __future__ import annotations

from proctor.models.pool.reports import merge_reports


def test_counts_are_added_and_what_rank_0_says_of_the_rest_counts():
    first = {"truncated": {"a": 1}, "unusual": {}, "batch_sizes": [], "scoring": {"mode": "tree", "n": 2, "ok": True}}
    second = {
        "truncated": {"a": 2, "b": 3},
        "unusual": {"c": 1},
        "batch_sizes": [4],
        "scoring": {"mode": "plain", "n": 5},
    }
    assert merge_reports([first, second]) == {
        "truncated": {"a": 3, "b": 3},
        "unusual": {"c": 1},
        "batch_sizes": [4],
        "scoring": {"mode": "tree", "n": 7, "ok": True},
    }


def test_what_rank_0_had_no_request_for_is_that_of_another():
    assert merge_reports([{"generation": {}}, {"generation": {"mode": "shared", "x": 0.5}}]) == {
        "generation": {"mode": "shared", "x": 0.5}
    }
    assert merge_reports([{"a": {"x": None}}]) == {"a": {"x": None}}
    assert merge_reports([]) == {}


def test_largest_values_are_compared_and_what_one_does_not_know_is_the_others():
    first = {"max_probe_difference": 1e-6, "forwarded_tokens": None, "reason": "probe passed"}
    second = {"max_probe_difference": 3e-6, "forwarded_tokens": 5, "reason": "another"}
    assert merge_reports([first, second]) == {
        "max_probe_difference": 3e-6,
        "forwarded_tokens": 5,
        "reason": "probe passed",
    }
