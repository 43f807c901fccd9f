"""A GGUF file from a small Llama checkpoint of transformers, in float32.

llama.cpp's own converter refuses tokenizers that it does not know by name; here the byte-level ones of the test
checkpoints are written with GPT-2's pre-tokenizer, which is theirs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
    "input_layernorm.weight": "attn_norm.weight",
    "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight",
    "self_attn.k_proj.weight": "attn_k.weight",
    "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.o_proj.weight": "attn_output.weight",
    "mlp.gate_proj.weight": "ffn_gate.weight",
    "mlp.up_proj.weight": "ffn_up.weight",
    "mlp.down_proj.weight": "ffn_down.weight",
}


def write_gguf(checkpoint: Path, file: Path, *, adds_bos: bool = True) -> Path:
    """Write a checkpoint as a GGUF file.

    Args:
        checkpoint: Its folder.
        file: What is written.
        adds_bos: Whether servers put BOS before a text.
    """
    import gguf
    from safetensors.torch import load_file

    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(str(file), "llama")
    _write_settings(writer, config)
    _write_tokenizer(writer, json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8")), config, adds_bos)
    template = checkpoint / "chat_template.jinja"
    if template.exists():
        writer.add_chat_template(template.read_text(encoding="utf-8"))
    heads = {"q": config["num_attention_heads"], "k": config["num_key_value_heads"]}
    for name, tensor in load_file(str(checkpoint / "model.safetensors")).items():
        values = tensor.float().numpy()
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            values = _interleaved(values, heads[name[-len("q_proj.weight")]])
        writer.add_tensor(_renamed(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _write_settings(writer: Any, config: dict[str, Any]) -> None:
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(0)


def _write_tokenizer(writer: Any, tokenizer: dict[str, Any], config: dict[str, Any], adds_bos: bool) -> None:
    import gguf

    model = tokenizer["model"]
    special = {row["id"]: row["content"] for row in tokenizer["added_tokens"]}
    by_id = {**{number: text for text, number in model["vocab"].items()}, **special}
    count = config["vocab_size"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([by_id.get(number, f"[unused{number}]") for number in range(count)])
    kinds = gguf.TokenType
    writer.add_token_types(
        [
            kinds.CONTROL if number in special else kinds.NORMAL if number in by_id else kinds.UNUSED
            for number in range(count)
        ]
    )
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(adds_bos)


def _renamed(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{_NAMES[rest]}"


def _interleaved(values: Any, heads: int) -> Any:
    """Rows of a projection in the order in which llama.cpp rotates them: pairs side by side."""
    rows, columns = values.shape
    return values.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)
