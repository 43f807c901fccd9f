"""Tokenizers by name: small ones, and those of the shared models."""

from __future__ import annotations

import pytest
from tiny_tokenizers import KINDS, SHARED, Named, train


@pytest.fixture(scope="module")
def kinds() -> Named:
    """A small tokenizer of each kind."""
    return Named({kind: train(kind) for kind in KINDS})


@pytest.fixture(scope="module")
def real(shared_models) -> Named:
    """The tokenizers of the shared models."""
    from transformers import AutoTokenizer

    return Named({name: AutoTokenizer.from_pretrained(shared_models / name) for name in SHARED})
