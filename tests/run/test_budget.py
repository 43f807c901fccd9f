"""What a run's responses cost: prices and batch jobs before it, tokens and cost at its end."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from proctor.errors import UsageError
from proctor.models.dummy import DummyModel
from proctor.models.prices import Prices
from proctor.run.budget import report_usage, set_batches, set_budget
from proctor.run.token_counts import TokenCounts
from proctor.settings.config import RunConfig
from proctor.types import Usage


class Paid(DummyModel):
    """Notes what it is given."""

    name = "tiny"
    given = None

    def set_budget(self, prices, most):
        self.given = (prices, most)

    def use_batches(self, folder):
        self.given = ("use", folder)

    def watch_batches(self, folder):
        self.given = ("watch", folder)


@pytest.fixture
def prices(tmp_path):
    file = tmp_path / "prices.yaml"
    file.write_text("tiny: {prompt: 1, completion: 3}\n", encoding="utf-8")
    return str(file)


def test_the_model_gets_its_prices_and_the_limit(prices):
    model = Paid()
    expected = Prices(1.0, 3.0, cached=1.0, written=1.0)
    assert set_budget(model, RunConfig(prices=prices, max_cost=2.5)) == expected
    assert model.given == (expected, 2.5)


def test_without_prices_the_model_gets_none():
    model = Paid()
    assert set_budget(model, RunConfig()) is None
    assert model.given is None


def test_prices_of_a_model_that_costs_nothing_are_a_mistake(prices):
    with pytest.raises(UsageError, match=r"--prices are of models .* over HTTP; --model dummy is none"):
        set_budget(DummyModel(), RunConfig(model="dummy", prices=prices))


def test_prices_that_lack_the_model_are_a_mistake(prices):
    model = Paid()
    model.name = "other"
    with pytest.raises(UsageError, match="other"):
        set_budget(model, RunConfig(prices=prices))
    assert model.given is None


def test_what_counts_costs_does_not_go_with_a_pool(prices, tmp_path):
    config = RunConfig(model="openai-chat-completions", model_args={"pool": "ray"}, store=str(tmp_path / "a.sqlite"))
    with pytest.raises(UsageError, match="--prices and --max_cost: not with pool=ray"):
        set_budget(DummyModel(), replace(config, prices=prices))
    with pytest.raises(UsageError, match="--batch: not with pool=ray") as caught:
        set_batches(DummyModel(), replace(config, batch=True))
    assert "without" in caught.value.hint


@pytest.mark.parametrize(("batch", "verb"), [(True, "use"), (False, "watch")])
def test_batch_jobs_are_remembered_beside_the_store(tmp_path, batch, verb):
    model = Paid()
    set_batches(model, RunConfig(batch=batch, store=str(tmp_path / "a.sqlite")))
    assert model.given == (verb, tmp_path / "a.sqlite.batches")


def test_without_a_store_no_batch_job_is_known_and_none_begins():
    model = Paid()
    set_batches(model, RunConfig(no_store=True))
    assert model.given is None
    with pytest.raises(UsageError, match="beside the store, and this run has none"):
        set_batches(model, RunConfig(batch=True, no_store=True))


def test_a_model_without_batch_jobs(tmp_path):
    store = str(tmp_path / "a.sqlite")
    set_batches(DummyModel(), RunConfig(model="dummy", store=store))
    with pytest.raises(UsageError, match="--batch is for chat APIs; --model dummy is none"):
        set_batches(DummyModel(), RunConfig(model="dummy", batch=True, store=store))


def test_tokens_and_costs_are_told_task_by_task(caplog):
    caplog.set_level(logging.INFO, logger="proctor")
    usage = {"replies": 1200, "prompt_tokens": 5000, "cached_tokens": 100, "new_tokens": 70, "cost": 0.01234}
    paid = {"quiz": TokenCounts(2, Usage(1_000_000, 0, 2_000_000)), "silent": TokenCounts()}
    facts = report_usage({"usage": usage}, paid, Prices(1.0, 3.0, cached=1.0, written=1.0))
    # A task whose responses do not say their tokens is none of which they are known.
    [task] = facts["usage"].pop("tasks")
    assert facts == {"usage": usage}
    assert (task["task"], task["responses"], task["new_tokens"], task["cost"]) == ("quiz", 2, 2_000_000, 7.0)
    assert caplog.messages == [
        "1,200 replies took 5,000 tokens of prompts (100 of them cached) and 70 new ones. They cost 0.01234."
    ]


def test_reasoning_is_told_apart(caplog):
    caplog.set_level(logging.INFO, logger="proctor")
    assert report_usage({"usage": {"replies": 1, "reasoning_tokens": 1234}}, {}, None) == {
        "usage": {"replies": 1, "reasoning_tokens": 1234}
    }
    assert caplog.text.strip().endswith("0 new ones (1,234 of them reasoning).")


@pytest.mark.parametrize("report", [{}, {"usage": {}}, {"usage": None}])
def test_a_model_that_counts_no_tokens_says_nothing(caplog, report):
    caplog.set_level(logging.INFO, logger="proctor")
    assert report_usage(report, {"quiz": TokenCounts(1, Usage(1, 0, 1))}, None) == {}
    assert not caplog.messages
