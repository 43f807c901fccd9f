"""The settings of what stands beside the scores."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.settings.config import build_config


def test_both_are_off_unless_given():
    config = build_config({"model": "dummy", "tasks": ["a"]})
    assert (config.exclude, config.cluster) == (None, None)
    config = build_config({"model": "dummy", "tasks": ["a"], "exclude": "bad.jsonl", "cluster": "{{a}} {{b}}"})
    assert (config.exclude, config.cluster) == ("bad.jsonl", "{{a}} {{b}}")


@pytest.mark.parametrize("given", [{"exclude": " "}, {"exclude": 3}, {"cluster": ""}, {"cluster": ["a"]}])
def test_what_is_no_path_or_name_is_a_sentence(given):
    with pytest.raises(UsageError, match="must be a"):
        build_config({"model": "dummy", "tasks": ["a"], **given})
