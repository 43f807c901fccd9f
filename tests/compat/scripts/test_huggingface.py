"""HFLM: by the engine as it is, through the changed step where one was changed, with the same numbers."""

import json

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from proctor.compat.scripts import steps
from proctor.compat.scripts.huggingface import HFLM
from proctor.compat.scripts.lm_model import LMModel, as_model
from proctor.compat.scripts.model import CacheHook, CachingLM
from proctor.compat.scripts.model_helpers import Collator
from proctor.compat.tasks.instance import Instance
from proctor.errors import UsageError
from proctor.models.hf.hooks import is_patched
from proctor.models.hf.model import HfModel

CONTEXTS = ("The capital of France is", "Q: one plus one?\nA: ", "", "<s>Already begun")
CONTINUATIONS = (" Paris", " a very long answer", "x", "x y")
MODELS = ("llama-bos", "neox", "mistral-sp", "t5")


def asked(kind, *arguments):
    return Instance(kind, {}, arguments, 0)


@pytest.fixture(scope="module", params=MODELS)
def lm(request, shared_models):
    return HFLM(str(shared_models / request.param), dtype="float32", batch_size=3)


class Stepwise(HFLM):
    """Changes nothing, but says so: everything takes the plain route."""

    def _model_call(self, inps, attn_mask=None, labels=None):
        return super()._model_call(inps, attn_mask=attn_mask, labels=labels)

    def _model_generate(self, context, max_length, stop, **generation_kwargs):
        return super()._model_generate(context, max_length, stop, **generation_kwargs)


def stepwise(lm, cls=Stepwise, **more):
    return cls(pretrained=lm.model, tokenizer=lm.tokenizer, batch_size=3, **more)


SCORED = [asked("loglikelihood", context, text) for context in CONTEXTS for text in CONTINUATIONS]


def test_an_unchanged_hflm_is_the_engine(lm):
    assert isinstance(lm.engine(), HfModel)
    assert isinstance(as_model(lm), HfModel)
    assert isinstance(as_model(stepwise(lm)), LMModel)


def test_both_routes_score_alike(lm):
    ours, theirs = lm.loglikelihood(SCORED), stepwise(lm).loglikelihood(SCORED)
    assert [value for value, _ in ours] == pytest.approx([value for value, _ in theirs], abs=2e-4)
    assert [greedy for _, greedy in ours] == [greedy for _, greedy in theirs]


def test_both_routes_score_whole_texts_alike(lm):
    texts = [asked("loglikelihood_rolling", "Once upon a time. " * count) for count in (0, 1, 40)]
    assert lm.loglikelihood_rolling(texts) == pytest.approx(stepwise(lm).loglikelihood_rolling(texts), rel=1e-5)


def test_both_routes_generate_alike(lm):
    kwargs = {"until": ["\n"], "max_gen_toks": 8}
    prompts = [asked("generate_until", "The quick brown" + " fox" * count, kwargs) for count in range(4)]
    prompts.append(asked("generate_until", "Another length", {"until": "e", "max_new_tokens": 3}))
    assert lm.generate_until(prompts) == stepwise(lm).generate_until(prompts)


def test_scaled_logits_are_scaled_logits(lm):
    class Scaled(HFLM):
        def _model_call(self, inps, attn_mask=None, labels=None):
            return super()._model_call(inps, attn_mask=attn_mask, labels=labels) / 2.0

    cold, plainly = stepwise(lm, Scaled).loglikelihood(SCORED), lm.loglikelihood(SCORED)
    assert [greedy for _, greedy in cold] == [greedy for _, greedy in plainly]
    assert all(abs(a - b) > 1e-3 for (a, _), (b, _) in zip(cold, plainly, strict=True))


def test_an_overridden_loglikelihood_tokens_is_called(lm):
    class Counting(HFLM):
        def _loglikelihood_tokens(self, requests, disable_tqdm=False, override_bs=None):
            return [(-float(len(tail)), True) for _, _, tail in requests]

    counting = stepwise(lm, Counting)
    (score,) = counting.loglikelihood([asked("loglikelihood", "a b", " c d e")])
    assert score[0] == -len(counting._encode_pair("a b", " c d e")[1])
    assert counting.loglikelihood_rolling([asked("loglikelihood_rolling", "a b c")])[0] < 0


def test_an_overridden_tok_encode_is_called(lm):
    class Upper(HFLM):
        def tok_encode(self, string, add_special_tokens=None, **kwargs):
            return super().tok_encode(string.upper(), add_special_tokens=add_special_tokens, **kwargs)

    requests = [asked("loglikelihood", "the cat", " sat")]
    loud = [asked("loglikelihood", "THE CAT", " SAT")]
    assert stepwise(lm, Upper).loglikelihood(requests)[0][0] == pytest.approx(lm.loglikelihood(loud)[0][0], abs=2e-4)


@pytest.fixture(scope="module")
def llama(shared_models):
    path = str(shared_models / "llama-bos")
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    return HFLM(pretrained=model, tokenizer=AutoTokenizer.from_pretrained(path))


def test_a_transformers_object_is_taken_as_it_is(llama, shared_models):
    named = HFLM(str(shared_models / "llama-bos"), dtype="float32")
    assert llama.loglikelihood(SCORED[:4]) == named.loglikelihood(SCORED[:4])
    assert (llama.rank, llama.world_size, llama.backend) == (0, 1, "causal")
    assert llama.get_model_info()["model_dtype"] is torch.float32
    assert llama.max_gen_toks == 256
    assert llama.prefix_token_id == llama.tokenizer.bos_token_id


def test_weights_that_change_between_two_calls_count(llama):
    before = llama.loglikelihood(SCORED[:1])
    weight = llama.model.model.layers[0].mlp.down_proj.weight
    with torch.no_grad():
        weight.mul_(2)
    try:
        assert llama.loglikelihood(SCORED[:1]) != before
    finally:
        with torch.no_grad():
            weight.div_(2)
    assert llama.loglikelihood(SCORED[:1]) == before


def test_a_hook_in_the_module_is_heeded(llama):
    assert not is_patched(llama.model)
    layer = llama.model.model.layers[0]
    shapes = []
    handle = layer.register_forward_hook(lambda module, inputs, output: shapes.append(inputs[0].shape[0]))
    try:
        assert is_patched(llama.model)
        assert llama.engine() is None
        llama.loglikelihood(SCORED[:4])
        assert sum(shapes) == 4  # One row per distinct input.
    finally:
        handle.remove()
    assert not is_patched(llama.model)


def test_a_replaced_forward_is_heeded(llama, monkeypatch):
    kind = type(llama.model.model.layers[0].mlp)
    original = kind.forward
    monkeypatch.setattr(kind, "forward", lambda self, x: original(self, x) * 0)
    assert is_patched(llama.model)
    monkeypatch.undo()
    assert not is_patched(llama.model)


def test_a_method_set_on_the_object_is_heeded(llama):
    llama._model_call = lambda inps, **_: torch.zeros((*inps.shape, llama.vocab_size))
    try:
        (score,) = llama.loglikelihood([asked("loglikelihood", "a", " b")])
    finally:
        del llama._model_call
    tokens = len(llama._encode_pair("a", " b")[1])
    assert score[0] == pytest.approx(-tokens * torch.tensor(float(llama.vocab_size)).log().item(), rel=1e-5)


def test_the_plain_route_finds_a_batch_size(llama):
    auto = Stepwise(pretrained=llama.model, tokenizer=llama.tokenizer, batch_size="auto:2", max_batch_size=4)
    assert auto.batch_size == "auto"
    found, wanted = auto.loglikelihood(SCORED[:6]), llama.loglikelihood(SCORED[:6])
    assert [value for value, _ in found] == pytest.approx([value for value, _ in wanted], abs=2e-4)
    assert set(auto.batch_sizes.values()) == {4}
    assert steps.largest_batch(auto, None, 0) == 4


def test_thinking_does_not_go_with_scores(llama):
    thinking = HFLM(llama.model, tokenizer=llama.tokenizer, enable_thinking=True, think_end_token="</think>")
    with pytest.raises(UsageError, match="enable_thinking"):
        thinking.loglikelihood(SCORED[:1])


def test_wrong_arguments_are_sentences(shared_models):
    with pytest.raises(UsageError, match="pretrained"):
        HFLM("")
    with pytest.raises(UsageError, match="backend"):
        HFLM(str(shared_models / "llama-bos"), backend="cuasal")


def test_answers_are_kept_in_a_file(llama, tmp_path):
    kept = CachingLM(llama, str(tmp_path / "answers.db"))
    first = kept.loglikelihood(SCORED[:3])
    assert len(kept.dbdict) == 3
    llama._loglikelihood_tokens = None  # Whoever asks the model again fails.
    try:
        again = CachingLM(llama, str(tmp_path / "answers.db")).loglikelihood(SCORED[:3])
    finally:
        del llama._loglikelihood_tokens
        llama.set_cache_hook(CacheHook(None))
    assert again == first
    assert json.loads(json.dumps(first[0])) == list(first[0])


def test_the_collator_gives_each_request_its_own_positions():
    requests = [(("c", "a"), [1, 2], [3]), (("c", "b"), [1], [2, 4]), (("d", ""), [9], [9])]
    order = Collator(
        requests, sort_fn=lambda one: -len(one[1] + one[2]), group_by="contexts", group_fn=lambda r: r[1] + r[2][:-1]
    )
    found = []
    for chunk in order.get_batched(n=1):
        for pair, context, tail in chunk:
            logits = torch.arange(len(tail)).reshape(1, -1, 1)
            for _, tokens, own in order.get_cache(pair, context, tail, logits):
                found.append((tokens, own.flatten().tolist()))
    assert order.get_original(found) == [([3], [1]), ([2, 4], [0, 1]), ([9], [0])]
