"""lm_eval.prompts, caching.cache, evaluator_utils, loggers.utils, result_schema: small faces that scripts import."""

from types import SimpleNamespace

import pytest

from proctor.compat.scripts.evaluator import simple_evaluate
from proctor.compat.scripts.manager import TaskManager, get_task_name_from_config
from proctor.compat.scripts.proctor_lm import DummyLM
from proctor.compat.scripts.small_modules import (
    PROMPT_REGISTRY,
    EvalResults,
    PromptString,
    SampleResult,
    add_env_info,
    add_tokenizer_info,
    delete_cache,
    get_commit_from_path,
    get_git_commit_hash,
    get_prompt,
    get_sample_size,
    load_from_cache,
    print_writeout,
    remove_none_pattern,
    save_to_cache,
)
from proctor.compat.tasks.group import GroupConfig
from proctor.compat.tasks.instance import Instance
from proctor.compat.tasks.task_config import TaskConfig
from proctor.errors import UsageError


def test_named_prompts(tmp_path):
    assert get_prompt("qa-basic:q-newline-a", "any") == PROMPT_REGISTRY["qa-basic"]["q-newline-a"]
    file = tmp_path / "mine.yaml"
    file.write_text("prompts: {short: {doc_to_text: '{{q}}?', doc_to_target: '{{a}}'}}")
    prompt = get_prompt(f"{file}:short")
    assert isinstance(prompt, PromptString)
    assert prompt.apply({"q": "why", "a": 7}) == ["why?", "7"]
    with pytest.raises(UsageError, match="no collection of prompts 'qa-basik'"):
        get_prompt("qa-basik:q")
    with pytest.raises(NotImplementedError):
        PromptString({"doc_to_text": "", "doc_to_target": "", "doc_to_choice": ""}).apply({})


def test_the_cache_of_requests_is_empty(caplog):
    delete_cache("anything")
    save_to_cache("mine", [1])
    assert "'mine' is not saved" in caplog.text
    assert load_from_cache("mine", cache=True) is None


def test_how_many_documents_a_limit_stands_for():
    task = SimpleNamespace(eval_docs=range(10))
    sizes = [get_sample_size(task, limit) for limit in (None, 0.25, 3, 3.0, 0.001)]
    assert sizes == [None, 3, 3, 3, 1]


def test_the_first_prompt_is_logged(caplog):
    first = Instance("generate_until", {"n": 1}, ("the prompt", {}), 0, ("t", 0, 1))
    task = SimpleNamespace(instances=[first], doc_to_target=lambda doc: f"target {doc['n']}")
    with caplog.at_level("INFO", logger="proctor"):
        print_writeout(task)
        print_writeout(SimpleNamespace(instances=[]))
    assert caplog.text.count("--- prompt\nthe prompt\n") == 1
    assert "target 1" in caplog.text


def test_facts_of_the_environment(tmp_path):
    storage = {"kept": 1}
    add_env_info(storage)
    add_tokenizer_info(storage, DummyLM())
    assert set(storage) == {"kept", "pretty_env_info", "transformers_version", "lm_eval_version", "upper_git_hash"}
    names = {f"{name}_token{end}": 1 for name in ("pad", "eos", "bos") for end in ("", "_id")}
    add_tokenizer_info(storage, SimpleNamespace(tokenizer=SimpleNamespace(**names), max_length=9))
    assert (storage["tokenizer_pad_token"], storage["max_length"]) == ([1, "1"], 9)
    assert get_commit_from_path(tmp_path) is None
    assert get_git_commit_hash() is None or isinstance(get_git_commit_hash(), str)
    assert remove_none_pattern("acc,none") == ("acc", True)
    assert remove_none_pattern("acc,strict") == ("acc,strict", False)


def test_the_result_has_the_keys_of_its_type(write_exam, tmp_path):
    manager = TaskManager(include_path=str(write_exam(tmp_path / "exam", "one")))
    result = simple_evaluate(DummyLM(), tasks=["one"], task_manager=manager)
    assert set(result) <= EvalResults.__optional_keys__
    assert set(result["samples"]["one"][0]) >= SampleResult.__required_keys__


def test_names_of_configurations():
    assert get_task_name_from_config({"task": "a", "dataset_path": "b"}) == "a"
    assert get_task_name_from_config({"dataset_path": "b", "dataset_name": "c"}) == "b_c"
    assert get_task_name_from_config({"dataset_path": "b"}) == "b"
    with pytest.raises(UsageError, match="has no name"):
        get_task_name_from_config({})
    assert TaskConfig(task="a").task == GroupConfig(group="a").group
