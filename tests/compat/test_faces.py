"""Modules of lm-eval are made from the table: once, with what was asked for and no more."""

import importlib.util
import subprocess
import sys

import pytest

from proctor.alias import import_peer
from proctor.compat.faces import FaceModule, file_of_face, load_face, served_modules


def test_a_module_is_one_object_whichever_way_it_is_reached():
    package = import_peer("lm_eval")
    assert package.api.registry is load_face("lm_eval.api.registry") is import_peer("lm_eval.api.registry")
    assert package.evaluator.simple_evaluate is package.simple_evaluate
    assert load_face("lm_eval.nothing") is None


def test_a_module_with_code_is_itself():
    """What a script replaces in it is replaced for its functions, too."""
    import proctor.compat.scripts.model as module

    assert import_peer("lm_eval.api.model") is module
    assert type(module) is FaceModule


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'lm_eval.models' has no attribute 'gguff'"):
        _ = import_peer("lm_eval.models").gguff
    with pytest.raises(AttributeError, match=r"module 'lm_eval.tasks' has no attribute 'nowhere'"):
        _ = import_peer("lm_eval.tasks").nowhere


def test_a_star_takes_names_and_no_modules():
    taken = import_peer("lm_eval.utils").__all__
    assert {"general_detokenize", "make_table", "hash_string"} <= set(taken)
    assert not {"logging", "re", "need", "annotations"} & set(taken)


@pytest.mark.parametrize("name", served_modules())
def test_the_file_of_a_face_is_known_without_it(name):
    assert file_of_face(name) == import_peer(name).__file__


PROGRAM = """
import sys
from pathlib import Path
from proctor.alias import load_file
load_file(Path(sys.argv[1]))
print(sorted(name for name in sys.modules if name.startswith("proctor.compat.scripts.")), "torch" in sys.modules)
"""


def test_task_files_load_nothing_that_is_for_scripts(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(
        "from lm_eval.utils import general_detokenize\nfrom lm_eval.filters.extraction import RegexFilter\n"
        "from lm_eval.api.task import ConfigurableTask\nfrom lm_eval.api.group import ConfigurableGroup\n"
    )
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout == "['proctor.compat.scripts.unsupported'] False\n"


def test_a_served_package_is_found(tmp_path):
    code = "import importlib.util, lm_eval; print(importlib.util.find_spec('lm_eval').name)"
    words = [sys.executable, "-m", "proctor.compat", "-c", code]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "lm_eval\n"
    assert importlib.util.find_spec("proctor.compat.faces") is not None
