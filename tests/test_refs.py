"""References to Python: what they resolve to, and the sentence for each way in which they do not."""

import pytest

from proctor.errors import TaskError
from proctor.refs import Ref


def ref(folder, name):
    return Ref(str(folder), name, str(folder / "t.yaml"), 7)


def error_of(folder, name):
    with pytest.raises(TaskError) as caught:
        ref(folder, name).resolve()
    [finding] = caught.value.errors
    return finding


def test_a_file_beside_goes_before_a_module_that_is_installed(tmp_path):
    (tmp_path / "json.py").write_text("def dumps():\n    return 'mine'\n")
    assert ref(tmp_path, "json.dumps").resolve()() == "mine"
    assert ref(tmp_path, "os.path.join").resolve()("a", "b")
    assert ref(tmp_path, "lm_eval.api.metrics.mean").resolve()([1, 3]) == 2


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("f", "", "names no module"),
        ("mine.g", "def good(): pass", "has no 'g'"),
        ("nothing.g", "", "there is no file"),
        ("mine.g", "import nothing_of_this_name", "needs the module 'nothing_of_this_name', which is not installed"),
        ("mine.g", "raise ModuleNotFoundError('install x')", "failed: ModuleNotFoundError: install x"),
        ("mine.g", "1 / 0", "failed: ZeroDivisionError"),
        ("mine.g", "from .other import x", "failed: ImportError: there is no"),
        ("lm_eval.utils.g", "", "has no 'g'"),
        ("lm_eval.nothing.g", "", "serves no module 'lm_eval.nothing'"),
        ("lm_eval.tasks.nothing.g", "", "there is no 'lm_eval.tasks.nothing' among the task folders"),
    ],
)
def test_every_failure_is_a_sentence_with_a_place(tmp_path, name, text, said):
    (tmp_path / "mine.py").write_text(text)
    finding = error_of(tmp_path, name)
    assert said in finding.message
    assert (finding.file, finding.line) == (str(tmp_path / "t.yaml"), 7)


def test_a_module_that_ends_the_program_is_a_error_of_its_file(tmp_path):
    (tmp_path / "mine.py").write_text("import sys\nsys.exit('install swipl')\n")
    assert "called sys.exit('install swipl') (" in error_of(tmp_path, "mine.g").message


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_a_file_of_another_encoding_says_how_to_name_it(tmp_path, encoding):
    (tmp_path / "mine.py").write_bytes('def g():\n    return "정답"\n'.encode(encoding))
    finding = error_of(tmp_path, "mine.g")
    assert "coding: cp949" in (finding.hint or "")
    (tmp_path / "mine2.py").write_bytes('# -*- coding: cp949 -*-\ndef g():\n    return "정답"\n'.encode("cp949"))
    assert ref(tmp_path, "mine2.g").resolve()() == "정답"


def test_a_module_that_is_not_there_has_the_one_that_is_meant(tmp_path):
    (tmp_path / "utils.py").write_text("def f(): pass\n")
    assert error_of(tmp_path, "util.f").hint == "Did you mean 'utils'?"
    assert error_of(tmp_path, "utils.py.f").hint == "Leave out '.py': '!function utils.f'."
