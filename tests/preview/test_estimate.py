"""What a plan says is what a run does, and an estimate is made of a run's own requests."""

from __future__ import annotations

import importlib
import json
import logging
import re
import sys
from pathlib import Path

import pytest

from proctor.cli.main import main
from proctor.errors import UsageError
from proctor.models.hf.load.load import open_tokens
from proctor.models.prefix.cost import PromptCost, count_distinct, many
from proctor.models.prefix.counts import count
from proctor.models.prefix.packs import Limits
from proctor.preview.estimate import _spread, estimate
from proctor.run.progress import Quiet
from proctor.run.session import evaluate
from proctor.settings.config import build_config
from proctor.types import Generate, Loglikelihood, Rolling

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
zoo = importlib.import_module("architectures")

SCORED = """\
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
fewshot_split: test
fewshot_config: {sampler: first_n}
num_fewshot: 3
output_type: multiple_choice
doc_to_text: "Question: what is {{question}}?\\nAnswer:"
doc_to_choice: choices
doc_to_target: answer
"""
GENERATED = """\
task: says
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: generate_until
doc_to_text: "Say {{question}}"
doc_to_target: answer
generation_kwargs: {max_gen_toks: 3, until: []}
"""
ROLLED = """\
task: reads
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{question}} is what it is"
"""


@pytest.fixture
def exam(tmp_path):
    rows = [
        {"question": f"{n} and {n + 1}", "choices": [f" it is {n}", " no", f" {n}"], "answer": n % 3} for n in range(20)
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    for name, text in (("sums", SCORED), ("says", GENERATED), ("reads", ROLLED)):
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


def config_for(exam, shared_models, *names, **options):
    tasks = [str(exam / f"{name}.yaml") for name in names]
    args = {"pretrained": str(shared_models / options.pop("model", "llama-bos")), **options.pop("model_args", {})}
    return build_config({"tasks": tasks, "model_args": args, "device": "cpu", "threads": 1, **options})


@pytest.mark.parametrize(
    "options", [{}, {"batch_size": 4}, {"batch_invariant": True}, {"model_args": {"scoring": "plain"}}, {"model": "t5"}]
)
def test_the_plan_is_what_the_run_forwards(exam, shared_models, options, caplog):
    config = config_for(exam, shared_models, "sums", **options)
    with caplog.at_level(logging.INFO, logger="proctor"):
        ran = evaluate(config, progress=Quiet, bootstrap_iters=0)
    scoring = ran.extra["proctor"]["scoring"]
    lines = list(estimate(config, progress=Quiet, timed=False))
    assert lines[0] == "1 task, 20 documents"
    assert lines[1].startswith("scored     60 requests, ")
    forwarded = re.match(r" +([\d.k ,]+) tokens forwarded", lines[2])[1]
    assert forwarded == many(scoring["forwarded_tokens"])
    if scoring["mode"] != "plain":
        # The line that a run begins with says the same.
        assert f"{lines[1].removeprefix('scored     ')}." in caplog.messages


def test_every_kind_of_request_is_counted(exam, shared_models):
    lines = list(estimate(config_for(exam, shared_models, "sums", "says", "reads"), progress=Quiet, timed=False))
    assert lines[0] == "3 tasks, 60 documents"
    assert [line.split()[0] for line in lines[1:-1:2]] == ["scored", "rolling", "generated"]
    assert "then up to 3 new ones a request" in lines[-2]
    assert lines[-1] == (
        "Shared prefixes are computed once (scoring mode: tree; checked against plain scoring). "
        "Shared prefixes of prompts are computed once (checked against transformers' own generation). "
        "Tried on a small model of this config."
    )


def test_an_estimate_says_how_fast_each_kind_is_and_how_long_all_takes(exam, shared_models, monkeypatch):
    monkeypatch.setattr("proctor.preview.estimate.ENOUGH_SECONDS", 0.0)
    lines = list(estimate(config_for(exam, shared_models, "sums", "says", "reads"), progress=Quiet, timed=True))
    found = {line.split()[0]: line for line in lines[7:]}
    assert found["timed"] == "timed on cpu, scoring mode: tree"
    assert re.fullmatch(r"scored +about \S+ s, [\d,]+ tokens/s \(16 of 20 requests tried\)", found["scored"])
    assert " tokens/s " in found["rolling"]
    assert "20 requests tried" in found["generated"]
    assert re.fullmatch(r"in sum +about .+: .+ to prepare, .+ to load, .+ to answer", found["in"])


def saved(folder, name):
    """A checkpoint of one of the small architectures, with a tokenizer of words."""
    path = folder / name
    zoo.build(zoo.BY_NAME[name]).save_pretrained(path)
    zoo.tokenizer().save_pretrained(path)
    return path


def planned_and_run(exam, path):
    """The last line of a plan; the reports of a run."""
    tasks = [str(exam / f"{name}.yaml") for name in ("sums", "says")]
    args = {"pretrained": str(path), "max_length": 400}
    config = build_config({"tasks": tasks, "model_args": args, "device": "cpu", "threads": 1, "batch_size": 4})
    line = list(estimate(config, progress=Quiet, timed=False))[-1]
    return line, evaluate(config, progress=Quiet, bootstrap_iters=0).extra["proctor"]


WAYS = {"plain": "by itself, through transformers", "shared": "Shared prefixes of prompts are computed once"}


@pytest.mark.parametrize("name", ["llama", "gemma3_text-short-window", "gpt2", "falcon-alibi", "bloom", "mamba"])
def test_a_plan_promises_what_the_run_does(exam, tmp_path, name):
    line, ran = planned_and_run(exam, saved(tmp_path, name))
    assert f"(scoring mode: {ran['scoring']['mode']}; " in line
    assert WAYS[ran["generation"]["mode"]] in line
    assert ran["scoring"]["mode"] == zoo.SCORING[name]


def test_a_plan_does_not_promise_sharing_for_a_model_that_is_not_supported(exam, tmp_path, monkeypatch):
    """As a release of transformers would have it that takes no cache any more."""
    monkeypatch.setattr("proctor.models.hf.scoring.scoring_gate.call_forms", lambda *_: iter(()))
    for room in ("rehearsal", "decoding.generate"):
        monkeypatch.setattr(f"proctor.models.hf.{room}.call_forms", lambda *_: iter(()))
    monkeypatch.setattr("proctor.models.hf.scoring.scoring_gate.allowed", lambda dtype: -1.0)
    line, ran = planned_and_run(exam, saved(tmp_path, "llama"))
    assert ran["scoring"]["mode"] == ran["generation"]["mode"] == "plain"
    assert "(scoring mode: plain; " in line
    assert "by itself, through transformers (" in line


def test_without_a_tokenizer_nothing_can_be_counted(exam):
    config = build_config({"model": "dummy", "tasks": [str(exam / "sums.yaml")]})
    with pytest.raises(UsageError, match="none is named") as caught:
        list(estimate(config, progress=Quiet, timed=False))
    assert "pretrained=" in str(caught.value.hint)


@pytest.mark.parametrize("flag", ["--plan", "--estimate"])
def test_the_flags(exam, shared_models, capsys, flag):
    words = ["preview", "--tasks", str(exam / "sums.yaml"), "--limit", "2", "--device", "cpu", flag]
    assert main([*words, "--model_args", f"pretrained={shared_models / 'neox'}"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("1 task, 2 documents\nscored     6 requests, ")
    assert ("to answer" in shown) is (flag == "--estimate")
    assert main(words) == 2
    assert "none is named" in capsys.readouterr().err


def test_a_plan_of_a_run_that_may_stop_early_is_the_most_there_can_be(exam, shared_models):
    given = {"model_args": {"pretrained": str(shared_models / "neox")}, "tasks": [str(exam / "sums.yaml")], "limit": 2}
    plain, early = (
        list(estimate(build_config({**given, **more}), progress=Quiet, timed=False))
        for more in ({}, {"early_stop": "width=0.02", "limit": None})
    )
    assert early[1].startswith("at most: --early_stop ends the run as soon as its answer is clear")
    assert not any("at most" in line for line in plain)


def test_prompts_that_share_a_beginning_are_counted_with_it_once(shared_models):
    tokens = open_tokens({"pretrained": str(shared_models / "neox")})
    shots = "Question: how many? Answer: one.\n" * 200
    requests = [Generate(f"{shots}{one}", {}) for one in range(8)]
    found = count(tokens, requests, mode="tree", limits=Limits(256)).generated
    assert found is not None
    assert found.work.distinct is not None
    assert found.work.distinct <= found.forwarded < 0.2 * found.work.tokens
    alone = count(tokens, requests, mode="context", limits=Limits(256)).generated
    assert alone is not None
    assert alone.forwarded == found.work.tokens


def test_nothing_is_counted_of_what_is_not_there(shared_models):
    tokens = open_tokens({"pretrained": str(shared_models / "neox")})
    counts = count(tokens, [Rolling("a text")], mode="tree", limits=Limits(256))
    assert (counts.scored, counts.generated) == (None, None)
    empty = count(tokens, [Loglikelihood("a", ())], mode="tree", limits=Limits(256)).scored
    assert empty is not None
    assert empty.work == PromptCost(0, 0, 0)


def test_numbers_as_a_person_says_them():
    assert [many(one) for one in (0, 9999, 10_000, 999_949, 1_000_000, 39_440_000, 2 * 10**9)] == [
        "0", "9,999", "10.0 k", "999.9 k", "1.0 M", "39.4 M", "2.0 G",
    ]  # fmt: skip
    assert str(PromptCost(1, 20)) == "1 request, 20 tokens"
    assert str(PromptCost(56_168, 39_400_000, 6_100_000)) == (
        "56,168 requests, 39.4 M tokens, 6.1 M distinct: sharing saves 85 %"
    )
    assert str(PromptCost(0, 0, 0)) == "0 requests, 0 tokens"


def test_distinct_beginnings():
    import numpy as np

    rows = [np.array(one, dtype=np.int32) for one in ([1, 2, 3], [1, 2], [1, 2, 3], [2])]
    assert count_distinct(rows) == 4
    assert count_distinct([]) == 0


@pytest.mark.parametrize("size", [1, 3, 8, 19, 20, 40])
def test_a_sample_is_spread_and_has_no_request_twice(size):
    requests = [Rolling(str(one)) for one in range(20)]
    found = _spread(requests, size)
    assert len(found) == len({one.text for one in found}) == min(size, 20)
    if 4 <= size < 20:
        assert Rolling("0") in found
        assert Rolling("15") in found
