"""``simple_evaluate`` takes what scripts hand it: devices, numbers of numpy, paths, tuples and generators."""

import numpy as np
import pytest
import torch

from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.manager import TaskManager
from proctor.models.dummy import DummyModel
from proctor.run import script_ranks
from proctor.tasks.index import BUNDLED

DEMO = BUNDLED / "demo"
NAME = "demo_letter_folk"


@pytest.fixture(scope="module")
def manager():
    return TaskManager(include_path=DEMO, include_defaults=False)


@pytest.mark.parametrize(
    "given",
    [
        {"device": torch.device("cpu")},
        {"batch_size": np.int64(2)},
        {"max_batch_size": np.int32(2), "batch_size": "auto"},
        {"limit": np.float64(2.0)},
        {"limit": None, "samples": {NAME: [np.int64(0), 1]}},
        {"limit": None, "samples": {NAME: np.arange(2)}},
        {"num_fewshot": np.int64(1)},
        {"bootstrap_iters": np.int64(0)},
        {"tasks": (NAME,)},
        {"tasks": (name for name in [NAME])},
        {"tasks": {NAME: None}.keys()},
        {"tasks": {NAME}},
        {"tasks": NAME},
        {"tasks": np.array([NAME])},
        {"tasks": [DEMO / "demo_letter_folk.yaml"]},
        {"random_seed": np.int64(3), "numpy_random_seed": np.int64(3)},
        {"metadata": {"a": 1}},
    ],
    ids=lambda given: "-".join(given),
)
def test_it_is_taken(manager, given):
    settings = {"tasks": [NAME], "limit": 2, "bootstrap_iters": 0, "task_manager": manager, **given}
    results = simple_evaluate("dummy", **settings)
    assert results["n-samples"][NAME]["effective"] == 2


def test_a_rank_that_is_not_0_responds_for_it_and_does_not_come_back(manager, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setattr(script_ranks, "follow", lambda ranks: 7)
    given = {"tasks": [NAME], "limit": 2, "bootstrap_iters": 0, "task_manager": manager}
    with pytest.raises(SystemExit) as end:
        simple_evaluate("hf", model_args=f"pretrained={DEMO / 'model'}", **given)
    assert end.value.code == 7
    # What ranks cannot compute together, and objects, each process evaluates.
    assert simple_evaluate("dummy", **given)["n-samples"][NAME]["effective"] == 2
    assert simple_evaluate(DummyModel(), **given)["n-samples"][NAME]["effective"] == 2


@pytest.mark.parametrize("dtype", [torch.float32, "float32"])
def test_model_args_may_hold_objects(manager, dtype):
    args = {"pretrained": DEMO / "model", "dtype": dtype, "device": torch.device("cpu")}
    results = simple_evaluate("hf", model_args=args, tasks=[NAME], limit=1, bootstrap_iters=0, task_manager=manager)
    assert results["config"]["model_dtype"] is torch.float32
