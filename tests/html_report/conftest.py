"""Runs that the tests of reports share."""

from __future__ import annotations

import pytest
from report_pages import stored

EXAM = {"exam_one": "1101" * 10, "exam_two": "0111" * 10}
GROUP = {"group_subtasks": {"exam": ["exam_one", "exam_two"]}}


@pytest.fixture
def run(tmp_path):
    return stored(tmp_path, "small", EXAM, **GROUP)


@pytest.fixture
def pair(tmp_path, run):
    return run, stored(tmp_path, "large", {"exam_one": "1111" * 10, "exam_two": "1111" * 10}, **GROUP)
