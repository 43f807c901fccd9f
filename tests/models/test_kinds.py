"""The door to models: names, batch sizes, where a knob may stand, the dummy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from proctor.errors import UsageError
from proctor.models import MODELS, open_model


def test_lm_evals_names_are_there():
    assert {"hf", "hf-auto", "huggingface", "dummy"} <= set(MODELS)


def test_an_unknown_kind_is_a_sentence():
    with pytest.raises(UsageError, match="no model named 'dumy'") as caught:
        open_model("dumy", {})
    assert caught.value.hint == "Did you mean 'dummy'?"


def test_the_door_is_light():
    code = (
        "import sys, proctor.models, proctor.models.hf, proctor.models.tokens.tokenizer, proctor.models.generation; "
        + ("print([name for name in ('torch', 'transformers', 'numpy') if name in sys.modules])")
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
