"""Every public name of lm-eval 0.4.13 can be imported from proctor, or a sentence says why not."""

from __future__ import annotations

import pytest
from lm_eval_names import NAMES, served

from proctor.alias import import_peer
from proctor.compat.absent import reason

INSIDE = {
    "lm_eval.evaluator": {"DEFAULT_OTHER_SEED", "DEFAULT_RANDOM_SEED", "LMEVAL_HASHMM"},
    "lm_eval.caching.cache": {
        *("CACHE_KEY_HASH_LEN", "FILE_SUFFIX", "HASH_INPUT", "HASH_PREFIX"),
        *("MAX_CACHE_FILENAME_BYTES", "MODULE_DIR", "OVERRIDE_PATH", "PATH"),
    },
    "lm_eval.models.huggingface": {
        *("DEFAULT_MAX_LENGTH", "TOKENIZER_INFINITY"),
        *("MODEL_FOR_CAUSAL_LM_MAPPING_NAMES", "MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES"),
    },
}
"""Constants of lm-eval's own insides, which need no sentence of their own."""


@pytest.mark.parametrize("module", NAMES)
def test_a_name_is_served_or_there_is_a_reason(module):
    unserved = [name for name in (None, *NAMES[module]) if not served(module, name)]
    silent = [name for name in unserved if reason(f"{module}.{name}" if name else module) is None]
    assert [name for name in silent if name not in INSIDE.get(module, ())] == []


@pytest.mark.parametrize("module", sorted(name for name in NAMES if served(name)))
def test_what_a_face_lists_is_there(module):
    face = import_peer(module)
    assert [name for name in dir(face) if not hasattr(face, name)] == []


@pytest.mark.parametrize("name", ["tasks", "evaluator", "utils", "models", "loggers", "evaluator_utils", "prompts"])
def test_a_module_is_there_where_only_the_package_was_imported(name, monkeypatch):
    package = import_peer("lm_eval")
    monkeypatch.delitem(vars(package), name, raising=False)
    assert getattr(package, name) is import_peer(f"lm_eval.{name}")
