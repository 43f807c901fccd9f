"""Models that see images answer tasks of text by their language model: the numbers are transformers' own."""

from __future__ import annotations

import shutil

import pytest
import torch

from proctor.models import open_model
from proctor.types import Generate, Loglikelihood, Rolling

TEXT = {
    "vocab_size": 400,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "initializer_range": 0.3,
}
EYES = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 16}
QUESTIONS = [
    Loglikelihood("the quick brown fox jumps over", (" the lazy dog", " a b", " itself")),
    Loglikelihood("the quick brown fox jumps", (" over", " the lazy")),
]
TEXTS = [Rolling("question: what is the capital"), Generate("the quick brown", {"max_gen_toks": 4, "until": []})]


def mistral3(transformers):
    eyes = {"model_type": "pixtral", **EYES, "patch_size": 8, "head_dim": 8}
    text = transformers.MistralConfig(**TEXT, sliding_window=None).to_dict()
    return transformers.Mistral3Config(text_config=text, vision_config=eyes), "Mistral3ForConditionalGeneration"


def qwen(transformers):
    rope = {"type": "mrope", "rope_type": "default", "mrope_section": [1, 1, 2]}
    eyes = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 32}
    text = {**TEXT, "rope_scaling": rope}
    return transformers.Qwen2_5_VLConfig(text_config=text, vision_config=eyes), "Qwen2_5_VLForConditionalGeneration"


def llava(transformers):
    eyes = {"model_type": "clip_vision_model", **EYES, "patch_size": 8, "projection_dim": 8}
    text = transformers.LlamaConfig(**TEXT).to_dict()
    return transformers.LlavaConfig(text_config=text, vision_config=eyes), "LlavaForConditionalGeneration"


def gemma3(transformers):
    eyes = {**EYES, "image_size": 28, "patch_size": 14}
    return transformers.Gemma3Config(text_config=TEXT, vision_config=eyes), "Gemma3ForConditionalGeneration"


@pytest.fixture(scope="module", params=[mistral3, qwen, llava, gemma3], ids=lambda make: make.__name__)
def checkpoint(request, checkpoints, tmp_path_factory):
    import transformers

    folder = tmp_path_factory.mktemp("seeing") / "model"
    shutil.copytree(checkpoints / "llama", folder, ignore=shutil.ignore_patterns("config.json", "*.safetensors"))
    torch.manual_seed(0)
    config, name = request.param(transformers)
    getattr(transformers, name)(config).float().save_pretrained(folder)
    return folder, name


def reference(folder, name, requests):
    """Each continuation's log-likelihood from one forward pass of transformers' own class, and its tokenizer."""
    import transformers

    module = getattr(transformers, name).from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    found = []
    for request in requests:
        context = tokenizer(request.context)["input_ids"]
        values = []
        for continuation in request.continuations:
            ids = tokenizer(request.context + continuation)["input_ids"]
            with torch.no_grad():
                logits = module(input_ids=torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)).long()).logits[0]
            logprobs = torch.log_softmax(logits, dim=-1)
            values.append(sum(float(logprobs[at - 1, ids[at]]) for at in range(len(context), len(ids))))
        found.append(values)
    return found


@pytest.mark.parametrize(("kind", "more"), [("hf", {}), ("hf-multimodal", {"max_images": 2, "interleave": False})])
def test_text_is_scored_as_by_transformers(checkpoint, kind, more, caplog):
    folder, name = checkpoint
    args = {"pretrained": str(folder), "dtype": "float32", **more}
    model = open_model(kind, args, device="cpu", batch_size=4, lazily=True)
    assert model.identity is not None
    found = dict(model.respond(QUESTIONS))
    for place, values in enumerate(reference(folder, name, QUESTIONS)):
        assert [value for value, _ in found[place].values] == pytest.approx(values, abs=2e-4)
    assert model.report()["scoring"]["mode"] == "tree", model.report()["scoring"]


def test_whole_texts_and_generated_ones_are_those_of_plain_scoring(checkpoint):
    args = {"pretrained": str(checkpoint[0]), "dtype": "float32"}
    shared, plain = (
        dict(open_model("hf", {**args, "scoring": way}, device="cpu").respond(TEXTS)) for way in ("auto", "plain")
    )
    assert shared[0].logprob == pytest.approx(plain[0].logprob, abs=2e-4)
    assert shared[1] == plain[1]
