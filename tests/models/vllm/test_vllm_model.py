"""The kind ``vllm`` from its arguments to its responses, with a stand-in engine that computes with transformers."""

from __future__ import annotations

import random
import sys

import pytest
from fake_engine import generate, in_order, open_fake
from fake_vllm import params_without
from tiny_models import MODEL, REQUESTS, close, open_tiny

import proctor
from proctor.errors import MissingExtraError, ModelError, UsageError
from proctor.models import open_model, open_tokenizer
from proctor.types import Loglikelihood, Refusal, Rolling, Text

# -- scores


@pytest.mark.parametrize("scoring", ["auto", "plain"])
@pytest.mark.parametrize("name", ["llama", "sp"])
def test_scores_are_those_of_transformers_with_lm_evals_shorter_limit(checkpoints, started, name, scoring):
    started(checkpoints / name)
    model = open_fake(checkpoints / name, scoring=scoring, max_model_len=62)
    # Two inputs fewer than the limit: see RESERVED.
    reference = open_tiny(checkpoints / name, args={"max_length": 60})
    for one, other in zip(in_order(model, REQUESTS), in_order(reference, REQUESTS), strict=True):
        close(one.values, other.values)


def test_whole_texts_are_scored_in_windows_of_two_tokens_less(checkpoints, started):
    started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", max_model_len=32)
    reference = open_tiny(checkpoints / "llama", args={"max_length": 30})
    texts = [Rolling("the quick brown fox jumps over " * 6), Rolling(""), Rolling("one"), Rolling("seoul " * 31)]
    for one, other in zip(in_order(model, texts), in_order(reference, texts), strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)


def test_the_report_says_how_it_was_scored(checkpoints, started):
    started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    list(model.respond(REQUESTS))
    report = model.report()
    assert report["scoring"]["requests"].keys() <= {"named_ids", "cached_rows", "rest_rows", "prompt_rows"}
    assert report["scoring"]["cached_tokens"] > 0
    assert report["scoring"]["not_believed"] == 0
    assert report["truncated"]["loglikelihood"] == 2


def test_a_request_that_the_engine_refuses_is_one_refusal(checkpoints, started):
    [engines] = [started(checkpoints / "llama")]
    model = open_fake(checkpoints / "llama", scoring="plain")
    model.load()
    engines[0].faults = frozenset({"refuses 13"})
    bad = model.tokens.decode([13])
    requests = [Loglikelihood("the quick", (" fox", f" {bad}{bad}")), Loglikelihood("the quick", (" fox",))]
    ids = model.tokens.encode_pair(*("the quick", f" {bad}{bad}"))[1]
    if 13 not in ids:
        pytest.skip("the token merges here")
    one, other = in_order(model, requests)
    assert isinstance(one, Refusal)
    assert "out of vocabulary" in one.why
    assert not isinstance(other, Refusal)


# -- texts


def test_texts_are_those_of_transformers(checkpoints, started):
    started(checkpoints / "llama")
    model, reference = open_fake(checkpoints / "llama"), open_tiny(checkpoints / "llama")
    prompts = [generate("question: what is"), generate("the quick brown", until=["o"]), generate("a b c d " * 20)]
    for one, other in zip(in_order(model, prompts), in_order(reference, prompts), strict=True):
        assert isinstance(one, Text)
        assert one.usage.prompt == other.usage.prompt
        assert one.text.startswith(other.text) or other.text.startswith(one.text)
    assert model.report()["truncated"] == {"generate": 1}


# -- when the engine starts, and with what


def test_the_engine_starts_when_it_is_first_asked_and_ends_when_closed(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    assert model.identity["engine"] == "vllm 0.0"
    assert model.report()["scoring"] == {}
    assert engines == []
    list(model.respond(REQUESTS[:1]))
    assert len(engines) == 1
    assert model.info["model_dtype"] == "float32"
    assert model.info["tokenizer"]["max_length"] == 64
    model.close()
    assert engines[0].ended
    with pytest.raises(ModelError, match="closed"):
        list(model.respond(REQUESTS[:1]))


def test_the_seeds_of_the_engine_are_not_those_of_the_run(checkpoints, started):
    started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    make = sys.modules["vllm"].LLM

    def seeding(**given):
        random.seed(given["seed"])
        return make(**given)

    sys.modules["vllm"].LLM = seeding
    random.seed(5)
    expected = random.Random(5).random()
    model.load()
    assert random.random() == expected


def test_facts_of_an_earlier_run_start_nothing(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    model.recall({"model_dtype": "float32", "device": "cpu", "engine": "vllm 0.0", "other": 3})
    assert model.info["engine"] == "vllm 0.0"
    assert "other" not in model.info
    assert engines == []


def test_arguments_of_the_engine(checkpoints, started, monkeypatch):
    monkeypatch.delenv("VLLM_ENABLE_V1_MULTIPROCESSING", raising=False)
    engines = started(checkpoints / "llama")
    args = {"pretrained": str(checkpoints / "llama"), "max_length": 40, "block_size": 2, "seed": 7}
    open_model("vllm", args, max_batch_size=8)
    arguments = engines[0].arguments
    assert arguments.pop("trust_remote_code") is False
    assert arguments == {
        "dtype": "auto",
        "tokenizer_mode": "auto",
        "tensor_parallel_size": 1,
        "max_model_len": 40,
        "seed": 7,
        "max_num_seqs": 8,
        "block_size": 2,
    }
    import os

    assert os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] == "0"


def test_batch_sizes_are_requests_of_a_call(checkpoints, started):
    for size, most in ((3, 3), ("auto", 8), (1, 8), (None, 8)):
        engines = started(checkpoints / "llama")
        model = open_model("vllm", {"pretrained": str(checkpoints / "llama"), "dtype": "float32"}, batch_size=size)
        list(model.respond([generate(f"the {number}") for number in range(8)]))
        assert max(map(len, engines[-1].calls)) == most


def test_an_old_release_is_started_with_more_log_probabilities(checkpoints, started):
    engines = started(checkpoints / "llama", params_without("logprob_token_ids"))
    list(open_fake(checkpoints / "llama").respond(REQUESTS[:1]))
    assert engines[0].arguments["max_logprobs"] == 64


def test_an_adapter_goes_with_every_request(checkpoints, started, tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", lora_local_path=str(tmp_path))
    list(model.respond([*REQUESTS[:1], generate("the")]))
    assert engines[0].arguments["enable_lora"] is True
    assert set(engines[0].loras) == {("finetuned", 1, str(tmp_path))}
    with pytest.raises(ModelError, match="holds no adapter"):
        open_fake(checkpoints / "llama", lora_local_path=str(tmp_path / "none"))


def test_a_tokenizer_for_a_preview_needs_no_vllm(checkpoints):
    tokens = open_tokenizer("vllm", {"pretrained": str(checkpoints / "llama")})
    assert (tokens.max_length, tokens.scored_length) == (64, 62)


def test_models_that_see_images_are_opened_for_tasks_of_text(checkpoints, started):
    engines = started(checkpoints / "llama")
    args = {"pretrained": str(checkpoints / "llama"), "dtype": "float32", "max_images": 3, "interleave": True}
    list(open_model("vllm-vlm", args).respond(REQUESTS[:1]))
    assert len(engines) == 1


def test_templates_get_enable_thinking_always(checkpoints, started):
    started(checkpoints / "llama")
    template = "{{ enable_thinking }}{{ extra }}{{ messages[0]['content'] }}"
    for args, expected in (
        ({}, "Nonehi"),
        ({"chat_template_args": {"extra": 3}}, "None3hi"),
        ({"enable_thinking": False}, "Falsehi"),
    ):
        model = open_fake(checkpoints / "llama", **args)
        model.tokens.tokenizer.chat_template = template
        assert model.render([{"role": "user", "content": "hi"}], add_generation_prompt=True) == expected


def test_a_run_whose_responses_are_cached_starts_no_engine(checkpoints, started, tmp_path):
    """Scores are those of transformers, and the results file says how they were computed."""
    engines = started(MODEL)
    settings = {"tasks": ["demo_errands", "demo_letter_folk"], "limit": 3, "store": str(tmp_path / "store.sqlite")}
    args = {"pretrained": str(MODEL), "dtype": "float32", "max_model_len": 512}
    first = proctor.evaluate(model="vllm", model_args=args, **settings)
    assert len(engines) == 1
    again = proctor.evaluate(model="vllm", model_args=args, **settings)
    assert len(engines) == 1
    args = {"pretrained": str(MODEL), "dtype": "float32", "max_length": 510}
    reference = proctor.evaluate(model="hf", model_args=args, device="cpu", **settings)
    scores = [{task.name: dict(task.values) for task in one.tasks} for one in (first, again, reference)]
    assert scores[0] == scores[1]
    assert str(scores[0]) == str(scores[2])


def test_arguments_that_the_engine_refuses_for_every_request_end_the_run(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    model.load()
    engines[0]._validate = refuse_all
    with pytest.raises(ModelError, match="vLLM refuses every request: no such adapter"):
        list(model.respond([generate("the"), generate("the quick")]))


def refuse_all(*_):
    raise ValueError("no such adapter")


# -- what is wrong


def test_without_vllm_a_sentence_says_how_to_get_it(checkpoints, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "vllm", raising=False)
    with pytest.raises(MissingExtraError, match="package 'vllm' is needed") as caught:
        open_model("vllm", {"pretrained": str(checkpoints / "llama")})
    assert "[vllm]" in caught.value.hint


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("operator torchvision::nms does not exist"), "pip uninstall torchvision"),
        (ValueError("User-specified max_model_len (99) is greater than the derived max_model_len"), "is more than"),
        (ValueError("Free memory on device (1/80 GiB) on startup is less"), "gpu_memory_utilization"),
        (ValueError("larger than the maximum; the estimated maximum model length is 9"), "max_model_len"),
        (RuntimeError("Engine core initialization failed. See root cause above."), "__main__"),
        (RuntimeError("Failed to infer device type"), "--model hf"),
        (TypeError("EngineArgs.__init__() got an unexpected keyword argument 'enforce_eagr'"), "enforce_eager"),
        (SystemExit(3), "its code"),
        (KeyError("odd"), "LMEVAL_LOG_LEVEL=DEBUG"),
    ],
)
def test_whatever_stops_the_engine_is_a_sentence(checkpoints, started, error, words):
    def llm(**_):
        raise error

    started(checkpoints / "llama", llm=llm)
    model = open_fake(checkpoints / "llama", enforce_eagr=True)
    with pytest.raises((ModelError, UsageError)) as caught:
        list(model.respond(REQUESTS))
    assert words in str(caught.value)


def test_a_model_that_thinks_is_not_scored(checkpoints, started):
    started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", enable_thinking=True, think_end_token="</think>")
    with pytest.raises(UsageError, match="log-likelihood"):
        list(model.respond(REQUESTS))


def test_a_process_of_the_engine_that_imports_the_script_says_so(checkpoints, started, monkeypatch):
    import multiprocessing

    started(checkpoints / "llama")
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    try:
        with pytest.raises(UsageError, match="import the main script again"):
            open_fake(checkpoints / "llama")
        assert sys.tracebacklimit == 0
    finally:
        # Not by monkeypatch, which would set it again at its end, for all tests that follow.
        del sys.tracebacklimit


def test_files_that_change_while_they_are_read_are_an_error(checkpoints, started, tmp_path):
    import shutil

    folder = tmp_path / "llama"
    shutil.copytree(checkpoints / "llama", folder)
    started(folder)
    model = open_fake(folder)
    assert model.identity is not None
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(ModelError, match="changed while"):
        model.load()
