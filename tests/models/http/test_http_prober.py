"""The questions of the handshake find what they are for: each planted fault, by the probe that is meant for it."""

from __future__ import annotations

import pytest

from proctor.models.http import prober
from proctor.models.http.completions import Route
from proctor.models.http.handshake import HALF_TOLERANCE, TOLERANCE

ALL = (Route.NAMED_IDS, Route.TOP_LOGPROBS, Route.LOGIT_BIAS, Route.PROMPT_LOGPROBS, Route.ECHO, Route.WALK)


def shake(model):
    [(_, found)] = model.handshakes()
    return found


@pytest.mark.parametrize(
    ("fault", "probe", "said", "routes"),
    [
        ("echo ignored", "echo", "did not come back", (*ALL[:4], Route.WALK)),
        ("echo off by one", "echo", "one place off", (*ALL[:4], Route.WALK)),
        ("no logprobs", "ids", "no log-probabilities", ()),
        ("renormalised", "stability", "depend on how many", ()),
        ("bos in front", "ids", "were sent, and", ()),
        ("texts only", "ids", "should be a valid string", ALL),
        ("text names", "echo", "", (Route.ECHO,)),
        ("biased values", "forced", "has the value", (*ALL[:2], *ALL[3:])),
        ("noise", "stability", "depend on how many", ()),
        ("ids ignored", "named ids", "is not in the reply", ALL[1:]),
        ("ids refused", "named ids", "Extra inputs", ALL[1:]),
    ],
)
def test_every_fault_is_found(serve, completions, fault, probe, said, routes):
    found = shake(completions(serve(faults={fault})))
    details = {one.name: one.detail for one in found.probes if one.state == "failed" or not said}
    assert said in details[probe]
    assert found.routes == routes


def test_every_failed_probe_with_a_remedy_shows_it_and_what_a_server_refused_is_quoted(serve, completions):
    found = shake(completions(serve(faults={"renormalised"})))
    [failed] = [one for one in found.probes if one.state == "failed"]
    assert "cannot be compared" in failed.remedy
    found = shake(completions(serve(faults={"ids refused"})))
    refused = {one.name: one.detail for one in found.probes}["named ids"]
    assert refused.startswith(prober.REFUSED)


def test_nothing_is_asked_after_ids_that_are_not_read(serve, completions):
    found = shake(completions(serve(faults={"no logprobs"})))
    assert [one.name for one in found.probes][-1] == "ids"
    assert (found.top, found.spread) == (0, 0.0)


@pytest.mark.parametrize(
    ("body", "count"),
    [({"usage": {"prompt_tokens": 4}}, 4), ({"usage": {}}, None), ({"usage": None}, None), ([], None), (None, None),
     ({"usage": {"prompt_tokens": "4"}}, None)],
)  # fmt: skip
def test_a_count_that_a_server_does_not_give_is_none(body, count):
    assert prober._prompt_count(body) == count


def test_a_difference_is_that_of_the_tokens_of_both():
    assert prober._difference({"a": -1.0, "b": -2.0}, {"b": -2.5, "c": -9.0}) == 0.5
    assert prober._difference({"a": -1.0}, {"b": -1.0}) == 0.0
    assert TOLERANCE < HALF_TOLERANCE
