"""What a reply means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.models.http.replies import QUOTED, Reply, Verdict, verdict


def refused(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"error": {"message": message, "code": code}}, headers=named)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(200, {"choices": []}), Verdict.DONE),
        (Reply(200, None, "<html>"), Verdict.STOP),
        (Reply(200, [1]), Verdict.STOP),
        (refused(429), Verdict.LATER),
        (refused(429, code="insufficient_quota"), Verdict.STOP),
        (refused(429, "Your credit balance is too low"), Verdict.STOP),
        (refused(529, "Overloaded"), Verdict.LATER),
        (refused(503, retry_after="3"), Verdict.LATER),
        (refused(503), Verdict.RETRY),
        (refused(500), Verdict.RETRY),
        (refused(500, "13 validation errors: Input should be a valid string"), Verdict.FAIL),
        (refused(502), Verdict.RETRY),
        (refused(408), Verdict.RETRY),
        (refused(409), Verdict.RETRY),
        (Reply(0, text="no connection"), Verdict.RETRY),
        (Reply(0, text="its certificate is not accepted", final=True), Verdict.STOP),
        (refused(400), Verdict.FAIL),
        (refused(413), Verdict.FAIL),
        (refused(422), Verdict.FAIL),
        (refused(401), Verdict.STOP),
        (refused(402), Verdict.STOP),
        (refused(403), Verdict.STOP),
        (refused(404), Verdict.STOP),
        (Reply(302), Verdict.FAIL),
    ],
)
def test_verdicts(reply, expected):
    assert verdict(reply) is expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "wrong key"}}, "wrong key"),
        ({"error": "wrong key"}, "wrong key"),
        ({"detail": "wrong key"}, "wrong key"),
        ({"message": "two\nlines"}, "two lines"),
        ([{"error": {"message": "in a list"}}], "in a list"),
        ({"error": {"message": 5}}, '{"error": {"message": 5}}'),
        ("text", '"text"'),
    ],
)
def test_messages(body, message):
    assert Reply(400, body).message == message


def test_a_message_is_short_and_without_secrets():
    reply = Reply(401, {"error": {"message": "Incorrect API key provided: sk-proj-abcdefghijklmnopqrstuvwxyz012345."}})
    assert "abcdefghijklmnop" not in reply.message
    assert len(Reply(400, None, "x" * 9999).message) == QUOTED


def test_a_prompt_that_is_too_long():
    assert refused(400, "This model's maximum context length is 4096 tokens").is_too_long
    assert refused(400, "no", code="context_length_exceeded").is_too_long
    assert not refused(400, "max_tokens must be positive").is_too_long


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "message", "code", "x"]), inner)
    ),
)


@given(st.integers(0, 599), json_values)
def test_any_body_has_a_verdict_and_a_message(status, body):
    reply = Reply(status, body)
    assert verdict(reply) in Verdict
    assert len(reply.message) <= QUOTED
    assert isinstance(reply.searched, str)
