"""Programs run in the sandbox, one at a time, and the layers that a test needs."""

from __future__ import annotations

import sys

import pytest

from proctor.sandbox.run import Outcome, run_programs

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")


def need(bounds: dict[str, str], *layers: str) -> None:
    for layer in layers:
        if bounds[layer] != "in force":
            pytest.skip(f"{layer}: {bounds[layer]}")


def one(program: str, **options) -> Outcome:
    [outcome] = run_programs([program], **options)
    return outcome
