"""The step of a checkpoint."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.reporters.steps import given_step, step_of


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("out/checkpoint-500", 500),
        ("out/checkpoint-500/", 500),
        ("lab/model-step12000", 12000),
        ("runs/global_step2000", 2000),
        ("C:\\out\\ckpt_7", 7),
        ("out/3000", 3000),
        ("gpt2", None),
        ("meta/llama-3", None),
        ("lab/model-7b", None),
        ("2000", None),
        ("first-step", None),
        ("", None),
    ],
)
def test_the_number_at_the_end_of_a_checkpoints_name(name, step):
    assert step_of({"pretrained": name}, "x") == step
    assert step_of({}, name) == step


def test_a_revision_and_an_adapter_come_before_the_model():
    assert step_of({"pretrained": "lab/pythia", "revision": "step3000"}, "lab/pythia") == 3000
    assert step_of({"pretrained": "out/checkpoint-1", "peft": "out/checkpoint-2"}, "x") == 2
    assert step_of({"pretrained": "out/checkpoint-1", "revision": "main"}, "x") == 1


def test_a_step_that_is_given():
    assert given_step(None, "--wandb_args") is None
    assert given_step(0, "--wandb_args") == 0
    for wrong in (-1, "x", True, 1.5):
        with pytest.raises(UsageError, match=r"--wandb_args: step is .* whole number of at least 0"):
            given_step(wrong, "--wandb_args")
