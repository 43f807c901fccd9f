"""The release of transformers that proctor was tested with."""

from __future__ import annotations

from proctor.models.hf.tested import TRANSFORMERS


def test_the_tested_release_is_the_pinned_one(repository):
    pins = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert f"transformers=={TRANSFORMERS}" in pins
