"""Which question a sampler of a class's own is handed: lm-eval's rule, an example split that is the test split."""

from typing import ClassVar

import datasets
import pytest

from proctor.compat.scripts.evaluator import evaluate, simple_evaluate
from proctor.compat.scripts.manager import TaskManager
from proctor.compat.scripts.model import LM
from proctor.compat.tasks.configurable import ConfigurableTask
from proctor.compat.tasks.samplers import ContextSampler

SPLITS = ("train", "validation", "test")
ROWS = [{"q": f"{number}?", "a": f" {number}"} for number in range(4)]


class Recording(ContextSampler):
    handed: ClassVar[list] = []

    def sample(self, n, eval_doc=None, df=None, **kwargs):
        self.handed.append(eval_doc)
        return super().sample(n, eval_doc=eval_doc)


class Own(ConfigurableTask):
    def download(self, dataset_kwargs=None, **kwargs):
        self.dataset = datasets.DatasetDict(dict.fromkeys(SPLITS, datasets.Dataset.from_list(ROWS)))


def config(**splits):
    fields = {"doc_to_text": "{{q}}", "doc_to_target": "{{a}}", "output_type": "loglikelihood", "dataset_path": "own"}
    return {"task": "own", **fields, "num_fewshot": 1, "fewshot_config": {"sampler": Recording}, **splits}


CASES = [
    ({"test_split": "test", "fewshot_split": "train"}, False),
    ({"test_split": "test", "fewshot_split": "test"}, True),
    ({"test_split": "test", "training_split": "train"}, False),
    ({"validation_split": "validation", "fewshot_split": "validation"}, False),
    ({"validation_split": "validation", "training_split": "train"}, True),
    ({"test_split": "test"}, False),
]


@pytest.fixture(autouse=True)
def handed(monkeypatch):
    monkeypatch.setattr(Recording, "handed", [])
    return Recording.handed


@pytest.mark.parametrize(("splits", "is_handed"), CASES)
def test_by_its_own_method(splits, is_handed, handed):
    task = Own(config=config(**splits))
    task.set_fewshot_seed(3)
    task.fewshot_context(ROWS[2], 1)
    assert handed == [ROWS[2] if is_handed else None]


class Constant(LM):
    def loglikelihood(self, requests):
        return [(-1.0, False)] * len(requests)

    def loglikelihood_rolling(self, requests):
        raise NotImplementedError

    generate_until = loglikelihood_rolling


@pytest.mark.parametrize(("splits", "is_handed"), CASES)
@pytest.mark.parametrize("as_object", [True, False])
def test_in_a_run(splits, is_handed, handed, as_object):
    if as_object:
        task = Own(config=config(**splits))
        task.set_fewshot_seed(3)
        evaluate(Constant(), {"own": task}, limit=2, bootstrap_iters=0)
    else:
        given = {
            **config(**splits),
            "custom_dataset": lambda **kwargs: datasets.DatasetDict(
                dict.fromkeys(SPLITS, datasets.Dataset.from_list(ROWS))
            ),
        }
        simple_evaluate(Constant(), tasks=[given], limit=2, bootstrap_iters=0, task_manager=TaskManager())
    assert handed == (ROWS[:2] if is_handed else [None, None])
