"""What a token costs in memory, estimated from a model's config."""

from __future__ import annotations

import architectures as zoo
import pytest

from proctor.models.hf.memory import bytes_per_cached_token, bytes_per_head_row, bytes_per_token


@pytest.mark.parametrize("kind", ["llama", "gpt2", "mamba"])
def test_estimates_of_memory_grow_with_what_they_measure(kind):
    module = zoo.build(zoo.BY_NAME[kind])
    assert 0 < bytes_per_token(module, 8) <= bytes_per_token(module, 4096)
    assert bytes_per_head_row(module) == zoo.VOCABULARY * 12
    assert bytes_per_cached_token(module) > 0
