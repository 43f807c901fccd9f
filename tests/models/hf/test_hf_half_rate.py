"""The sentence about a dtype that this processor is slow at."""

import itertools
import logging

import pytest
import torch

from proctor.models.hf import half_rate
from proctor.models.hf.half_rate import slowdown, suggest_float32
from proctor.models.hf.load.load import load_model


def clock(*lengths):
    """A clock that gives each of ``lengths`` as the time of four repetitions, the first of which was disturbed."""
    steps = itertools.chain.from_iterable(
        (0.0, 9.0, *(0.0, length) * (half_rate.REPETITIONS - 1)) for length in lengths
    )
    return steps.__next__


def test_the_shortest_repetition_counts():
    assert slowdown(torch.bfloat16, clock(6.0, 2.0)) == pytest.approx(3.0)


def test_a_real_product_gives_a_positive_ratio():
    assert slowdown(torch.float32) > 0


@pytest.mark.parametrize(("times", "shown"), [(5.2, True), (2.0, True), (1.9, False), (0.5, False)])
def test_a_much_slower_type_is_named_with_its_remedy(monkeypatch, caplog, times, shown):
    monkeypatch.setattr(half_rate, "slowdown", lambda dtype: times)
    with caplog.at_level(logging.INFO, "proctor"):
        suggest_float32(torch.bfloat16)
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == shown
    for line in said:
        assert line.startswith(f"This processor multiplies bfloat16 matrices {times:.0f} times slower than float32")
        assert "dtype=float32 in --model_args" in line


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int8])
def test_other_types_are_not_timed(monkeypatch, dtype):
    monkeypatch.setattr(half_rate, "slowdown", lambda dtype: pytest.fail("timed"))
    suggest_float32(dtype)


def test_loading_onto_the_processor_says_it(monkeypatch, caplog, repository):
    folder = str(repository / "src" / "proctor" / "benchmarks" / "demo" / "model")
    monkeypatch.setattr(half_rate, "slowdown", lambda dtype: 4.0)
    with caplog.at_level(logging.INFO, "proctor"):
        load_model({"pretrained": folder, "dtype": "float16"}, device="cpu")
        load_model({"pretrained": folder, "dtype": "float32"}, device="cpu")
    assert [record.getMessage()[:41] for record in caplog.records if "multiplies" in record.getMessage()] == [
        "This processor multiplies float16 matrice"
    ]
