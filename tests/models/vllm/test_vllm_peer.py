"""The kind ``vllm`` beside lm-eval's class of that name, both on one engine: `make engines` runs this."""

from __future__ import annotations

import importlib.metadata
import os

import pytest
from test_vllm_engine import BLOCK, LETTERS, LIMIT, SENTENCES, SHOTS, in_order
from tiny_models import MODEL

from proctor.lazy import is_installed
from proctor.models.base import BatchSize
from proctor.models.vllm.engine import Engine
from proctor.models.vllm.load import make_tokens, prepare
from proctor.models.vllm.model import VllmModel
from proctor.types import Generate, Loglikelihood, Rolling

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not is_installed("vllm") or not is_installed("lm_eval"), reason="vLLM or lm-eval is not here"),
]

LONG = Loglikelihood(SHOTS * 8, (" A", " walked home.", " to the house of its friend."))
SCORED = [*LETTERS[:3], *SENTENCES[:3], LONG, Loglikelihood("", (" A", " walked")), Loglikelihood("A: ", (" B",))]
TEXTS = [Rolling(SHOTS * 3), Rolling("A short text.")]
GENERATED = [
    Generate(
        f"{SHOTS}Question: What is 2 + 2?\nAnswer:", {"until": ["\n\n", "Q"], "max_gen_toks": 20, "do_sample": False}
    ),
    Generate("The spider", {"until": "\n", "max_new_tokens": 9, "temperature": 0.0}),
    Generate(SHOTS * 8, {"until": [], "max_gen_toks": 12, "do_sample": False, "top_p": 0.9}),
]


@pytest.fixture(scope="module")
def peer():
    """lm-eval's object, and all prompts with sampling parameters that it sends."""
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    version = importlib.metadata.version

    def known(name: str) -> str:
        # lm-eval knows the package by one name; builds for other devices have others.
        return "0.32.0+cpu" if name == "vllm" else version(name)

    importlib.metadata.version = known
    try:
        from lm_eval.models.vllm_causallms import VLLM

        made = VLLM(str(MODEL), dtype="float32", max_model_len=LIMIT, enforce_eager=True, block_size=BLOCK)
    finally:
        importlib.metadata.version = version
    made.sent = []
    generate = made.model.generate

    def recorded(prompts, params=None, *, sampling_params=None, **more):
        chosen = sampling_params if sampling_params is not None else params
        made.sent.extend(zip((tuple(prompt["prompt_token_ids"]) for prompt in prompts), chosen, strict=True))
        return generate(prompts, chosen, **more)

    made.model.generate = recorded
    yield made
    Engine(made.model, None).close()


@pytest.fixture(scope="module")
def own(peer):
    """proctor's model on the engine that lm-eval's object has."""
    from vllm import SamplingParams

    opening = prepare({"pretrained": str(MODEL), "dtype": "float32", "max_model_len": LIMIT})
    tokens = make_tokens(opening.arguments, opening.config, opening.tokenizer, None)
    return VllmModel(Engine(peer.model, SamplingParams), tokens, opening.arguments, BatchSize(None, auto=True))


def instances(kind, requests):
    from lm_eval.api.instance import Instance

    pairs = [arguments for request in requests for arguments in request.arguments]
    return [Instance(kind, {}, arguments, index) for index, arguments in enumerate(pairs)]


def test_scores_are_the_peers(peer, own):
    expected = peer.loglikelihood(instances("loglikelihood", SCORED), disable_tqdm=True)
    found = [value for response in in_order(own, SCORED) for value in response.values]
    assert [greedy for _, greedy in found] == [greedy for _, greedy in expected]
    assert [logprob for logprob, _ in found] == pytest.approx([logprob for logprob, _ in expected], abs=1e-4)


def test_in_its_own_way_the_very_prompts_are_the_peers(peer, own):
    peer.sent.clear()
    peer.loglikelihood(instances("loglikelihood", SCORED), disable_tqdm=True)
    expected = {prompt for prompt, _ in peer.sent}
    peer.sent.clear()
    own._scorer._abilities, before = type(own._scorer._abilities)(None, None, None), own._scorer._abilities
    in_order(own, SCORED)
    own._scorer._abilities = before
    assert {prompt for prompt, _ in peer.sent} == expected
    assert max(map(len, expected)) == LIMIT - 1


def test_whole_texts_are_the_peers(peer, own):
    expected = peer.loglikelihood_rolling(instances("loglikelihood_rolling", TEXTS), disable_tqdm=True)
    assert [response.logprob for response in in_order(own, TEXTS)] == pytest.approx(expected, abs=1e-3)


def test_texts_prompts_and_arguments_are_the_peers(peer, own):
    peer.sent.clear()
    expected = peer.generate_until(instances("generate_until", GENERATED), disable_tqdm=True)
    sent = dict(peer.sent)
    peer.sent.clear()
    assert [response.text for response in in_order(own, GENERATED)] == expected
    assert dict(peer.sent).keys() == sent.keys()
    for prompt, params in peer.sent:
        for name in (
            "temperature",
            "max_tokens",
            "stop",
            "top_p",
            "skip_special_tokens",
            "spaces_between_special_tokens",
        ):
            assert getattr(params, name) == getattr(sent[prompt], name), name
