"""What the settings of documents and draws accept."""

from __future__ import annotations

import pytest

from proctor.settings.config import build_config
from proctor.settings.sampling_settings import limit_order


@pytest.mark.parametrize("value", ["random", " Random ", "RANDOM"])
def test_an_order_is_read_as_it_is_meant(value):
    assert limit_order(value) == "random"


def test_the_default_is_lm_evals():
    assert build_config({"model": "dummy", "tasks": ["a"]}).limit_order == "first"
