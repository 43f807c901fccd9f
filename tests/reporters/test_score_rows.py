"""Scores as rows."""

from __future__ import annotations

from proctor.reporters.score_rows import SCORE_COLUMNS, score_rows


def test_a_row_for_each_score(reported):
    assert list(score_rows(reported.stored)) == [
        ("all", "", "none", "", "acc", "0.5", ""),
        ("quiz", "1.0", "none", "2", "acc", "0.5", "0.2500"),
        ("quiz", "1.0", "strict", "2", "em", "0.75", ""),
    ]
    assert len(SCORE_COLUMNS) == 7
