"""Models that a script registers by name."""

from __future__ import annotations

import pytest
from length_model import Lengths

from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.lm_model import LMModel
from proctor.compat.scripts.registry import Opener, register_model
from proctor.errors import UsageError
from proctor.models import open_model


def test_a_registered_class_is_a_kind_of_model(exam):
    register_model("lengths-of-this-test")(Lengths)
    results = simple_evaluate("lengths-of-this-test", "factor=2", tasks=["one"], task_manager=exam)
    assert results["samples"]["one"][0]["resps"][0] == [(-4.0, False)]
    assert results["config"]["model_args"] == "factor=2"
    with pytest.raises(UsageError, match="takes no device"):
        open_model("lengths-of-this-test", {}, device="cuda:0")
    assert isinstance(open_model("lengths-of-this-test", {"factor": 3}, batch_size=1), LMModel)


def test_settings_of_the_run_reach_a_class_that_takes_them():
    class Sized(Lengths):
        def __init__(self, batch_size=4, device="cpu", **kwargs):
            super().__init__()
            self.given = (batch_size, device, kwargs)

    model = Opener(Sized)({"x": 1}, batch_size=2, max_batch_size=None, device=None, threads=None)
    assert model.lm.given == (2, "cpu", {"x": 1})
