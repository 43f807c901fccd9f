"""Digests of lm-eval's archives: which versions can be checked, and against what."""

from __future__ import annotations

import re

from proctor.stock.digests import DIGESTS, known_digests, known_versions


def test_every_digest_is_one_and_has_its_version_and_kind():
    for digest, (version, kind) in DIGESTS.items():
        assert re.fullmatch(r"[0-9a-f]{64}", digest)
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert kind in ("wheel", "sdist")


def test_versions_are_named_once_the_newest_first():
    versions = known_versions()
    assert len(set(versions)) == len(versions)
    assert list(versions) == sorted(versions, key=lambda text: [int(part) for part in text.split(".")], reverse=True)


def test_a_version_has_the_digests_of_its_archives_wheels_first():
    for version in known_versions():
        kinds = [DIGESTS[digest][1] for digest in known_digests(version)]
        assert kinds == sorted(kinds, reverse=True)
        assert "wheel" in kinds
    assert known_digests("0.0.1") == ()
