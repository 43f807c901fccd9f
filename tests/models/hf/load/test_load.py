"""What goes wrong while a model is loaded is a sentence with a remedy; what goes right is checked too."""

from __future__ import annotations

import pytest
import torch
import transformers
from tiny_models import open_with
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from proctor.errors import ModelError, UsageError
from proctor.models.hf.arguments import read_arguments
from proctor.models.hf.load.load import knows_no_text, load_tokenizer, open_tokens, read_dtype


def test_an_unknown_dtype_is_a_sentence(checkpoints):
    with pytest.raises(UsageError, match="dtype is 'float61'") as caught:
        open_with(checkpoints / "llama", dtype="float61")
    assert "float16" in str(caught.value.hint)
    with pytest.raises(UsageError, match="softmax_dtype"):
        read_dtype("softmax_dtype", "auto")
    assert read_dtype("dtype", "torch.bfloat16") is torch.bfloat16


def test_a_key_nobody_takes_is_a_sentence(checkpoints):
    with pytest.raises(UsageError, match="'max_lenght' is unknown") as caught:
        open_with(checkpoints / "llama", max_lenght=32)
    assert caught.value.hint == "Did you mean 'max_length'?"


def test_a_key_for_from_pretrained_reaches_it(checkpoints):
    assert open_with(checkpoints / "llama", attn_implementation="eager").module.config._attn_implementation == "eager"
    with pytest.raises(ModelError, match="attn_implementation"):
        open_with(checkpoints / "llama", attn_implementation="nope")


def test_a_folder_without_tokenizer(copy):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    with pytest.raises(ModelError, match="holds no tokenizer") as caught:
        open_with(copy)
    assert "tokenizer=" in str(caught.value.hint)


@pytest.mark.parametrize("kind", ["GPT2", "Qwen2", "GPTNeoX", "Gemma", "T5", "Llama", "Mistral"])
def test_a_tokenizer_that_transformers_makes_of_nothing(kind, tmp_path):
    """It would encode every text to nothing or to unknown tokens, and the model would score that."""
    config = getattr(transformers, f"{kind}Config")()
    config.save_pretrained(tmp_path)
    arguments = read_arguments({"pretrained": str(tmp_path)})
    with pytest.raises(ModelError, match="holds no tokenizer"):
        load_tokenizer(arguments, config)


def test_tokenizers_of_few_tokens_are_tokenizers(tokenizers):
    assert not any(knows_no_text(tokenizer) for tokenizer in tokenizers.values())
    letters = Tokenizer(WordLevel({"a": 0, "b": 1, "<unk>": 2}, unk_token="<unk>"))
    assert not knows_no_text(PreTrainedTokenizerFast(tokenizer_object=letters, unk_token="<unk>"))


def test_a_tokenizer_from_elsewhere(copy, checkpoints):
    (copy / "tokenizer.json").unlink()
    model = open_with(copy, tokenizer=str(checkpoints / "llama"))
    assert model.info["tokenizer_name"] == str(checkpoints / "llama").replace("/", "__")


def test_a_broken_config(copy):
    (copy / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config of .* cannot be loaded"):
        open_with(copy)


def test_limits_are_found_where_configs_hide_them(checkpoints):
    assert open_tokens({"pretrained": str(checkpoints / "llama")}).max_length == 64
    assert open_tokens({"pretrained": str(checkpoints / "llama"), "max_length": 10}).max_length == 10
    t5 = open_tokens({"pretrained": str(checkpoints / "t5")})
    assert (t5.backend, t5.max_length) == ("seq2seq", 2048)
    assert open_tokens({"pretrained": str(checkpoints / "t5"), "backend": "causal"}).backend == "causal"
