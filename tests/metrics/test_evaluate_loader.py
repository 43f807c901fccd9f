"""Metrics by their names in the library ``evaluate``: proctor's own, else the library's."""

from __future__ import annotations

from proctor.metrics.evaluate_loader import own_metric


def test_the_names_are_the_librarys():
    for name in ("squad", "squad_v2", "wer", "cer", "code_eval"):
        assert callable(own_metric(name)), name
