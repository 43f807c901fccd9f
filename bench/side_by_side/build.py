"""Makes one model folder of random weights: ``python -m side_by_side.build SHAPE FOLDER [TOKENIZER]``.

The tokenizer is a real small one where a folder with one is given, else a byte-level BPE trained
on the stand-in data's text.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from side_by_side.cases import SHAPES, Shape

POSITIONS = 4096


def tokenizer_of(source: str | None) -> Any:
    """A fast tokenizer that adds BOS."""
    import transformers

    if source:
        return transformers.AutoTokenizer.from_pretrained(source)
    return trained_tokenizer()


def trained_tokenizer(size: int = 4096) -> Any:
    """A byte-level BPE of ``size`` tokens, trained on generated sentences."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    from side_by_side.standin import sentences

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(sentences(4000), trainer)
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


def config_of(shape: Shape, tokenizer: Any) -> Any:
    """A Llama's config of this shape."""
    import transformers

    return transformers.LlamaConfig(
        vocab_size=shape.vocabulary or len(tokenizer),
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=POSITIONS,
        tie_word_embeddings=shape.tied,
        rope_parameters={"rope_type": "default", "rope_theta": shape.rope_theta},
        # Larger than usual for the small ones: scores of random choices should not all be alike.
        initializer_range=0.05 if shape.dtype == "float32" else 0.02,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )


def random_module(shape: Shape, tokenizer: Any, device: str = "cpu") -> Any:
    """A Llama of this shape with random weights, made on the device."""
    import torch
    import transformers

    torch.manual_seed(0)
    with torch.device(device):
        module = transformers.AutoModelForCausalLM.from_config(
            config_of(shape, tokenizer), dtype=getattr(torch, shape.dtype)
        )
    # Greedy decoding of random weights is what both programs do; nothing else is to be read from a file.
    module.generation_config = transformers.GenerationConfig.from_model_config(module.config)
    return module


def build(shape: Shape, folder: Path, source: str | None) -> None:
    """Write weights, tokenizer and ``facts.json``; the same shape gives the same weights."""
    tokenizer = tokenizer_of(source)
    module = random_module(shape, tokenizer)
    module.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    facts = {
        "name": shape.name,
        "parameters": module.num_parameters(),
        "body": shape.body,
        "layers": shape.layers,
        "hidden": shape.hidden,
        "vocabulary": module.config.vocab_size,
        "dtype": shape.dtype,
        "tokenizer": "shared" if source else "trained",
    }
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def main(name: str, folder: str, source: str = "") -> int:
    """Build one shape by name."""
    build(SHAPES[name], Path(folder), source or None)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
