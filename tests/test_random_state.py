"""Random numbers: what is drawn in between is put back."""

from __future__ import annotations

import random
from typing import Any

import pytest

from proctor.random_state import random_state, random_state_restored, set_random_state


def test_what_the_checks_draw_is_put_back(tmp_path):
    space: dict[str, Any] = {}
    exec("import random\nown = random.Random(1)\ndef draw():\n    return random.random(), own.random()\n", space)
    random.seed(3)
    expected = (random.Random(3).random(), random.Random(1).random())
    with random_state_restored([space["draw"]]):
        space["draw"]()
    assert space["draw"]() == expected


def test_numpys_generator_is_put_back_too():
    import numpy as np

    np.random.seed(5)
    expected = np.random.RandomState(5).random()
    with random_state_restored([]):
        np.random.random()
    assert np.random.random() == expected


def test_an_error_within_leaves_the_state_as_it_was():
    random.seed(4)
    expected = random.Random(4).random()
    with pytest.raises(ValueError, match="within"), random_state_restored([len]):
        random.random()
        raise ValueError("within")
    assert random.random() == expected


def test_a_state_can_be_set_again_and_again():
    state = random_state()
    first = random.random()
    for _ in range(2):
        set_random_state(state)
        assert random.random() == first
