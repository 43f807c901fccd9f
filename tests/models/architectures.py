"""Tiny random checkpoints of many architectures, and a tokenizer of words for them.

The weights are large, so that what a token sees changes its scores: a mask that is wrong by one
position shows. ``python tests/models/architectures.py`` prints how each is scored, and why.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
WORDS = (*(f"w{number}" for number in range(180)), "A", "B", "C", "D", "Answer", "Question", ":", ".")
VOCABULARY = 192
IDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}

ROOM = 512
"""Positions of every model: more than any input of the tests has."""

WINDOW = 24
"""The short window: tests look at inputs on both sides of it."""

LLAMA: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": ROOM,
}
GPT: dict[str, Any] = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": ROOM}
MIXED: dict[str, Any] = LLAMA | {"num_hidden_layers": 4, "sliding_window": WINDOW}
FALCON: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
T5: dict[str, Any] = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
EXPERTS: dict[str, Any] = {"num_experts_per_tok": 2, "moe_intermediate_size": 24}


@dataclass(frozen=True)
class Architecture:
    """One model: ``kind`` is transformers' model type. ``window``: the shortest of its layers, if any has one."""

    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    window: int | None = None
    encoder: bool = False


def _plain(kind: str, base: Mapping[str, Any] = LLAMA, **more: Any) -> Architecture:
    return Architecture(kind, kind, {**base, **more})


def _short(kind: str, base: Mapping[str, Any] = MIXED, **more: Any) -> Architecture:
    return Architecture(f"{kind}-short-window", kind, {**base, **more}, window=WINDOW)


def _hybrid(kind: str, **more: Any) -> Architecture:
    return Architecture(kind, kind, {**LLAMA, "num_hidden_layers": 4, **more})


GEMMA_3_LAYERS = ["sliding_attention", "full_attention"] * 2
MAMBA_2 = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8, "mamba_n_groups": 1, "mamba_chunk_size": 8}

ALL: tuple[Architecture, ...] = (
    _plain("llama"),
    _plain("mistral", sliding_window=None),
    _short("mistral", LLAMA, sliding_window=WINDOW),
    _plain("mixtral", sliding_window=None, num_local_experts=4, num_experts_per_tok=2),
    _plain("qwen2"),
    _short("qwen2", use_sliding_window=True, max_window_layers=2),
    _plain("qwen3"),
    _plain("qwen3_moe", num_experts=4, decoder_sparse_step=1, **EXPERTS),
    _plain("gemma", num_key_value_heads=1),
    _plain("gemma2", sliding_window=4096, query_pre_attn_scalar=8),
    _short("gemma2", query_pre_attn_scalar=8),
    _plain("gemma3_text", num_hidden_layers=4, sliding_window=4096, layer_types=GEMMA_3_LAYERS),
    _short("gemma3_text", layer_types=GEMMA_3_LAYERS),
    _plain("phi"),
    _plain("phi3", sliding_window=None),
    _plain("gpt2", GPT),
    _plain("gptj", GPT, rotary_dim=4),
    _plain("gpt_neox"),
    _short(
        "gpt_neo",
        {},
        hidden_size=32,
        num_layers=2,
        num_heads=4,
        window_size=WINDOW,
        attention_types=[[["global", "local"], 1]],
        max_position_embeddings=ROOM,
    ),
    _plain("opt", word_embed_proj_dim=32, ffn_dim=48),
    _plain("bloom", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    _plain("mpt", {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": ROOM, "attn_config": {"alibi": True}}),
    Architecture("falcon-rotary", "falcon", {**FALCON, "alibi": False}),
    Architecture("falcon-alibi", "falcon", {**FALCON, "alibi": True, "multi_query": False, "parallel_attn": False}),
    _plain("cohere", logit_scale=0.25),
    _short("cohere2", logit_scale=0.25),
    _plain("granite", logits_scaling=3.0, attention_multiplier=0.3, residual_multiplier=0.5, embedding_multiplier=2.0),
    _plain("olmo2"),
    _plain("stablelm"),
    _plain("starcoder2", sliding_window=None),
    _short("gpt_oss", num_local_experts=4, num_experts_per_tok=2),
    _plain(
        "deepseek_v3",
        head_dim=4,
        n_routed_experts=4,
        n_group=2,
        topk_group=1,
        kv_lora_rank=8,
        q_lora_rank=8,
        qk_rope_head_dim=4,
        qk_nope_head_dim=8,
        v_head_dim=8,
        first_k_dense_replace=1,
        num_key_value_heads=4,
        **EXPERTS,
    ),
    _plain("mamba", {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}),
    _plain("rwkv", {"hidden_size": 32, "num_hidden_layers": 2, "attention_hidden_size": 32, "context_length": ROOM}),
    _hybrid(
        "qwen3_next",
        linear_num_value_heads=4,
        linear_num_key_heads=2,
        linear_key_head_dim=8,
        linear_value_head_dim=8,
        num_experts=4,
        shared_expert_intermediate_size=16,
        **EXPERTS,
    ),
    _hybrid(
        "jamba",
        num_experts=2,
        attn_layer_period=2,
        attn_layer_offset=1,
        mamba_d_state=4,
        mamba_dt_rank=4,
        use_mamba_kernels=False,
    ),
    _hybrid("bamba", attn_layer_indices=[1, 3], **MAMBA_2),
    Architecture("t5", "t5", {**T5, "decoder_start_token_id": 0}, encoder=True),
)

BY_NAME = {architecture.name: architecture for architecture in ALL}

SCORED_PLAIN = (
    *("bamba", "bloom", "falcon-alibi", "gpt_neo-short-window", "jamba", "mamba", "mpt", "qwen3_next", "rwkv", "t5"),
)
"""ALiBi, windows counted by the order of keys, state spaces, encoder-decoders: nothing is shared there."""

SCORING: dict[str, str] = {name: "plain" if name in SCORED_PLAIN else "tree" for name in BY_NAME}
"""How each must be scored."""

DECODED_PLAIN = (*SCORED_PLAIN, "deepseek_v3", "falcon-rotary")
"""The same for decoding; these two do not call their attention through transformers' interface."""

DECODING: dict[str, str] = {name: "plain" if name in DECODED_PLAIN else "shared" for name in BY_NAME}
"""How each must be decoded."""

OLD_SCORED_PLAIN = ("gpt2", "opt", "qwen2-short-window", "gemma2-short-window", "cohere2-short-window")
"""Before transformers 5 these take keys and values as tuples, or one mask for layers of both kinds."""

OLD_DECODED_OTHERWISE = ("gptj", "gemma2", "gemma2-short-window", "deepseek_v3")
"""Their attention changed its form between transformers 5.5 and 5.24."""


def release() -> tuple[int, ...]:
    """The installed release of transformers."""
    import transformers

    return tuple(int(number) for number in transformers.__version__.split(".")[:2])


def scored_as_expected(name: str, mode: str) -> bool:
    """Whether this is how the installed transformers lets a model be scored."""
    old = name in OLD_SCORED_PLAIN or bool(BY_NAME[name].settings.get("sliding_window"))
    return mode == SCORING[name] or (release() < (5, 0) and old and mode != "tree")


def decoded_as_expected(name: str, mode: str) -> bool:
    """The same for decoding: before transformers 5 nothing need be shared, then all but a few."""
    old = release() < (5, 0) or (release() < (5, 24) and name in OLD_DECODED_OTHERWISE)
    return mode == DECODING[name] or old


def build(architecture: Architecture) -> Any:
    """The module, always with the same weights."""
    import torch
    import transformers

    if release() < (5, 0) and architecture.kind not in transformers.CONFIG_MAPPING:
        import pytest

        pytest.skip(f"transformers {transformers.__version__} has no {architecture.kind}")
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(
        architecture.kind, **{"vocab_size": VOCABULARY, **IDS, **architecture.settings}
    )
    auto = transformers.AutoModelForSeq2SeqLM if architecture.encoder else transformers.AutoModelForCausalLM
    module = auto.from_config(config).float().eval()
    for name, parameter in module.named_parameters():
        # A_log and its like keep their own scale: a recurrence must not explode.
        if parameter.dim() > 1 and "A_log" not in name and "conv" not in name:
            torch.nn.init.normal_(parameter, std=0.25)
    return module


@functools.cache
def tokenizer() -> Any:
    """One token per word. No special token is added; an empty context is the BOS token."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *WORDS))}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def open_architecture(module: Any, *, batch_size: int | str = 1, **arguments: Any) -> Any:
    """A model of proctor's around a module."""
    from proctor.models import open_model

    args = {"pretrained": module, "tokenizer": tokenizer(), "dtype": "float32", **arguments}
    return open_model("hf", args, batch_size=batch_size, device="cpu")


def main() -> None:
    """Print a table: name, mode, largest difference of the probe, reason."""
    from proctor.types import Loglikelihood

    context = " ".join(WORDS[:24])
    requests = [Loglikelihood(f"{context} {word}", (" A", " B", " C")) for word in WORDS[30:34]]
    for architecture in ALL:
        model = open_architecture(build(architecture), batch_size=8, scoring="auto")
        list(model.respond(requests))
        found = model.report()["scoring"]
        difference = found.get("max_probe_difference")
        shown = "" if difference is None else f"{difference:.1e}"
        print(f"{architecture.name:26} {found['mode']:8} {shown:8} {found.get('reason', '')}")


if __name__ == "__main__":
    main()
