"""Batch jobs in both vendors' forms: bound by name, remembered, and nothing is paid for twice."""

from __future__ import annotations

import pytest
from stub_api import Serving, error
from stub_batches import BatchStub

from proctor.cli.main import main
from proctor.errors import ModelError, UsageError
from proctor.models import open_model
from proctor.models.http import batch_memory, batches
from proctor.models.http.batch_memory import BatchJob, BatchMemory
from proctor.models.http.meter import BudgetError
from proctor.models.prices import Prices
from proctor.models.protocols import BatchModel
from proctor.types import Generate, Refusal, Text

REQUESTS = [Generate(f"say {number}", {"max_gen_toks": 4}) for number in range(8)]
EXPECTED = [f"echo say {number}" for number in range(8)]
KINDS = ["local-chat-completions", "anthropic-chat"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(batches, "FIRST_WAIT", 0.01)


@pytest.fixture
def stub():
    with Serving(BatchStub()) as serving:
        yield serving


@pytest.fixture(params=KINDS)
def make(request, stub, tmp_path):
    def make(folder="jobs", kind=request.param, **args):
        model = open_model(kind, {"model": "tiny", "base_url": stub.url, **args})
        assert isinstance(model, BatchModel)
        model.use_batches(tmp_path / folder)
        return model

    return make


def at_once(stub):
    """Requests that were sent one by one."""
    return sum("messages" in payload for _, payload in stub.requests)


def test_all_but_the_first_are_one_job_and_each_has_its_own_reply(stub, make):
    model = make()
    responses = dict(model.respond(REQUESTS))
    assert [responses[place].text for place in range(8)] == EXPECTED
    assert (at_once(stub), [len(job) for job in stub.jobs.values()]) == (1, [7])
    assert model.report()["usage"]["replies"] == 8
    assert model.report()["generation"]["usage"]["texts"] == 8


def test_a_killed_run_finds_its_job_and_sends_nothing_again(stub, make, monkeypatch):
    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(batches.time, "sleep", killed)
        seen = {}
        with pytest.raises(KeyboardInterrupt):
            for index, response in make().respond(REQUESTS):
                seen[index] = response
    assert list(seen) == [0]
    responses = dict(make().respond(REQUESTS[1:]))
    assert [responses[place].text for place in range(7)] == EXPECTED[1:]
    assert (at_once(stub), len(stub.jobs)) == (1, 1)


def test_new_requests_are_a_job_of_their_own_beside_a_remembered_one(stub, make):
    list(make().respond(REQUESTS[:5]))
    responses = dict(make().respond(REQUESTS[2:]))
    assert [responses[place].text for place in range(6)] == EXPECTED[2:]
    assert [len(job) for job in stub.jobs.values()] == [4, 3]


def test_what_fails_in_a_job_is_refused_and_is_sent_again(stub, make):
    stub.wrong, stub.late = frozenset({"say 3"}), frozenset({"say 5"})
    responses = dict(make().respond(REQUESTS))
    assert [place for place, one in responses.items() if isinstance(one, Refusal)] == [3, 5]
    assert "I do not like this" in responses[3].why
    assert (responses[3].retryable, responses[5].retryable) == (False, True)
    stub.wrong = stub.late = frozenset()
    again = dict(make().respond([REQUESTS[3], REQUESTS[5]]))
    assert [again[place].text for place in range(2)] == ["echo say 3", "echo say 5"]


def test_the_last_repeats_are_those_that_are_missing(stub, make):
    requests = [Generate("say it", {"do_sample": True, "temperature": 1.0})] * 5
    model = make()
    assert len(dict(model.respond(requests))) == 5
    [job] = stub.jobs.values()
    taken = []
    read = model._batches._read
    again = make()
    again._batches._read = lambda reply, how: taken.append(reply) or read(reply, how)
    calls = list(again._text_calls(list(enumerate(requests[:2]))))
    named = batches._named_calls(calls, [line["custom_id"] for line in job])
    assert list(named) == [line["custom_id"] for line in job][-2:]
    assert len(dict(again.respond(requests[:2]))) == 2
    assert (len(taken), len(stub.jobs)) == (2, 1)


def test_large_jobs_are_divided(stub, make, monkeypatch):
    model = make()
    monkeypatch.setattr(type(model._batches._form), "most_requests", 3)
    assert len(dict(model.respond(REQUESTS))) == 8
    assert [len(job) for job in stub.jobs.values()] == [3, 3, 1]


def test_what_the_model_does_not_take_is_learned_before_the_job(stub, make):
    def script(path, payload):
        return error(400, "`temperature` is not supported") if "temperature" in payload else None

    stub.script = script
    assert all(isinstance(one, Text) for _, one in make().respond(REQUESTS))
    [job] = stub.jobs.values()
    assert not any("temperature" in (line.get("body") or line.get("params")) for line in job)


def test_a_job_that_costs_too_much_is_not_created(stub, make):
    model = make()
    model.set_budget(Prices(1e6, 1e6, 1e6, 1e6), 0.5)
    with pytest.raises(BudgetError):
        list(model.respond(REQUESTS))
    assert not stub.jobs


def test_a_server_without_batches_is_a_sentence(stub, make):
    stub.script = lambda path, payload: error(404, "no such address") if "batch" in payload else None
    with pytest.raises(ModelError, match=r"No batch job can be created at .*: status 404") as caught:
        list(make().respond(REQUESTS))
    assert "Without --batch" in caught.value.hint


def test_looks_that_fail_are_repeated_and_not_for_ever(stub, make, monkeypatch):
    failures = [0]

    def script(path, payload):
        if "batch" not in payload or path.endswith("/batches"):
            return None
        failures[0] += 1
        return error(503, "busy") if failures[0] < 5 else None

    stub.script = script
    assert len(dict(make().respond(REQUESTS))) == 8
    monkeypatch.setattr(batches, "MOST_FAILURES", 3)
    failures[0] = -100
    with pytest.raises(ModelError, match="cannot be looked at: status 503: busy"):
        list(make().respond(REQUESTS))


def test_a_job_that_the_server_does_not_have_is_forgotten(stub, make, tmp_path):
    list(make().respond(REQUESTS))
    stub.jobs.clear()
    with pytest.raises(ModelError, match="has no batch job job-1 any more"):
        list(make().respond(REQUESTS[1:]))
    assert not list((tmp_path / "jobs").glob("*.json"))


def test_a_job_without_results_refuses_its_requests(stub, tmp_path, caplog):
    stub.status = "failed"
    model = open_model(KINDS[0], {"model": "tiny", "base_url": stub.url})
    model.use_batches(tmp_path / "jobs")
    responses = dict(model.respond(REQUESTS))
    assert sum(isinstance(one, Refusal) and one.retryable for one in responses.values()) == 7
    assert not list((tmp_path / "jobs").glob("*.json"))


def test_apis_without_batches(stub, tmp_path, monkeypatch):
    model = open_model(KINDS[0], {"model": "tiny", "base_url": f"{stub.url}|{stub.url}"})
    with pytest.raises(UsageError, match="names several servers"):
        model.use_batches(tmp_path)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "key")
    azure = open_model("azure-openai-chat-completions", {"model": "tiny", "base_url": stub.url})
    with pytest.raises(UsageError, match="has no batch jobs"):
        azure.use_batches(tmp_path)


TASK = """\
task: shout
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "say {{n}}"
doc_to_target: "echo say {{n}}"
metric_list: [{metric: exact_match}]
"""


def test_the_command(stub, tmp_path, monkeypatch, capsys):
    (tmp_path / "shout.yaml").write_text(TASK, encoding="utf-8")
    (tmp_path / "test.jsonl").write_text("".join(f'{{"n": {n}}}\n' for n in range(8)), encoding="utf-8")
    store = tmp_path / "store.sqlite"
    words = ["run", "--model", KINDS[0], "--model_args", f"model=tiny,base_url={stub.url}", "--batch"]
    words += ["--tasks", str(tmp_path / "shout.yaml"), "--store", str(store)]
    stub.wrong = frozenset({"say 5"})
    assert main(words) == 1
    assert "7 requests are in the batch job job-1" in capsys.readouterr().err
    assert len(list((tmp_path / "store.sqlite.batches").glob("*.json"))) == 1
    stub.wrong = frozenset()
    assert main(words) == 0
    assert (at_once(stub), len(stub.jobs)) == (2, 1), "the refused request alone is sent again"
    assert main([*words[:-2], "--no_store"]) == 2
    assert "--batch remembers its jobs beside the store" in capsys.readouterr().err
    assert main(["run", "--model", "dummy", "--tasks", "demo_errands", "--batch", "--store", str(store)]) == 2
    assert "--batch is for chat APIs" in capsys.readouterr().err
    monkeypatch.setenv("PROCTOR_STORE", "off")
    assert main(words[:-2]) == 2
    assert "this run has none" in capsys.readouterr().err


# -- the memory

JOB = BatchJob("job/1", "http://a/v1", "tiny", ("a-0", "b-0"), 0.0)


def test_jobs_are_those_of_a_server_and_model_while_they_have_results(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_memory.time, "time", lambda: 86_400.0)
    memory = BatchMemory(tmp_path / "new" / "folder")
    assert memory.jobs("http://a/v1", "tiny") == []
    memory.remember(JOB)
    assert BatchMemory(tmp_path / "new" / "folder").jobs("http://a/v1", "tiny") == [JOB]
    assert memory.jobs("http://b/v1", "tiny") == memory.jobs("http://a/v1", "other") == []
    monkeypatch.setattr(batch_memory.time, "time", lambda: 86_400.0 * 30)
    assert memory.jobs("http://a/v1", "tiny") == []


def test_requests_are_forgotten_one_by_one(tmp_path, monkeypatch):
    monkeypatch.setattr(batch_memory.time, "time", lambda: 86_400.0)
    memory = BatchMemory(tmp_path)
    memory.remember(JOB)
    memory.forget(JOB, ["a-0"])
    [left] = memory.jobs("http://a/v1", "tiny")
    assert left.requests == ("b-0",)
    memory.forget(left, ["b-0"])
    assert not list(tmp_path.glob("*"))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"id": 1}', "nul", '{"id": 1, "url": 2, "model": 3}'])
def test_a_damaged_file_is_no_job(tmp_path, content, caplog):
    (tmp_path / "x.json").write_text(content, encoding="utf-8")
    assert BatchMemory(tmp_path).jobs("http://a/v1", "tiny") == []
    assert "does not describe a batch job" in caplog.text


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match=r"The batch job job/1 was created, and cannot be written"):
        BatchMemory(tmp_path / "file").remember(JOB)


def test_requests_that_a_job_has_are_warned_of_where_they_are_sent_one_by_one(stub, make, tmp_path, caplog):
    dict(make().respond(REQUESTS))
    again = make("other")
    again._batches = None
    again.watch_batches(tmp_path / "jobs")
    assert len(dict(again.respond(REQUESTS[:3]))) == 3
    assert "2 of these requests are in the batch job" in caplog.text
    caplog.clear()
    dict(again.respond([Generate("something else", {})]))
    assert "batch job" not in caplog.text
