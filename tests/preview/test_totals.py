"""What was shown, and what all documents would come to at the same rate."""

from __future__ import annotations

import pytest

from proctor.preview.totals import Totals


def test_each_task_is_extended_at_its_own_rate():
    whole = Totals()
    whole.add(Totals(tasks=1, documents=2, requests=8, characters=100, tokens=30, cut=1), of=10)
    whole.add(Totals(tasks=1, documents=1, requests=1, characters=50, tokens=1000), of=1)
    assert (whole.tasks, whole.documents, whole.requests, whole.characters) == (2, 3, 9, 150)
    assert (whole.tokens, whole.cut) == (1030, 1)
    assert (whole.all_documents, whole.all_requests) == (11, pytest.approx(8 * 5 + 1))
    assert whole.all_tokens == pytest.approx(30 * 5 + 1000)


def test_a_task_of_which_nothing_is_shown_adds_its_documents_only():
    whole = Totals()
    whole.add(Totals(tasks=1), of=7)
    assert (whole.tasks, whole.all_documents, whole.all_requests, whole.all_tokens) == (1, 7, 0.0, 0.0)
