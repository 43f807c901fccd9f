"""Whether programs of a model and code of a hub may be run: as the session says, and only within it."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.sandbox.consent import code_consent, need_consent, need_trust


def test_consent_is_asked_within_a_session_only():
    need_consent("x")
    with code_consent(True):
        need_consent("x")
    with code_consent(False), pytest.raises(UsageError, match="x runs programs that the model writes"):
        need_consent("x")
    need_consent("x")


def test_trust_in_a_hub_is_asked_for_apart():
    need_trust("y")
    with code_consent(True), pytest.raises(UsageError, match="y is code that is downloaded") as caught:
        need_trust("y")
    assert "--trust_remote_code" in str(caught.value.hint)
    with code_consent(False, remote=True):
        need_trust("y")
        with pytest.raises(UsageError, match="programs that the model writes"):
            need_consent("x")


def test_the_innermost_session_decides_and_an_error_ends_it():
    with code_consent(False):
        with pytest.raises(ZeroDivisionError), code_consent(True):
            need_consent("x")
            1 / 0  # noqa: B018
        with pytest.raises(UsageError):
            need_consent("x")
