"""The results document and the sample lines, key by key."""

from __future__ import annotations

import datetime
import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.results.schema import (
    dumps,
    experiment_facts,
    model_name,
    results_document,
    sample_line,
    sanitize,
    task_hash,
)
from proctor.run_result import GroupResult, Value

LM_EVAL_KEYS = [
    "results", "groups", "group_subtasks", "configs", "versions", "n-shot", "higher_is_better", "n-samples", "config",
    "git_hash", "date", "pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash",
    "tokenizer_pad_token", "tokenizer_eos_token", "tokenizer_bos_token", "eot_token_id", "max_length", "task_hashes",
    "model_source", "model_name", "model_name_sanitized", "system_instruction", "system_instruction_sha",
    "fewshot_as_multiturn", "chat_template", "chat_template_sha", "total_evaluation_time_seconds",
]  # fmt: skip


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_all_keys_stand_in_lm_evals_order(run, task, facts):
    extra = dict.fromkeys(reversed(LM_EVAL_KEYS[15:20]), 1) | {"proctor": {"device": "cpu"}, "model_source": "hf"}
    group = GroupResult("world", "World", "2", ("capitals",), {("acc", "none"): Value(0.5)}, 4)
    document = results_document(run([task()], [group], extra=extra), facts)
    assert list(document) == [*LM_EVAL_KEYS, "proctor_version", "proctor"]


def test_what_was_not_there_leaves_no_key(run, facts):
    document = results_document(run(extra={}), facts)
    assert "groups" not in document
    assert [key for key in LM_EVAL_KEYS if key not in document] == ["groups", *LM_EVAL_KEYS[15:20]]


def test_a_task_s_entries(run, task, facts):
    capitals = task(
        alias="Capitals",
        values={("acc", "none"): Value(0.5, 0.25), ("f1", "strict"): Value(0.125)},
        higher_is_better={"acc": True, "f1": True},
        config={"task": "capitals", "process_docs": None, "repeats": 1},
    )
    document = results_document(run([task("zebras", n_shot=5), capitals]), facts)
    assert list(document["results"]) == ["zebras", "capitals"]
    assert list(document["results"]["capitals"].items()) == [
        ("name", "capitals"),
        ("alias", "Capitals"),
        ("sample_len", 4),
        ("acc,none", 0.5),
        ("acc_stderr,none", 0.25),
        ("f1,strict", 0.125),
        ("f1_stderr,strict", "N/A"),
    ]
    assert list(document["configs"]) == list(document["versions"]) == ["capitals", "zebras"]
    assert document["configs"]["capitals"] == {"task": "capitals", "repeats": 1}
    assert document["n-shot"] == {"capitals": 0, "zebras": 5}
    assert document["n-samples"] == {name: {"original": 10, "effective": 4} for name in ("zebras", "capitals")}
    assert document["higher_is_better"]["capitals"] == {"acc": True, "f1": True}


def test_groups_come_after_tasks_and_are_repeated_where_they_aggregate(run, task, facts):
    inner = GroupResult(
        "asia",
        "Asia",
        "2",
        ("capitals",),
        {("acc", "none"): Value(0.5, 0.1)},
        4,
        {("acc", "none"): 4},
        {"acc": True},
        0,
    )
    outer = GroupResult("world", "World", "N/A", ("asia",))
    document = results_document(run([task()], [inner, outer]), facts)
    assert list(document["results"]) == ["capitals", "asia", "world"]
    assert list(document["results"]["asia"].items()) == [
        ("alias", "Asia"),
        ("name", "asia"),
        ("sample_len", 4),
        ("acc,none", 0.5),
        ("acc_stderr,none", 0.1),
        ("sample_count", {"acc,none": 4}),
    ]
    assert document["results"]["world"] == {"alias": "World", "name": "world"}
    assert document["groups"] == {"asia": document["results"]["asia"]}
    assert list(document["group_subtasks"].items()) == [("world", ["asia"]), ("asia", ["capitals"])]
    assert document["versions"] == {"asia": "2", "capitals": 1.0, "world": "N/A"}
    assert document["n-shot"] == {"asia": 0, "capitals": 0}
    assert "world" not in document["higher_is_better"]
    assert set(document["configs"]) == {"capitals"}


def test_a_task_without_metrics_still_counts_its_samples(run, task, facts):
    document = results_document(run([task(values={}, sample_len=0)]), facts)
    assert document["results"]["capitals"] == {"name": "capitals", "alias": "capitals", "sample_len": 4}


def test_times_are_the_run_s(run, facts):
    document = results_document(run(), facts)
    assert document["date"] == 1_700_000_000.5
    assert document["total_evaluation_time_seconds"] == "12.25"


def test_task_hashes_cover_documents_prompts_and_targets_in_order(run, record, facts):
    first, second = record(), record(doc_id=4, target=1)
    lines = [sample_line(item) for item in (first, second)]
    whole = "".join(line[key] for line in lines for key in ("doc_hash", "prompt_hash", "target_hash"))
    document = results_document(run(records={"capitals": [first, second]}), facts)
    assert document["task_hashes"] == {"capitals": sha(whole)}
    assert task_hash([second, first]) != task_hash(iter([first, second])) == sha(whole)
    assert results_document(run(), facts, hashes=False)["task_hashes"] == {}


def test_the_experiment_is_told_even_if_the_run_does_not(run, facts):
    config = {"model": "hf", "model_args": {"pretrained": "org/small", "peft": "/my/adapter"}}
    document = results_document(run(config=config, extra={"system_instruction": "Be brief."}), facts)
    assert document["model_source"] == "hf"
    assert document["model_name"] == "/my/adapter"
    assert document["model_name_sanitized"] == "__my__adapter"
    assert document["system_instruction_sha"] == sha("Be brief.")
    assert document["chat_template"] is None
    assert document["chat_template_sha"] is None


def test_the_run_s_own_word_counts_more(run, facts):
    document = results_document(run(extra={"model_name": "a/b", "fewshot_as_multiturn": True}), facts)
    assert (document["model_name"], document["model_name_sanitized"]) == ("a/b", "a__b")
    assert document["fewshot_as_multiturn"] is True


def test_secrets_are_hidden_in_config_and_in_every_task_s_metadata(run, task, facts):
    args = {
        "pretrained": "org/small",
        "token": "hf_abcdefghijKLMNOP1234",
        "header": {"Authorization": "Bearer q1w2e3r4"},
    }
    capitals = task(
        config={"task": "capitals", "metadata": {"version": 1.0, **args}, "dataset_kwargs": {"token": "s3cr3t"}}
    )
    result = run(
        [capitals], config={"model": "hf", "model_args": args, "gen_kwargs": {"api_key": "sk-1234567890abcdef"}}
    )
    text = dumps(results_document(result, facts))
    for secret in ("hf_abc", "q1w2e3r4", "s3cr3t", "sk-123"):
        assert secret not in text
    document = json.loads(text)
    assert document["config"]["model_args"]["token"] == "***"
    assert document["configs"]["capitals"]["metadata"]["header"] == {"Authorization": "***"}


def test_tokens_of_the_tokenizer_and_the_chat_template_are_no_secrets(run, facts):
    template = "{% set token = bos_token %}{{ token='<s>' }} api_key=abcdefgh"
    document = results_document(run(extra={"tokenizer_eos_token": ["</s>", "2"], "chat_template": template}), facts)
    assert document["tokenizer_eos_token"] == ["</s>", "2"]
    assert document["chat_template"] == template
    assert document["chat_template_sha"] == sha(template)


def test_functions_in_configs_are_their_source(run, task, facts):
    config = {
        "task": "capitals",
        "process_docs": sha,
        "metric_list": [{"metric": sha}],
        "fewshot_config": {"samples": sha},
    }
    document = results_document(run([task(config=config)]), facts)
    source = "def sha(text):\n    return hashlib.sha256(text.encode()).hexdigest()\n"
    shown = document["configs"]["capitals"]
    assert (shown["process_docs"], shown["metric_list"][0]["metric"], shown["fewshot_config"]["samples"]) == (
        source,
    ) * 3


def test_a_sample_line_to_the_letter(record):
    assert dumps(sample_line(record())) == (
        '{"doc_id": 3, "doc": {"question": "Capital of Korea?", "choices": ["Seoul", "Busan"], "answer": 0}, '
        '"target": "0", "arguments": {"gen_args_0": {"arg_0": "Q: Capital of Korea?\\nA:", "arg_1": " Seoul"}, '
        '"gen_args_1": {"arg_0": "Q: Capital of Korea?\\nA:", "arg_1": " Busan"}}, '
        '"resps": [[["-1.5", "False"]], [["-2.25", "False"]]], '
        '"filtered_resps": [["-1.5", "False"], ["-2.25", "False"]], "filter": "none", "metrics": ["acc", "acc_norm"], '
        '"doc_hash": "ad5e332bf4d07c28dfab52c3c0c4f1ec93bb4b74e9f9307788b00f0ecc74fba0", '
        '"prompt_hash": "50b293beb067ee34b446af46c7c37f9acb58a2571c75260217b28a2529a3a8d3", '
        '"target_hash": "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9", '
        '"acc": 1.0, "acc_norm": 0.0}'
    )


def test_hashes_are_taken_from_indented_json_the_first_prompt_and_the_target(record):
    line = sample_line(record(doc={"q": "서울?", "n": 1}, target=[1, "b"]))
    assert line["doc_hash"] == sha('{\n  "q": "서울?",\n  "n": 1\n}')
    assert line["prompt_hash"] == sha("Q: Capital of Korea?\nA:")
    assert line["target_hash"] == sha("[1, 'b']")
    assert line["target"] == "[1, 'b']"


def test_generation_arguments_stay_a_mapping_without_secrets(record):
    kwargs = {"until": ["\n"], "max_gen_toks": 8, "extra_headers": {"Authorization": "Bearer q1w2e3r4"}}
    line = sample_line(
        record(arguments=(("Say hf_abcdefghijKLMNOP1234", kwargs),), responses=(("a", "b"),), filtered=("a",))
    )
    assert line["arguments"] == {
        "gen_args_0": {
            # A prompt is data: it stands as it was sent.
            "arg_0": "Say hf_abcdefghijKLMNOP1234",
            "arg_1": {"until": ["\n"], "max_gen_toks": 8, "extra_headers": {"Authorization": "***"}},
        }
    }
    assert (line["resps"], line["filtered_resps"]) == ([["a", "b"]], ["a"])


def test_the_messages_of_a_chat_stand_as_lm_eval_writes_them(record):
    chat = [{"role": "user", "content": "token=hf_abcdefghijKLMNOP1234"}]
    line = sample_line(record(arguments=((chat, {"api_key": "q1w2e3r4"}),), responses=(("a",),), filtered=("a",)))
    text = '[{"role": "user", "content": "token=hf_abcdefghijKLMNOP1234"}]'
    assert line["arguments"] == {"gen_args_0": {"arg_0": [text], "arg_1": {"api_key": "***"}}}
    assert line["prompt_hash"] == sha(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [((1, 2), "[1, 2]"), (np.float64(0.5), "0.5"), (np.array([0.25, 0.75]), '"[0.25 0.75]"'), (None, "null")],
)
def test_metric_values_are_raw(record, value, text):
    assert dumps(sample_line(record(metrics={"m": value}))).endswith(f', "m": {text}}}')


def test_a_record_without_requests_or_metrics_has_a_line(record):
    line = sample_line(record(arguments=(), responses=(), filtered=(), metrics={}))
    assert (line["arguments"], line["resps"], line["metrics"]) == ({}, [], [])
    assert line["prompt_hash"] == sha("")


ODD = st.one_of(
    st.none(), st.floats(), st.binary(max_size=5), st.datetimes(), st.text(st.characters(codec=None)),
    st.just("\ud800\x00"), st.just(np.float32("nan")), st.just(np.array([1, 2])), st.just({1, 2}),
    st.just(datetime.timedelta(1)), st.tuples(st.integers(), st.booleans()), st.lists(st.text(max_size=3), max_size=2),
)  # fmt: skip


@settings(deadline=None)
@given(doc=st.dictionaries(st.text(max_size=5), ODD, max_size=4), target=ODD, answer=ODD, value=ODD)
def test_any_record_is_one_line_of_json(record, doc, target, answer, value):
    item = record(doc=doc, target=target, responses=((answer,),), filtered=(answer,), metrics={"m": value})
    data = dumps(sample_line(item)).encode("utf-8")
    assert b"\n" not in data
    line = json.loads(data)
    assert list(line)[-1] == "m"
    assert isinstance(line["target"], str)
    assert len(line["doc_hash"]) == len(line["prompt_hash"]) == len(line["target_hash"]) == 64
    assert all(isinstance(leaf, (str, list)) for leaf in line["filtered_resps"])


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("/a/b:c[d]", "__a__b__c__d__"),
        ("org/name", "org__name"),
        ("/x/y", "__x__y"),
        ('a"<>|?*b', "a__b"),
        ("gpt2", "gpt2"),
    ],
)
def test_sanitize(name, folder):
    assert sanitize(name) == folder


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ({"pretrained": "a", "peft": "b"}, "b"),
        ({"model": "gpt-x", "engine": "e"}, "gpt-x"),
        ("dtype=auto,pretrained=a/b", "a/b"),
        ({"path": 7}, "7"),
        ({}, None),
        (None, None),
    ],
)
def test_the_model_s_name_by_its_arguments(args, name):
    assert model_name(args) == name


def test_a_model_without_a_name_is_called_by_its_kind():
    facts = experiment_facts("dummy", {})
    assert (facts["model_name"], facts["model_name_sanitized"]) == ("dummy", "dummy")


def test_no_password_becomes_a_folder_s_name():
    facts = experiment_facts("http", {"model": "https://joe:pa55@host/v1"})
    assert (facts["model_name"], facts["model_name_sanitized"]) == ("https://***@host/v1", "https__@host__v1")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("../models/x", "models__x"),
        ("../../x", "x"),
        ("./x", "x"),
        (".", "model"),
        ("..", "model"),
        (".hidden/x", "hidden__x"),
        # As lm-eval has them.
        ("org/model", "org__model"),
        ("/a/b.c", "__a__b.c"),
        ("~/x", "~__x"),
        ("a/../b", "a__..__b"),
        ("x.y", "x.y"),
    ],
)
def test_a_model_gives_its_name_to_a_folder_that_can_be_seen(name, folder):
    assert sanitize(name) == folder
