"""Equal identities have equal digests."""

from __future__ import annotations

from proctor.models.pool.identities import identity_digest


def test_the_digest_depends_on_the_identity_alone():
    one = {"weights": {"a": 1, "b": 2}, "kind": "hf"}
    assert identity_digest(one) == identity_digest({"kind": "hf", "weights": {"b": 2, "a": 1}})
    assert identity_digest(one) != identity_digest({**one, "kind": "other"})
    assert identity_digest(None) == ""
    assert identity_digest({"path": object}) != ""
