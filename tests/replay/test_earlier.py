"""Where an earlier run is found; results files that somebody changed are a sentence."""

from __future__ import annotations

import pytest
from earlier_files import DOCUMENT, LINE, write

from proctor.errors import ProctorError
from proctor.replay.changes import Changes
from proctor.replay.earlier import find_past


def test_what_nobody_changed_is_found(tmp_path):
    past = find_past(write(tmp_path, DOCUMENT, LINE), Changes(no_store=True))
    assert past.config.samples == {"t": (0,)}


@pytest.mark.parametrize(
    "change",
    [
        {"configs": [1, {}]},
        {"configs": 5},
        {"n-shot": 5},
        {"n-shot": {"t": "many"}},
        {"config": 5},
        {"config": {"random_seed": "x"}},
        {"config": {"model_args": 5}},
        {"group_subtasks": {"g": 5}},
        {"results": 5},
    ],
)
def test_results_that_say_something_else(tmp_path, change):
    with pytest.raises(ProctorError):
        find_past(write(tmp_path, DOCUMENT | change, LINE), Changes(no_store=True))
