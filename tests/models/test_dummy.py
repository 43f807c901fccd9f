"""The model without weights: it responds to everything, and repeats under a seed."""

from __future__ import annotations

import random

from proctor.models import open_model
from proctor.types import Generate, Loglikelihood, Rolling, RollingScore, Scores, Text


def test_the_dummy_answers_everything_and_repeats_under_a_seed():
    model = open_model("dummy", {"anything": 1}, batch_size="auto", device="cuda:7")
    requests = [Generate("p", {}), Loglikelihood("c", ("a", "b")), Rolling("t")]
    runs = []
    for _ in range(2):
        random.seed(7)
        runs.append(dict(model.respond(requests)))
    assert runs[0] == runs[1]
    scores = runs[0][1]
    assert isinstance(scores, Scores)
    assert len(scores.values) == 2
    assert all(value <= 0 and greedy is False for value, greedy in scores.values)
    assert runs[0][0] == Text("lol", "stop")
    assert isinstance(runs[0][2], RollingScore)
    assert model.chat_template(True) == ""
    turns = [{"role": "user", "content": "hi"}]
    assert model.render(turns, add_generation_prompt=True).endswith("<|assistant|>\n")
    assert model.report()["truncated"] == {}
    model.close()


def test_the_dummy_has_no_identity():
    assert open_model("dummy", {}).identity is None
