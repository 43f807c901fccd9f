"""What a run found of its own variants, out of its results file."""

from __future__ import annotations

import pytest

from proctor.analysis.variant_sentences import variant_sentences
from proctor.results.stored_run import StoredRun


def run(own):
    return StoredRun("model", "file", "", {"proctor": own}, {})


def test_sentences_on_orders_come_before_those_on_formulations():
    own = {
        "formulations": {
            "groups": [{"group": "g", "sentences": ["all of it"]}],
            "tasks": [{"task": "a", "sentences": ["letter and text", "without"]}, {"task": "b"}],
        },
        "choice_orders": {"tasks": [{"task": "a", "sentence": "over orders"}]},
    }
    assert variant_sentences(run(own)) == ("over orders", "all of it", "letter and text", "without")


@pytest.mark.parametrize(
    "own",
    [None, [], {}, {"formulations": 3}, {"formulations": {"tasks": [1, {"sentences": "x"}, {"sentences": [2]}]}}],
)
def test_a_file_that_says_nothing_or_something_else_has_none(own):
    assert variant_sentences(run(own)) == ()
