"""Names of lm-eval that are not served: each has a reason, and an import that fails says it."""

from __future__ import annotations

import re

import pytest
from lm_eval_names import NAMES, served

from proctor.compat.absent import ABSENT, reason


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
