"""The card of a data set of results."""

from __future__ import annotations

import yaml

from proctor.reporters.hub_card import card, configurations

FILES = [
    "lab__tiny/results_2026-01-01T00-00-00.1.json",
    "lab__tiny/results_2026-02-01T00-00-00.2.json",
    "lab__tiny/samples_quiz_2026-02-01T00-00-00.2.jsonl",
    "lab__tiny/samples_quiz_hard_2026-02-01T00-00-00.2.jsonl.gz",
    "README.md",
    ".gitattributes",
]


def test_a_configuration_for_each_model_and_task():
    found = {one["config_name"]: one["data_files"] for one in configurations(FILES)}
    assert list(found) == ["lab__tiny__quiz", "lab__tiny__quiz_hard", "lab__tiny__results"]
    assert found["lab__tiny__results"] == [
        {"split": "2026_01_01T00_00_00.1", "path": [FILES[0]]},
        {"split": "2026_02_01T00_00_00.2", "path": [FILES[1]]},
        {"split": "latest", "path": [FILES[1]]},
    ]


def test_the_card(reported):
    text = card(reported, FILES, {"point_of_contact": "me@example.org"})
    _, head, body = text.split("---\n", 2)
    assert yaml.safe_load(head)["pretty_name"] == "Evaluation of lab/tiny"
    assert "## Scores of the newest run, 2023-11-14 22:13 UTC" in body
    assert "| - quiz|" in body
    assert "Contact: me@example.org" in body
