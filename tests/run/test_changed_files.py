"""Results and samples files that somebody changed: a sentence, and never another answer than was written."""

from __future__ import annotations

import json

import pytest

from proctor.errors import DataError, ProctorError
from proctor.replay.changes import Changes
from proctor.replay.earlier import find_past
from proctor.replay.samples import SamplesResponses

STAMP = "2026-11-23T18-11-17.771023"
DOCUMENT = {"results": {"t": {}}, "configs": {"t": {}}, "n-shot": {"t": 0}, "config": {"model": "hf"}}
LINE = {
    "doc_id": 0,
    "arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": " a"}},
    "resps": [[["-1.0", "True"]]],
    "filter": "none",
}


def write(folder, document, line):
    file = folder / f"results_{STAMP}.json"
    file.write_text(json.dumps(document))
    (folder / f"samples_t_{STAMP}.jsonl").write_text(json.dumps(line) + "\n")
    return file


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


@pytest.mark.parametrize(
    "change",
    [
        {"doc_id": 2.7},
        {"doc_id": -1},
        {"doc_id": float("inf")},
        {"doc_id": True},
        {"doc_id": None},
        {"resps": [[["-1.0", "maybe"]]]},
        {"resps": [[[10**400, "True"]]]},
        {"resps": []},
        {"resps": 5},
        {"arguments": [[]]},
    ],
)
def test_samples_that_say_something_else(tmp_path, change):
    write(tmp_path, DOCUMENT, LINE | change)
    with pytest.raises(DataError, match=r"Line 1 of .* is no sample"):
        SamplesResponses().read("t", tmp_path / f"samples_t_{STAMP}.jsonl")
