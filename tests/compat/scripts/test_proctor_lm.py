"""One of proctor's models as lm-eval's kind of model."""

from __future__ import annotations

import pytest

from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.lm_model import as_model
from proctor.compat.scripts.proctor_lm import DummyLM, ProctorLM
from proctor.compat.tasks.instance import Instance
from proctor.errors import ModelError
from proctor.models.dummy import DummyModel
from proctor.types import Refusal, Scores


def test_one_of_proctors_models_is_one_of_lm_evals_kind(exam):
    lm = ProctorLM(DummyModel())
    pairs = [Instance("loglikelihood", {}, ("a", text), 0) for text in "bcd"]
    assert len(lm.loglikelihood(pairs)) == 3
    assert lm.generate_until([Instance("generate_until", {}, ("a", {}), 0)]) == ["lol"]
    assert lm.loglikelihood_rolling([Instance("loglikelihood_rolling", {}, ("a",), 0)])[0] < 0
    assert as_model(lm) is lm.model
    assert set(simple_evaluate(DummyLM(), tasks=["one"], task_manager=exam)["results"]) == {"one"}


class Counting(DummyModel):
    """Responds in reverse, as models may, and notes what it is sent."""

    def __init__(self, refuse=None):
        self.requests, self.refuse = [], refuse

    def respond(self, requests):
        self.requests += requests
        for number in reversed(range(len(requests))):
            if number == self.refuse:
                yield number, Refusal("too long")
            else:
                values = [(-float(ord(text)), False) for text in requests[number].continuations]
                yield number, Scores(tuple(values))


def pairs(*texts):
    return [Instance("loglikelihood", {}, tuple(text), 0) for text in texts]


def test_neighbours_of_one_context_are_one_request_and_values_are_in_order():
    model = Counting()
    values = ProctorLM(model).loglikelihood(pairs("xa", "xb", "yc", "xd"))
    assert values == [(-97.0, False), (-98.0, False), (-99.0, False), (-100.0, False)]
    assert [request.continuations for request in model.requests] == [("a", "b"), ("c",), ("d",)]
    assert ProctorLM(model).loglikelihood([]) == []


def test_a_refused_request_is_an_error_for_a_script():
    with pytest.raises(ModelError, match="'dummy' refused a request: too long"):
        ProctorLM(Counting(refuse=1)).loglikelihood(pairs("xa", "yb"))


def test_a_derived_class_may_compute_otherwise_and_is_no_engine():
    model = DummyModel()
    assert ProctorLM(model).engine() is model
    assert type("Mine", (ProctorLM,), {})(model).engine() is None


def test_chats_and_facts_are_those_of_the_model():
    lm = ProctorLM(DummyModel())
    assert lm.apply_chat_template([{"role": "user", "content": "hi"}]) == "<|user|>\nhi\n<|assistant|>\n"
    assert (lm.chat_template(), lm.chat_template(True)) == (None, "")
    assert (lm.tokenizer, lm.tokenizer_name, lm.get_model_info()) == (None, "", {})
