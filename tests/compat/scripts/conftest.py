"""Two tasks as a script has them, and small models as HFLM; what is heavy is imported where it is used."""

from __future__ import annotations

import pytest

from proctor.compat.scripts.manager import TaskManager


@pytest.fixture
def exam(write_exam, tmp_path):
    return TaskManager(include_path=str(write_exam(tmp_path / "exam", "one", "two")))


@pytest.fixture(scope="module", params=("llama-bos", "neox", "mistral-sp", "t5"))
def lm(request, shared_models):
    from proctor.compat.scripts.huggingface import HFLM

    return HFLM(str(shared_models / request.param), dtype="float32", batch_size=3)


@pytest.fixture(scope="module")
def llama(shared_models):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from proctor.compat.scripts.huggingface import HFLM

    path = str(shared_models / "llama-bos")
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    return HFLM(pretrained=model, tokenizer=AutoTokenizer.from_pretrained(path))
