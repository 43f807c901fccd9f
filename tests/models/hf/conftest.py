"""What several tests of ``hf`` start from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_models import MODEL, edit, open_lazily


@pytest.fixture
def copy(checkpoints, tmp_path) -> Path:
    """A copy of the tiny llama to damage."""
    return shutil.copytree(checkpoints / "llama", tmp_path / "model")


@pytest.fixture
def model(tmp_path) -> Path:
    """A copy of the bundled model to damage."""
    return shutil.copytree(MODEL, tmp_path / "model")


@pytest.fixture(scope="module")
def beside(tmp_path_factory) -> tuple[Path, Any]:
    """A model beside another tokenizer, an adapter, and smaller weights in a folder of its own."""
    root = tmp_path_factory.mktemp("beside")
    shutil.copytree(MODEL, root / "model")
    shutil.copytree(MODEL, root / "model" / "small")
    edit(root / "model" / "small" / "config.json", rms_norm_eps=0.5)
    shutil.copytree(MODEL, root / "other")
    edit(root / "other" / "tokenizer_config.json", model_max_length=7)
    (root / "adapter").mkdir()
    (root / "adapter" / "adapter_config.json").write_text('{"peft_type": "LORA"}', encoding="utf-8")
    (root / "model" / "model.gguf").write_bytes(b"gguf")
    opened = open_lazily(root / "model", dtype="bfloat16")
    return root, opened
