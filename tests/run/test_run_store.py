"""Runs and their store: resuming is running again, and nothing is asked that is known."""

from __future__ import annotations

import json
import logging
import os

import pytest
from oracle import Oracle

from proctor.errors import ModelError
from proctor.run.progress import Quiet
from proctor.run.run_store import path_of, settings_of
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.store.db import connect
from proctor.store.response_cache import ResponseCache
from proctor.store.runs import list_runs


@pytest.fixture
def exam(tmp_path, write_exam):
    return write_exam(tmp_path / "exam", "one", documents=20)


@pytest.fixture
def run(exam, tmp_path):
    def run(model, *names, store="answers.sqlite", **options):
        tasks = [str(exam / f"{name}.yaml") for name in names or ("one",)]
        settings = {"no_store": True} if store is None else {"store": str(tmp_path / store)}
        config = build_config({"model": "dummy", "tasks": tasks, **settings, **options})
        return evaluate(config, progress=Quiet, bootstrap_iters=0, keep_records=True, opened=model)

    return run


def runs_of(tmp_path, store="answers.sqlite"):
    connection = connect(tmp_path / store)
    try:
        return list_runs(connection)
    finally:
        connection.close()


def test_a_second_run_asks_nothing(run, caplog):
    caplog.set_level(logging.INFO, logger="proctor")
    first, second = Oracle(), Oracle()
    results = [run(model) for model in (first, second)]
    assert len(first.asked) == 20
    assert second.asked == []
    assert results[0].records == results[1].records
    assert results[0].tasks == results[1].tasks
    assert "The responses to 40 of 40 requests are cached" in caplog.text


@pytest.mark.parametrize("error", [KeyboardInterrupt, ModelError("broken"), MemoryError], ids=str)
@pytest.mark.parametrize("stop", [0, 1, 7, 19])
def test_a_run_that_stopped_goes_on(run, tmp_path, error, stop):
    undisturbed = run(Oracle(), store="other.sqlite")
    first, second = Oracle(stop=stop, error=error), Oracle()
    with pytest.raises(error if isinstance(error, type) else type(error)) as caught:
        run(first)
    result = run(second)
    assert (len(first.asked), len(second.asked)) == (stop, 20 - stop)
    assert result.records == undisturbed.records
    states = [one.state for one in runs_of(tmp_path)]
    assert states == ["interrupted" if error is KeyboardInterrupt else "failed", "finished"]
    if error is KeyboardInterrupt:
        (note,) = caught.value.__notes__
        assert note.startswith(f"the responses to {2 * stop} of 40 requests are cached; the same command continues: ")


def test_another_model_is_asked_itself(run):
    run(Oracle())
    other = Oracle({"weights": "abd"})
    run(other)
    assert len(other.asked) == 20


def test_without_identity_or_without_store_nothing_is_kept(run, tmp_path):
    class Nameless(Oracle):
        identity = property(lambda self: None, lambda self, value: None)

    for _ in range(2):
        nameless, storeless = Nameless(), Oracle()
        run(nameless)
        run(storeless, store=None)
        assert len(nameless.asked) == len(storeless.asked) == 20
    assert [one.digest for one in runs_of(tmp_path)] == [None, None]


def test_a_changed_prompt_is_asked(run, exam):
    run(Oracle())
    file = exam / "one.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("{{question}}", "{{question}}?"), encoding="utf-8")
    model = Oracle()
    run(model)
    assert len(model.asked) == 20
    assert all("?" in request.context for request in model.asked)


def test_one_more_choice_is_all_that_is_asked(run, exam):
    run(Oracle())
    rows = [json.loads(line) for line in (exam / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    more = [json.dumps({**row, "choices": ["b", "c", "a"]}) for row in rows]
    (exam / "test.jsonl").write_text("\n".join(more), encoding="utf-8")
    model, fresh = Oracle(), Oracle()
    found = run(model)
    assert {request.continuations for request in model.asked} == {(" c",)}
    assert found.records == run(fresh, store=None).records


def test_what_was_run_is_written_down(run, exam, tmp_path):
    run(Oracle(), limit=5)
    (one,) = runs_of(tmp_path)
    assert (one.state, one.name, one.requested, one.cached) == ("finished", "oracle", 5, 0)
    assert one.config["tasks"] == [str(exam / "one.yaml")]
    assert one.config["limit"] == 5.0
    assert one.folder == os.getcwd()


def test_a_broken_store_costs_no_run(run, tmp_path, caplog):
    run(Oracle())
    (tmp_path / "answers.sqlite").write_bytes(b"x" * 10_000)
    model = Oracle()
    run(model)
    assert len(model.asked) == 20
    assert "set aside as" in caplog.text
    again = Oracle()
    run(again)
    assert again.asked == []


def test_facts_of_a_model_that_is_not_asked_are_remembered(run):
    class Lazy(Oracle):
        def recall(self, facts):
            self.info = {**facts, "recalled": True}

    run(Lazy())
    model = Lazy()
    run(model)
    assert model.info == {"model_dtype": "torch.float32", "recalled": True}


# where it is, and what is said of a run


def test_which_store_a_run_has(tmp_path, monkeypatch):
    def path(**settings):
        return path_of(build_config({"tasks": ["a"], "model": "dummy", **settings}))

    assert path() is None
    monkeypatch.setenv("PROCTOR_STORE", str(tmp_path / "named.sqlite"))
    assert path() == tmp_path / "named.sqlite"
    monkeypatch.delenv("PROCTOR_STORE")
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path))
    assert path() == tmp_path / "answers.sqlite"
    assert path(store=str(tmp_path / "mine.db")) == tmp_path / "mine.db"
    assert path(use_cache=str(tmp_path / "prefix")) == tmp_path / "prefix.sqlite"
    assert path(no_store=True) is None


def test_secrets_are_not_written_down():
    secret = "hf_" + "aB3" * 8
    config = build_config({"tasks": ["a"], "model_args": {"pretrained": "x", "token": secret, "other": object()}})
    assert secret not in json.dumps(settings_of(config))
    assert settings_of(config)["model_args"]["other"] == "<object>"
    assert settings_of(config)["seed"] == {"python": 0, "numpy": 1234, "torch": 1234, "fewshot": 1234}


@pytest.mark.parametrize("stop", [7, None], ids=["while answering", "at the end"])
def test_whoever_stops_twice_loses_nothing(run, monkeypatch, stop):
    """The second Ctrl-C comes while the answers are committed: they are, and the sentence is said."""
    from proctor.store.store import Store

    whole, calls = Store.flush, []

    def impatient(self):
        calls.append(self)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return whole(self)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "flush", impatient)
        with pytest.raises(KeyboardInterrupt) as caught:
            run(Oracle(stop=stop))
    assert len(calls) == 2
    if stop:
        assert caught.value.__notes__[0].startswith("the responses to 14 of 40 requests are cached; ")
    second = Oracle()
    run(second)
    assert len(second.asked) == (20 - stop if stop else 0)


def test_a_stop_between_an_answer_and_its_keeping_promises_no_more_than_is_stored(run, monkeypatch):
    whole, kept = ResponseCache.keep, []

    def stopped(self, query, response):
        if len(kept) == 7:
            raise KeyboardInterrupt
        kept.append(query)
        whole(self, query, response)

    with monkeypatch.context() as patch:
        patch.setattr(ResponseCache, "keep", stopped)
        with pytest.raises(KeyboardInterrupt) as caught:
            run(Oracle())
    assert caught.value.__notes__[0].startswith("the responses to 14 of 40 requests are cached; ")
    second = Oracle()
    run(second)
    assert len(second.asked) == 13


@pytest.mark.parametrize("stage", ["proctor.run.session.summarize", "proctor.run.run_store.RunStore.facts"])
def test_a_stop_after_the_last_response_says_that_all_are_cached(run, monkeypatch, stage):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(stage, stopped)
    with pytest.raises(KeyboardInterrupt) as caught:
        run(Oracle())
    [note] = caught.value.__notes__
    assert note.startswith("the responses to 40 of 40 requests are cached; the same command continues: ")


def test_a_stop_of_a_run_whose_responses_are_not_cached_promises_nothing(run):
    model = Oracle(stop=7)
    model.identity = None
    with pytest.raises(KeyboardInterrupt) as caught:
        run(model)
    [note] = caught.value.__notes__
    assert note.startswith("the same command begins again: ")
