"""What a results file says of written texts."""

from __future__ import annotations

import pytest
from stored_runs import document_of, right_and_wrong, write_run

from proctor.analysis.audit_texts import think_end, truncated_texts
from proctor.results.open_runs import open_runs


def stored(tmp_path, **more):
    tasks = {"t": right_and_wrong("10")}
    return open_runs([write_run(tmp_path, tasks, document=document_of(tasks, **more))]).runs[0]


def test_the_token_is_one_of_the_model_arguments(tmp_path):
    run = stored(tmp_path, config={"model_args": {"think_end_token": "</think>"}})
    assert think_end(run) == "</think>"
    assert think_end(stored(tmp_path / "b", config={"model_args": {"think_end_token": 7}})) is None
    assert think_end(stored(tmp_path / "c", config={"model_args": "a=1"})) is None


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"at_length": [{"task": "t", "texts": 3}, {"task": "u", "texts": 4}]}, 3),
        ({"at_length": [None, {"task": "t", "texts": "x"}]}, 0),
        ({"other": 1}, 0),
        ({}, None),
    ],
)
def test_texts_that_ended_by_their_length_are_counted_by_task(tmp_path, texts, expected):
    assert truncated_texts(stored(tmp_path, proctor={"texts": texts}), "t") == expected
