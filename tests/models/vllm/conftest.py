"""The stand-in for vLLM lies beside the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def errors_of_the_stand_in(request, monkeypatch):
    """What the stand-in raises for a request that it does not take, where the test does not use the real engine."""
    if request.node.get_closest_marker("engine") is None:
        from fake_vllm import ValidationError

        monkeypatch.setattr("proctor.models.vllm.engine.refusals", lambda: (TypeError, ValueError, ValidationError))
