"""The seeds of a run: the same numbers again, and a generator that is given none is left alone."""

from __future__ import annotations

import random
import sys

import numpy
import pytest

from proctor.run.seeds import seed_everything
from proctor.settings.config import Seeds

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def states():
    """The generators as they were."""
    before = random.getstate(), numpy.random.get_state(), torch.get_rng_state()
    yield
    random.setstate(before[0])
    numpy.random.set_state(before[1])
    torch.set_rng_state(before[2])


def drawn():
    return random.random(), float(numpy.random.random()), float(torch.rand(1))


def test_the_same_seeds_give_the_same_numbers():
    expected = (random.Random(1).random(), float(numpy.random.RandomState(2).random()))
    seed_everything(Seeds(1, 2, 3, 4))
    first = drawn()
    assert first[:2] == expected
    seed_everything(Seeds(1, 2, 3, 4))
    assert drawn() == first
    seed_everything(Seeds(5, 6, 7, 4))
    assert not set(drawn()) & set(first)


@pytest.mark.parametrize("left", range(3))
def test_a_generator_without_a_seed_goes_on(left):
    seed_everything(Seeds(1, 2, 3, 4))
    first, second = drawn(), drawn()
    seed_everything(Seeds(1, 2, 3, 4))
    drawn()
    seed_everything(Seeds(*(None if place == left else place + 1 for place in range(3)), 4))
    again = drawn()
    assert again[left] == second[left]
    assert [again[place] == first[place] for place in range(3)] == [place != left for place in range(3)]


def test_torch_is_not_imported_for_its_seed(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    seed_everything(Seeds(1, 2, 3, 4))
    assert "torch" not in sys.modules
