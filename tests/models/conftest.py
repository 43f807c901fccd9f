"""Tiny random checkpoints, built once: three habits of tokenizers, two kinds of models."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# The modules beside this file are helpers of all the tests below it.
sys.path.insert(0, str(Path(__file__).parent))
pytest.register_assert_rewrite("tiny_models")

CORPUS = [
    "the quick brown fox jumps over the lazy dog and itself",
    "question: what is the capital of korea? answer: seoul",
    "한국의 수도는 서울이다. 질문과 정답.",
    "a b c d e f g h one two three, four; five.\n\nsix seven",
] * 4

CHAT = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' and m['content'] == 'forbidden' %}"
    "{{ raise_exception('no system role') }}{% endif %}[{{ m['role'] }}]{{ m['content'] }}[/]{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)


def _byte_level(*, bos: bool):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def _sentencepiece_like():
    from tokenizers import Tokenizer, decoders, models, normalizers, trainers

    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    special = ["<unk>", "<pad>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(["▁" + word for line in CORPUS for word in line.split()], trainer)
    return tokenizer


def _wrap(tokenizer, **special):
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>", pad_token="<pad>", **special)


@pytest.fixture(scope="session")
def tokenizers() -> dict:
    """``plain`` (byte-level, no BOS), ``bos`` (adds BOS, has a chat template), ``sp`` (SentencePiece-like)."""
    bos = _wrap(_byte_level(bos=True), bos_token="<s>")
    bos.chat_template = CHAT
    return {
        "plain": _wrap(_byte_level(bos=False)),
        "bos": bos,
        "sp": _wrap(_sentencepiece_like(), bos_token="<s>", unk_token="<unk>"),
    }


@pytest.fixture(scope="session")
def checkpoints(tokenizers, tmp_path_factory) -> Path:
    """A folder with the checkpoints ``llama`` (BOS, limit 64), ``sp`` and ``t5``."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, T5Config, T5ForConditionalGeneration

    root = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    shape = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 64,
        "initializer_range": 0.3,
    }
    for name, key in (("llama", "bos"), ("sp", "sp")):
        tokenizer = tokenizers[key]
        ids = {
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
        LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), **shape, **ids)).save_pretrained(root / name)
        tokenizer.save_pretrained(root / name)
    plain = tokenizers["plain"]
    config = T5Config(
        vocab_size=len(plain),
        d_model=32,
        d_kv=8,
        d_ff=48,
        num_layers=2,
        num_heads=4,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=plain.eos_token_id,
    )
    T5ForConditionalGeneration(config).save_pretrained(root / "t5")
    plain.save_pretrained(root / "t5")
    return root


@pytest.fixture(scope="module")
def llama(checkpoints):
    """The model of the checkpoint ``llama``, open."""
    from tiny_models import open_tiny

    return open_tiny(checkpoints / "llama")
