"""When a server says that it may be asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.models.http.rate_headers import LONGEST_WAIT, held_back, retry_after

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30.0),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"anthropic-ratelimit-tokens-reset": "2027-01-15T08:00:10Z"}, 10.0),
        ({"retry-after": "86400"}, LONGEST_WAIT),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_waits(headers, seconds):
    assert retry_after(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s"}, 2.0),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "2s"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h2m3s"}, LONGEST_WAIT),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2027-01-15T08:00:05Z",
            },
            5.0,
        ),
        ({"x-ratelimit-remaining-requests": "0"}, None),
    ],
)
def test_what_holds_requests_back(headers, seconds):
    assert held_back(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=40))
def test_any_text_is_a_bounded_wait_or_none(value):
    for name in ("retry-after", "retry-after-ms", "x-ratelimit-reset-tokens"):
        wait = retry_after({name: value}, NOW)
        assert wait is None or 0 <= wait <= LONGEST_WAIT
