"""The bundled model gives lm-eval's responses again, by shared prefixes, whatever the release of other packages.

``tools/score_goldens.py`` writes the file of lm-eval's responses.
"""

from __future__ import annotations

import json
from pathlib import Path

import architectures as zoo
import pytest
from tiny_models import MODEL

import proctor

ROOT = Path(__file__).resolve().parents[3]
GOLDENS = json.loads((ROOT / "tests" / "compat" / "goldens" / "scores.json").read_text(encoding="utf-8"))

TOLERANCE = 1e-4
"""Nats. Rounding of float32 over a continuation stays a tenth of it."""


@pytest.fixture(scope="module")
def result():
    return proctor.evaluate(
        model="hf",
        model_args={"pretrained": str(MODEL), "dtype": "float32"},
        tasks=list(GOLDENS["tasks"]),
        device="cpu",
        batch_size=16,
        limit=GOLDENS["limit"],
    )


@pytest.mark.parametrize("task", sorted(GOLDENS["tasks"]))
def test_responses_are_those_of_lm_eval(result, task):
    records = {str(record.doc_id): record for record in result.records[task]}
    expected = GOLDENS["tasks"][task]
    assert set(records) == set(expected)
    for number, responses in expected.items():
        assert_equal(records[number].responses, responses)


def assert_equal(found, expected) -> None:
    """Texts and flags are equal, log-likelihoods within rounding."""
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_equal(one, other)
    elif is_number(expected):
        assert float(found) == pytest.approx(float(expected), abs=TOLERANCE)
    else:
        assert str(found) == expected


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def test_the_bundled_model_is_scored_by_tree_and_decoded_with_shared_prefixes(result):
    facts = result.extra["proctor"]
    assert facts["scoring"]["mode"] == "tree", facts["scoring"]
    assert facts["generation"]["mode"] == "shared" or zoo.release() < (5, 0), facts["generation"]
