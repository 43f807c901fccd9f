"""Every public name of lm-eval 0.4.13 can be imported from proctor, or a sentence says why not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from proctor.alias import NotServedError, import_peer
from proctor.compat.absent import ABSENT, reason

NAMES = json.loads((Path(__file__).parent / "goldens" / "names.json").read_text(encoding="utf-8"))
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


def served(module: str, name: str | None = None) -> bool:
    try:
        found = import_peer(module)
    except NotServedError:
        return False
    return name is None or hasattr(found, name)


@pytest.mark.parametrize("module", NAMES)
def test_a_name_is_served_or_there_is_a_reason(module):
    unserved = [name for name in (None, *NAMES[module]) if not served(module, name)]
    silent = [name for name in unserved if reason(f"{module}.{name}" if name else module) is None]
    assert [name for name in silent if name not in INSIDE.get(module, ())] == []


def test_nothing_that_is_served_is_said_to_be_absent():
    everything = {*NAMES, *(f"{module}.{name}" for module, names in NAMES.items() for name in names)}
    claimed = [name for name in everything if reason(name)]
    assert claimed
    for name in claimed:
        above, _, last = name.rpartition(".")
        assert [served(name), served(above, last)] == [False, False], name


def test_every_reason_is_about_a_name_of_lm_eval():
    known = {*NAMES, *(f"{module}.{name}" for module, names in NAMES.items() for name in names)}
    assert [name for name in ABSENT if name not in known] == []
    assert reason("lm_eval.api.task") is None


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("from lm_eval.models.gguf import get_result", "proctor does not serve lm_eval.models.gguf.get_result: "),
        ("from lm_eval.decontamination import archiver", "does not serve lm_eval.decontamination.archiver: "),
        ("from lm_eval._cli.harness import HarnessCLI", "lm_eval.__main__.cli_evaluate runs it"),
        ("from lm_eval.evaluator_utils import EvalAcc", "which lm_eval.evaluator.evaluate takes as a whole"),
        ("from lm_eval.evaluator_utils import get_sample_sise", "Did you mean 'get_sample_size'?"),
        ("import lm_eval.nothing", "proctor serves no module 'lm_eval.nothing'"),
    ],
)
def test_an_import_that_fails_says_why(code, said, tmp_path):
    file = tmp_path / "asks.py"
    file.write_text(code)
    from proctor.alias import load_file

    with pytest.raises(ImportError, match=re.escape(said)):
        load_file(file)


@pytest.mark.parametrize("module", sorted(name for name in NAMES if served(name)))
def test_what_a_face_lists_is_there(module):
    face = import_peer(module)
    assert [name for name in dir(face) if not hasattr(face, name)] == []


@pytest.mark.parametrize("name", ["tasks", "evaluator", "utils", "models", "loggers", "evaluator_utils", "prompts"])
def test_a_module_is_there_where_only_the_package_was_imported(name, monkeypatch):
    package = import_peer("lm_eval")
    monkeypatch.delitem(vars(package), name, raising=False)
    assert getattr(package, name) is import_peer(f"lm_eval.{name}")
