"""Variables of the environment that may make a model answer otherwise.

By exclusion: of the families that torch, transformers and the libraries below them read, every variable that is
set counts unless it is in :data:`NO_MATTER` (``docs/store.md`` has the list), so that a switch of a later release
cannot be forgotten. At worst something is computed anew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase

FAMILIES = (
    *("TORCH_*", "TORCHINDUCTOR_*", "PYTORCH_*", "ATEN_*", "TRANSFORMERS_*", "PEFT_*", "BNB_*", "TRITON_*"),
    *("NVIDIA_*", "CUBLAS_*", "CUBLASLT_*", "CUDNN_*", "ONEDNN_*", "DNNL_*", "MKL_*", "FLASH_ATTENTION_*"),
    *("ROCBLAS_*", "HIPBLASLT_*", "MIOPEN_*", "XLA_*", "USE_HUB_KERNELS", "DISABLE_KERNEL_MAPPING"),
)
"""Names of variables that steer how numbers are computed."""

NO_MATTER = (
    # Where something lies, and which release it is of.
    *("*_HOME", "*_DIR", "*_PATH", "*_CACHE", "*_VERSION", "TRANSFORMERS_OFFLINE", "NVIDIA_BUILD_ID"),
    *("NVIDIA_PRODUCT_NAME", "NVIDIA_REQUIRE_*", "NVIDIA_DRIVER_CAPABILITIES", "TORCH_CUDA_ARCH_LIST"),
    # What is said.
    *("*_VERBOSE", "*_VERBOSITY", "*_LOGS", "*_LOG_*", "*_LOGLEVEL", "*_LOGINFO_*", "*_LOGDEST_*", "*_WARNINGS"),
    *("TORCH_SHOW_*", "TORCH_DISTRIBUTED_DEBUG", "TRANSFORMERS_IS_CI", "TRANSFORMERS_TEST_*"),
    # How much at a time, on which device, and in which order sums are made: rounding, as between batch sizes.
    *(
        "*_NUM_THREADS",
        "MKL_DYNAMIC",
        "*_ALLOC_CONF",
        "*_CACHE_CAPACITY",
        "*_VISIBLE_DEVICES",
        "CUBLAS_WORKSPACE_CONFIG",
    ),
    *("TORCH_NCCL_*", "PYTORCH_NVML_BASED_CUDA_CHECK", "PYTORCH_ENABLE_MPS_FALLBACK"),
)
"""Variables of these families that change no answer by more than rounding."""


def steering_variables() -> Mapping[str, str]:
    """What is set of these families, by name."""
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if value and _is_one_of(name, FAMILIES) and not _is_one_of(name, NO_MATTER)
    }


def _is_one_of(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
