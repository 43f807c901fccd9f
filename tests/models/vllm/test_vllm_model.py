"""The kind ``vllm`` from its arguments to its responses, with a stand-in engine that computes with transformers."""

from __future__ import annotations

import pytest
from fake_engine import generate, in_order, open_fake
from tiny_models import REQUESTS, close, open_tiny

from proctor.errors import ModelError, UsageError
from proctor.models import open_model
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


def test_batch_sizes_are_requests_of_a_call(checkpoints, started):
    for size, most in ((3, 3), ("auto", 8), (1, 8), (None, 8)):
        engines = started(checkpoints / "llama")
        model = open_model("vllm", {"pretrained": str(checkpoints / "llama"), "dtype": "float32"}, batch_size=size)
        list(model.respond([generate(f"the {number}") for number in range(8)]))
        assert max(map(len, engines[-1].calls)) == most


def test_an_adapter_goes_with_every_request(checkpoints, started, tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}", encoding="utf-8")
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", lora_local_path=str(tmp_path))
    list(model.respond([*REQUESTS[:1], generate("the")]))
    assert engines[0].arguments["enable_lora"] is True
    assert set(engines[0].loras) == {("finetuned", 1, str(tmp_path))}
    with pytest.raises(ModelError, match="holds no adapter"):
        open_fake(checkpoints / "llama", lora_local_path=str(tmp_path / "none"))


def test_models_that_see_images_are_opened_for_tasks_of_text(checkpoints, started):
    engines = started(checkpoints / "llama")
    args = {"pretrained": str(checkpoints / "llama"), "dtype": "float32", "max_images": 3, "interleave": True}
    list(open_model("vllm-vlm", args).respond(REQUESTS[:1]))
    assert len(engines) == 1


def test_arguments_that_the_engine_refuses_for_every_request_end_the_run(checkpoints, started):
    engines = started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama")
    model.load()
    engines[0]._validate = refuse_all
    with pytest.raises(ModelError, match="vLLM refuses every request: no such adapter"):
        list(model.respond([generate("the"), generate("the quick")]))


def refuse_all(*_):
    raise ValueError("no such adapter")


def test_a_model_that_thinks_is_not_scored(checkpoints, started):
    started(checkpoints / "llama")
    model = open_fake(checkpoints / "llama", enable_thinking=True, think_end_token="</think>")
    with pytest.raises(UsageError, match="log-likelihood"):
        list(model.respond(REQUESTS))
