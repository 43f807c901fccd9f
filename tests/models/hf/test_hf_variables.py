"""Which variables of the environment, and which settings of torch, make another model."""

from __future__ import annotations

import pytest
from tiny_models import MODEL, identity


@pytest.mark.parametrize(
    "name",
    [
        *("NVIDIA_TF32_OVERRIDE", "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "ONEDNN_DEFAULT_FPMATH_MODE", "XLA_USE_BF16"),
        *("DISABLE_KERNEL_MAPPING", "TRANSFORMERS_A_SWITCH_OF_A_LATER_RELEASE"),
    ],
)
def test_what_the_environment_does_to_multiplications_counts(monkeypatch, name):
    before = identity(MODEL)
    monkeypatch.setenv(name, "1")
    assert identity(MODEL) != before


@pytest.mark.parametrize(
    "name",
    [
        *("HOME", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "PYTORCH_CUDA_ALLOC_CONF", "MKL_NUM_THREADS"),
        *("TRANSFORMERS_VERBOSITY", "TORCH_HOME", "NVIDIA_PYTORCH_VERSION", "TORCH_LOGS", "ACCELERATE_LOG_LEVEL"),
    ],
)
def test_variables_that_change_no_number_do_not_count(monkeypatch, name):
    before = identity(MODEL)
    monkeypatch.setenv(name, "1")
    assert identity(MODEL) == before
