"""The functions that reading tasks take from transformers, also where transformers has them no longer."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.alias import load_file
from proctor.compat.tasks import squad_metrics

pytest.importorskip("transformers")


@pytest.mark.parametrize(
    ("gold", "answer", "exact", "f1"),
    [
        ("The  Cat!", "cat", 1, 1),
        ("a cat", "the dog", 0, 0),
        ("black cat", "white cat", 0, 0.5),
        ("black cat sat", "cat", 0, 0.5),
        ("", "", 1, 1),
        ("", "cat", 0, 0),
        ("the", "a", 1, 1),
        ("the", "cat", 0, 0),
    ],
)
def test_answers_are_compared_without_case_punctuation_and_articles(gold, answer, exact, f1):
    assert squad_metrics.compute_exact(gold, answer) == exact
    assert squad_metrics.compute_f1(gold, answer) == pytest.approx(f1)


@given(st.text(max_size=20), st.text(max_size=20))
def test_both_figures_are_symmetric_shares_and_equal_answers_have_both(one, other):
    f1 = squad_metrics.compute_f1(one, other)
    assert 0 <= f1 <= 1
    assert f1 == pytest.approx(squad_metrics.compute_f1(other, one))
    assert squad_metrics.compute_exact(one, other) == squad_metrics.compute_exact(other, one)
    if squad_metrics.compute_exact(one, other):
        assert f1 == 1


@pytest.mark.parametrize(
    "text",
    [
        "import transformers.data.metrics.squad_metrics as squad",
        "from transformers.data.metrics import squad_metrics as squad",
        "from transformers.data.metrics.squad_metrics import compute_f1\n\n\nclass squad:\n    f1 = compute_f1",
        "import transformers.data.metrics.squad_metrics\nsquad = transformers.data.metrics.squad_metrics\n"
        "from transformers import __version__\nassert transformers.__version__ == __version__",
    ],
)
def test_a_task_file_imports_them_in_any_way(tmp_path, text):
    (tmp_path / "mine.py").write_text(f"{text}\nf1 = getattr(squad, 'compute_f1', None) or squad.f1\n")
    assert load_file(tmp_path / "mine.py").f1("black cat", "white cat") == 0.5
    assert not hasattr(sys.modules["transformers.data"], "squad_metrics"), "nothing of transformers is changed"


def test_another_module_that_is_missing_stays_missing(tmp_path):
    (tmp_path / "mine.py").write_text("import transformers.data.nothing_of_this_name\n")
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        load_file(tmp_path / "mine.py")
