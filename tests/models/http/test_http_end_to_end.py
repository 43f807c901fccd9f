"""The command line against a server: nothing is lost, nothing is paid for twice, and every mistake is a sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from aiohttp import web
from stub_api import chat_tokens, error

from proctor.cli.main import main

TASK = """\
task: shout
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "say {{n}}"
doc_to_target: "echo say {{n}}"
generation_kwargs: {max_gen_toks: 8, until: ["\\n"]}
metric_list: [{metric: exact_match}]
"""
COUNT = 60


@pytest.fixture
def exam(tmp_path, monkeypatch):
    folder = tmp_path / "exam"
    folder.mkdir()
    (folder / "shout.yaml").write_text(TASK, encoding="utf-8")
    (folder / "test.jsonl").write_text("".join(f'{{"n": {n}}}\n' for n in range(COUNT)), encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PROCTOR_STORE", str(tmp_path / "store.sqlite"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


def words(stub, exam, *more):
    args = f"model=tiny,base_url={stub.url},num_concurrent=4"
    flags = ["--include_path", ".", "--tasks", "shout", "--output_path", str(exam / "out"), "--log_samples"]
    return ["run", "--model", "local-chat-completions", "--model_args", args, *flags, *more]


def results(exam):
    [*_, newest] = sorted((exam / "out" / "tiny").glob("results_*.json"))
    return json.loads(newest.read_text(encoding="utf-8"))


def sent(stub):
    return [payload["messages"][-1]["content"] for _, payload in stub.requests if payload]


def test_a_run_and_the_same_run_again(serve, exam):
    stub = serve()
    assert main(words(stub, exam)) == 0
    document = results(exam)
    assert document["results"]["shout"]["exact_match,none"] == 1.0
    assert sorted(sent(stub)) == sorted(f"say {n}" for n in range(COUNT))
    assert document["proctor"]["generation"]["usage"] == {"prompt": 300, "cached": 180, "new": 120, "texts": 60}
    assert main(words(stub, exam)) == 0
    assert len(sent(stub)) == COUNT


def test_a_killed_run_sends_only_what_is_missing(serve, exam):
    stub = serve(delay=0.05)
    command = [sys.executable, "-m", "proctor", *words(stub, exam)]
    process = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(sent(stub)) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stub.delay = 0.0
    before = sent(stub)
    assert 20 <= len(before) < COUNT
    assert main(words(stub, exam)) == 0
    again = sent(stub)[len(before) :]
    # What was in flight at the moment of the kill may be sent again, and a reply that was on its way to the store.
    assert len(again) <= COUNT - len(before) + 4 + 4
    assert set(before) | set(again) == {f"say {n}" for n in range(COUNT)}
    assert results(exam)["results"]["shout"]["exact_match,none"] == 1.0


def test_ctrl_c_keeps_what_is_in_flight(serve, exam):
    stub = serve(delay=0.1)
    command = [sys.executable, "-m", "proctor", *words(stub, exam)]
    process = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(sent(stub)) < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in said
    stub.delay = 0.0
    before = sent(stub)
    assert main(words(stub, exam)) == 0
    assert sorted([*before, *sent(stub)[len(before) :]]) == sorted(f"say {n}" for n in range(COUNT))


def test_documents_whose_request_failed_are_counted_apart(serve, exam, capsys):
    def script(path, payload):
        return error(400, "I do not like this") if payload and "say 7" in str(payload["messages"]) else None

    assert main(words(serve(script=script), exam)) == 1
    document = results(exam)
    assert document["proctor"]["failed"]["shout"]["documents"] == 1
    assert document["results"]["shout"]["exact_match,none"] == 1.0
    assert document["results"]["shout"]["sample_len"] == COUNT - 1


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (lambda: error(401, "Incorrect API key"), "does not accept the key"),
        (lambda: error(404, "no such model"), "no such address or model"),
        (lambda: web.Response(text="<html>", content_type="text/html"), "sent no JSON object"),
    ],
)
def test_mistakes_are_sentences(serve, exam, capsys, response, said):
    stub = serve(script=lambda path, payload: response() if payload else None)
    assert main(words(stub, exam)) == 1
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message


PICK = """\
task: pick
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{n}} is what?\\nA. one\\nB. two\\nC. three\\nD. four\\nAnswer:"
doc_to_choice: [A, B, C, D]
doc_to_target: "{{ n % 4 }}"
"""


@pytest.mark.parametrize(
    ("kind", "faults", "mc", "route"),
    [
        ("local-chat-completions", (), "auto", "letters"),
        ("local-chat-completions", ("no chat logprobs",), "auto", "constrained"),
        ("local-chat-completions", ("no chat logprobs", "no schemas"), "auto", "text"),
        ("local-chat-completions", (), "text", "text"),
        ("local-chat-completions", (), "constrained", "constrained"),
        ("anthropic-chat", (), "auto", "constrained"),
        ("anthropic-chat", ("no schemas",), "auto", "text"),
    ],
)
def test_multiple_choice_on_a_chat(serve, exam, kind, faults, mc, route):
    (exam / "exam" / "pick.yaml").write_text(PICK, encoding="utf-8")
    stub = serve(faults=faults)
    command = words(stub, exam, "--mc", mc, "--apply_chat_template")
    command[command.index("shout")] = "pick"
    command[command.index("local-chat-completions")] = kind
    assert main(command) == 0
    document = results(exam)
    gold = [
        "ABCD".index(chat_tokens(f"{n} is what?\nA. one\nB. two\nC. three\nD. four\nAnswer:")[0][0].strip()) == n % 4
        for n in range(COUNT)
    ]
    assert document["results"]["pick"]["acc,none"] == pytest.approx(sum(gold) / COUNT)
    assert "acc_norm,none" not in document["results"]["pick"]
    assert route in json.dumps(document["proctor"]["choices"])
    sent_before = len(stub.requests)
    assert main(command) == 0
    assert len(stub.requests) == sent_before


def test_a_way_that_does_not_work_is_said_before_anything_is_sent(serve, exam, capsys):
    (exam / "exam" / "pick.yaml").write_text(PICK, encoding="utf-8")
    stub = serve(faults={"no chat logprobs"})
    command = words(stub, exam, "--mc", "letters")
    command[command.index("shout")] = "pick"
    assert main(command) == 1
    assert "--mc letters does not work with this model" in capsys.readouterr().err
    assert len(sent(stub)) == 1


def test_nothing_is_scored_on_a_chat_without_mc(serve, exam, capsys):
    (exam / "exam" / "pick.yaml").write_text(PICK, encoding="utf-8")
    stub = serve()
    command = words(stub, exam, "--mc", "off")
    command[command.index("shout")] = "pick"
    assert main(command) != 0
    assert "log-" in capsys.readouterr().err
    assert not sent(stub)


def test_the_doctor(serve, capsys):
    stub = serve()
    flags = ["--model", "local-chat-completions", "--model_args", f"model=tiny,base_url={stub.url}"]
    assert main(["doctor", *flags]) == 0
    assert "the server has 'tiny'" in capsys.readouterr().out
    assert main(["doctor", "--model", "hf", "--model_args", "pretrained=x"]) == 2
    assert "no server to try" in capsys.readouterr().err


def priced(exam, *more):
    (exam / "prices.yaml").write_text("tiny: {prompt: 1000000, cached: 0, completion: 0}\n", encoding="utf-8")
    return ["--prices", str(exam / "prices.yaml"), *more]


def test_tokens_and_costs_stand_in_the_results_and_in_one_line(serve, exam, capsys):
    stub = serve()
    assert main(words(stub, exam, *priced(exam))) == 0
    counts = {"prompt_tokens": 300, "cached_tokens": 180, "new_tokens": 120}
    facts = results(exam)["proctor"]
    # Two of five tokens of a prompt are not cached.
    task = {"task": "shout", "responses": COUNT, **counts, "cost": 120.0}
    assert facts["usage"] == {"replies": COUNT, **counts, "cost": 120.0, "tasks": [task]}
    assert facts["texts"]["tasks"] == [{"task": "shout", "texts": COUNT, **counts}]
    line = "60 replies took 300 tokens of prompts (180 of them cached) and 120 new ones. They cost 120.00."
    assert line in capsys.readouterr().err


def test_cached_responses_cost_nothing(serve, exam):
    stub = serve()
    assert main(words(stub, exam, *priced(exam, "--limit", "10"))) == 0
    assert main(words(stub, exam, *priced(exam, "--max_cost", "101"))) == 0
    facts = results(exam)["proctor"]
    assert (facts["usage"]["replies"], facts["usage"]["cost"]) == (50, 100.0)
    assert facts["texts"]["tasks"][0]["texts"] == COUNT
    assert main(words(stub, exam, *priced(exam, "--max_cost", "1"))) == 0
    assert "usage" not in results(exam)["proctor"]


def test_a_run_that_costs_enough_stops_and_goes_on_with_a_larger_limit(serve, exam, capsys):
    stub = serve()
    assert main(words(stub, exam, *priced(exam, "--max_cost", "20"))) == 1
    said = capsys.readouterr().err
    assert "--max_cost is 20.00: no further request is sent" in said
    assert "Traceback" not in said
    first = sent(stub)
    # Ten cost twenty; up to three more were in flight.
    assert 10 <= len(first) <= 13
    assert main(words(stub, exam, *priced(exam, "--max_cost", "1000"))) == 0
    assert sorted(sent(stub)) == sorted(f"say {n}" for n in range(COUNT))
    assert results(exam)["results"]["shout"]["exact_match,none"] == 1.0


def test_prices_that_are_wrong_end_the_run_before_anything_is_sent(serve, exam, capsys):
    stub = serve()
    (exam / "prices.yaml").write_text("tiny: {prompt: 1}\n", encoding="utf-8")
    assert main(words(stub, exam, "--prices", str(exam / "prices.yaml"))) == 2
    assert "prices.yaml:1: 'tiny' has no price 'completion'" in capsys.readouterr().err
    assert main(["run", "--model", "dummy", "--tasks", "demo_errands", "--limit", "1", *priced(exam)]) == 2
    assert "--prices are of models that are reached over HTTP" in capsys.readouterr().err
    assert not stub.requests


def test_a_run_in_which_too_much_is_refused_stops_and_goes_on(serve, exam, capsys):
    broken = {f"say {n}" for n in range(0, COUNT, 2)}

    def script(path, payload):
        is_broken = payload and payload["messages"][-1]["content"] in broken
        return error(400, "I do not like this") if is_broken else None

    stub = serve(script=script)
    assert main(words(stub, exam)) == 1
    said = capsys.readouterr().err
    assert "The model refused 21 of" in said
    assert "more than --max_errors allows (1 % of 60)" in said
    assert "I do not like this" in said
    first = sent(stub)
    broken.clear()
    assert main(words(stub, exam)) == 0
    again = sent(stub)[len(first) :]
    refused = {f"say {n}" for n in range(0, COUNT, 2)}
    assert not {one for one in first if one not in refused} & set(again)


def pick(exam, stub, mc, *more):
    (exam / "exam" / "pick.yaml").write_text(PICK, encoding="utf-8")
    command = words(stub, exam, "--mc", mc, *more)
    command[command.index("shout")] = "pick"
    return command


@pytest.mark.parametrize(("first", "second"), [("letters", "auto"), ("auto", "letters"), ("auto", "auto")])
def test_what_one_way_of_choosing_gave_is_not_requested_again(serve, exam, first, second):
    stub = serve()
    assert main(pick(exam, stub, first)) == 0
    sent_before = len(sent(stub))
    assert main(pick(exam, stub, second)) == 0
    assert len(sent(stub)) == sent_before
    assert main(pick(exam, stub, "text")) == 0
    assert len(sent(stub)) > sent_before


def test_a_run_by_auto_goes_on_in_the_way_that_it_began(serve, exam):
    stub = serve(faults={"no chat logprobs"})
    assert main(pick(exam, stub, "auto", "--limit", "20")) == 0
    stub.faults = frozenset()
    assert main(pick(exam, stub, "auto")) == 0
    document = results(exam)
    assert "constrained" in json.dumps(document["proctor"]["choices"])
    assert "letters" not in json.dumps(document["proctor"]["choices"])
