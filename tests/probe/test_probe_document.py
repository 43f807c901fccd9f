"""A probe as a file is what it was, and what is none is a sentence."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from proctor.errors import OutputError, UsageError
from proctor.probe.document import probe_document, read_reference, write_probe
from proctor.probe.run import ItemResult, ProbeResult, TaskResult

ITEMS = (ItemResult(0, "a", (-1.5, -2.0), -3.25, 7, True, -6.5, -1.25), ItemResult(4, "b"))
PROBE = ProbeResult("models/한국어", (TaskResult("t", Counter(free=1, sorted=1), ITEMS, 1),), ("u",))


def test_a_reference_is_what_was_written(tmp_path):
    file = str(tmp_path / "probe.json")
    write_probe(PROBE, file)
    reference = read_reference(file)
    assert reference.model == PROBE.model
    assert reference.items == {("t", "a"): ITEMS[0], ("t", "b"): ITEMS[1]}


def test_where_it_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_probe(PROBE, str(tmp_path / "none" / "probe.json"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda one: "{", "is not JSON"),
        (lambda one: json.dumps([]), "is no probe"),
        (lambda one: json.dumps({**one, "format": "other"}), "its format is 'other'"),
        (lambda one: json.dumps({**one, "tasks": {"t": {}}}), "is no probe"),
        (lambda one: json.dumps({**one, "tasks": {"t": {"items": [{"doc_hash": "a"}]}}}), "is no probe"),
        (lambda one: json.dumps({**one, "tasks": []}), "is no probe"),
    ],
)
def test_what_is_no_reference(tmp_path, change, sentence):
    file = tmp_path / "probe.json"
    file.write_text(change(probe_document(PROBE)), encoding="utf-8")
    with pytest.raises(UsageError, match=sentence):
        read_reference(str(file))


def test_a_reference_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_reference(str(tmp_path / "none.json"))


def test_a_probe_that_was_written_before_min_k_was_known_is_read(tmp_path):
    document = probe_document(PROBE)
    for item in document["tasks"]["t"]["items"]:
        del item["min_k"], item["min_k_plus_plus"]
    file = tmp_path / "old.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    assert read_reference(str(file)).items["t", "a"].min_k is None
