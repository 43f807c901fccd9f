"""``import evaluate`` in a task file: proctor's own metrics by name, the package's for the rest."""

import sys
import types

import pytest

from proctor.alias import load_file
from proctor.errors import MissingExtraError
from proctor.metrics.evaluate_loader import OWN

MINE = """
import evaluate
import evaluate as hf_evaluate
from evaluate import load
metric = evaluate.load("exact_match")
"""


@pytest.fixture
def package(monkeypatch):
    """A package ``evaluate`` that is installed, or None where it is to be missing."""

    def install(module):
        monkeypatch.setitem(sys.modules, "evaluate", module)

    return install


def task_file(tmp_path, text=MINE):
    (tmp_path / "mine.py").write_text(text)
    return load_file(tmp_path / "mine.py")


def test_own_metrics_need_no_package(tmp_path, package):
    package(None)
    module = task_file(tmp_path)
    assert module.evaluate is module.hf_evaluate
    assert module.load("accuracy").compute(predictions=[1, 0], references=[1, 1]) == {"accuracy": 0.5}
    for prediction, reference in (("a", "a"), ("b", "c")):
        module.metric.add(prediction=prediction, reference=reference)
    module.metric.add_batch(predictions=["d", "e"], references=["d", "e"])
    assert module.metric.compute() == {"exact_match": 0.75}
    assert module.metric.compute(predictions=["a"], references=["a"]) == {"exact_match": 1.0}


def test_a_metric_of_the_package_that_is_missing_is_a_sentence(tmp_path, package):
    package(None)
    module = task_file(tmp_path)
    with pytest.raises(
        MissingExtraError, match="'bertscore' comes from the package 'evaluate', which is not installed"
    ):
        module.load("bertscore")
    with pytest.raises(AttributeError, match="has no 'combine', and the package of that name is not installed"):
        module.evaluate.combine(["f1"])
    with pytest.raises(ImportError, match="has no 'combine'"):
        task_file(tmp_path, "from evaluate import combine")


def test_the_rest_is_the_packages(tmp_path, package):
    asked = []
    fake = types.ModuleType("evaluate")
    fake.load = lambda *words, **options: asked.append((words, options)) or "theirs"
    fake.combine = "combined"
    package(fake)
    module = task_file(tmp_path)
    assert module.load("bleurt", "bleurt-base-512", module_type="metric") == "theirs"
    assert asked == [(("bleurt", "bleurt-base-512"), {"module_type": "metric"})]
    assert module.evaluate.combine == "combined"


@pytest.mark.parametrize("name", sorted(OWN))
def test_every_row_can_be_loaded(name):
    assert callable(OWN.get(name))
