"""What goes wrong while a model is loaded is a sentence with a remedy; what goes right is checked too."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import torch
import transformers
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from proctor.errors import MissingExtraError, ModelError, ProctorError, UsageError
from proctor.models import open_model
from proctor.models.hf.arguments import HfArguments, read_arguments
from proctor.models.hf.device import is_out_of_memory, make_budget, pick_device, set_threads
from proctor.models.hf.errors import as_sentences
from proctor.models.hf.load.load import knows_no_text, load_tokenizer, open_tokens, read_dtype
from proctor.types import Loglikelihood

REQUEST = Loglikelihood("the quick", (" fox", " the lazy dog"))


def open_tiny(folder, **args):
    return open_model("hf", {"pretrained": str(folder), "dtype": "float32", **args}, device="cpu")


@pytest.fixture
def copy(checkpoints, tmp_path):
    """A copy of the tiny llama to damage."""
    return shutil.copytree(checkpoints / "llama", tmp_path / "model")


# -- arguments


def test_arguments_are_typed_and_the_rest_is_passed_on():
    arguments = read_arguments(
        {
            "pretrained": "x",
            "max_length": "32",
            "revision": 7,
            "logits_cache": "false",
            "think_end_token": "12",
            "attn_implementation": "eager",
            "batch_size": 8,
            "device": "cpu",
            "torch_dtype": "float16",
        }
    )
    assert (arguments.max_length, arguments.revision, arguments.logits_cache) == (32, "7", False)
    assert (arguments.think_end_token, arguments.dtype) == (12, "float16")
    assert arguments.extra == {"attn_implementation": "eager"}


def test_thinking_goes_to_the_chat_template():
    args = {"pretrained": "x", "enable_thinking": True, "think_end_token": "T", "chat_template_args": {"a": 1}}
    assert read_arguments(args).template_args == {"a": 1, "enable_thinking": True}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({}, "needs pretrained"),
        ({"pretraned": "gpt2"}, "needs pretrained"),
        ({"pretrained": "x", "backend": "decoder"}, "backend"),
        ({"pretrained": "x", "max_length": 0}, "max_length"),
        ({"pretrained": "x", "max_length": "long"}, "max_length"),
        ({"pretrained": "x", "prefix_token_id": -1}, "prefix_token_id"),
        ({"pretrained": "x", "trust_remote_code": "perhaps"}, "trust_remote_code"),
        ({"pretrained": "x", "peft": "a", "delta": "b"}, "peft and delta"),
        ({"pretrained": "x", "autogptq": True, "gptqmodel": True}, "autogptq and gptqmodel"),
        ({"pretrained": "x", "tp_plan": "auto", "parallelize": True}, "tp_plan and parallelize"),
        ({"pretrained": "x", "enable_thinking": True}, "think_end_token"),
        ({"pretrained": "x", "chat_template_args": "a"}, "chat_template_args"),
    ],
)
def test_arguments_that_make_no_sense(args, says):
    with pytest.raises(UsageError, match=says):
        read_arguments(args)


def test_an_unknown_dtype_is_a_sentence(checkpoints):
    with pytest.raises(UsageError, match="dtype is 'float61'") as caught:
        open_tiny(checkpoints / "llama", dtype="float61")
    assert "float16" in str(caught.value.hint)
    with pytest.raises(UsageError, match="softmax_dtype"):
        read_dtype("softmax_dtype", "auto")
    assert read_dtype("dtype", "torch.bfloat16") is torch.bfloat16


def test_a_key_nobody_takes_is_a_sentence(checkpoints):
    with pytest.raises(UsageError, match="'max_lenght' is unknown") as caught:
        open_tiny(checkpoints / "llama", max_lenght=32)
    assert caught.value.hint == "Did you mean 'max_length'?"


def test_a_key_for_from_pretrained_reaches_it(checkpoints):
    assert open_tiny(checkpoints / "llama", attn_implementation="eager").module.config._attn_implementation == "eager"
    with pytest.raises(ModelError, match="attn_implementation"):
        open_tiny(checkpoints / "llama", attn_implementation="nope")


# -- what a folder lacks


def test_no_such_folder(tmp_path):
    with pytest.raises(ModelError, match="There is no folder"):
        open_tiny(tmp_path / "nothing")


def test_a_folder_without_config(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        open_tiny(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError) as caught:
        open_tiny(tmp_path)
    assert "peft=" in str(caught.value.hint)


def test_a_file_is_not_a_folder(copy):
    with pytest.raises(ModelError, match="is a file"):
        open_tiny(copy / "config.json")


def test_a_folder_without_weights(copy):
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        open_tiny(copy)
    assert open_tokens({"pretrained": str(copy)}).encode("fox")


def test_damaged_weights(copy):
    (copy / "model.safetensors").write_bytes(b"123")
    with pytest.raises(ModelError, match="are damaged"):
        open_tiny(copy)


def test_a_folder_without_tokenizer(copy):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    with pytest.raises(ModelError, match="holds no tokenizer") as caught:
        open_tiny(copy)
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
    model = open_tiny(copy, tokenizer=str(checkpoints / "llama"))
    assert model.info["tokenizer_name"] == str(checkpoints / "llama").replace("/", "__")


def test_a_broken_config(copy):
    (copy / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config of .* cannot be loaded"):
        open_tiny(copy)


def test_an_unknown_architecture(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "zzz"}))
    with pytest.raises(ModelError, match="does not know the architecture") as caught:
        open_tiny(copy)
    assert "pip install" in str(caught.value.hint)


def test_code_of_its_own_is_not_run_unasked(copy):
    config = json.loads((copy / "config.json").read_text())
    changed = {**config, "model_type": "zzz", "auto_map": {"AutoConfig": "own.Config"}}
    (copy / "config.json").write_text(json.dumps(changed))
    with pytest.raises(ModelError, match="own Python code") as caught:
        open_tiny(copy)
    assert "trust_remote_code=True" in str(caught.value.hint)


def test_a_missing_gguf_file(checkpoints):
    with pytest.raises(ModelError, match=r"no file 'x\.gguf'"):
        open_tiny(checkpoints / "llama", gguf_file="x.gguf")


def test_a_missing_adapter(checkpoints, tmp_path):
    with pytest.raises(ModelError, match="There is no folder"):
        open_tiny(checkpoints / "llama", peft=str(tmp_path / "none"))


def test_quantisation_without_its_package(checkpoints, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(MissingExtraError, match="bitsandbytes"):
        open_tiny(checkpoints / "llama", load_in_4bit=True)
    with pytest.raises(MissingExtraError, match=r"auto_gptq|auto-gptq"):
        open_tiny(checkpoints / "llama", autogptq=True)


# -- the Hub


@pytest.mark.skipif(os.environ.get("HF_HUB_OFFLINE") != "1", reason="asks the Hub unless HF_HUB_OFFLINE=1")
def test_a_model_that_is_not_here_and_no_network():
    with pytest.raises(ModelError, match="cannot be reached") as caught:
        open_model("hf", {"pretrained": "owner/never-downloaded"})
    assert "HF_HUB_OFFLINE" in str(caught.value.hint)


class GatedRepoError(OSError):
    """As huggingface_hub names it."""


class RepositoryNotFoundError(OSError):
    """As huggingface_hub names it."""


class RevisionNotFoundError(OSError):
    """As huggingface_hub names it."""


@pytest.mark.parametrize(
    ("cause", "says", "hint"),
    [
        (GatedRepoError("x"), "is gated", "HF_TOKEN"),
        (RepositoryNotFoundError("x"), "neither a folder here nor", "spelling"),
        (RevisionNotFoundError("x"), "no revision 'v9'", "revision="),
        (ConnectionError("x"), "cannot be reached", "network"),
    ],
)
def test_what_the_hub_says(cause, says, hint):
    arguments = HfArguments(pretrained="owner/model", revision="v9")
    with pytest.raises(ModelError, match=says) as caught, as_sentences("config", "owner/model", arguments):
        raise OSError("something long") from cause
    assert hint in str(caught.value.hint)


def test_a_missing_package_is_named():
    with (
        pytest.raises(ModelError, match="'einops'") as caught,
        as_sentences("model", "x", HfArguments(pretrained="x")),
    ):
        raise ModuleNotFoundError("No module named 'einops'", name="einops")
    assert caught.value.hint == "Install it with: pip install einops"


def test_our_own_sentences_pass_unchanged():
    with pytest.raises(ProctorError, match=r"^mine$"), as_sentences("model", "x", HfArguments(pretrained="x")):
        raise UsageError("mine")


def test_secrets_stay_out_of_messages():
    arguments = HfArguments(pretrained="x", extra={"token": "very-secret"})
    with pytest.raises(ModelError) as caught, as_sentences("model", "x", arguments):
        raise ValueError("no: very-secret and hf_abcdefgh12345 and Bearer abc123 via https://me:pw@host/")
    for secret in ("very-secret", "abcdefgh12345", "Bearer abc", "me:pw"):
        assert secret not in str(caught.value)
    assert "very-secret" not in repr(arguments)
    arguments = HfArguments(pretrained="x", extra={"think_end_token": "</think>"})
    with pytest.raises(ModelError, match="think </think>"), as_sentences("model", "x", arguments):
        raise ValueError("think </think>")


# -- devices


def test_a_device_that_is_not_there_is_replaced_and_named(monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert pick_device("cuda:0") == torch.device("cpu")
    assert "The device 'cuda:0' is not available here; running on 'cpu'." in caplog.text
    caplog.clear()
    assert pick_device(None) == pick_device("cpu") == torch.device("cpu")
    assert not caplog.records


def test_a_device_that_is_there_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("cuda:1") == torch.device("cuda:1")
    assert pick_device(None) == torch.device("cuda")


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cudda"])
def test_a_device_that_does_not_exist(device):
    with pytest.raises(UsageError, match="no device"):
        pick_device(device)


def test_threads():
    before = torch.get_num_threads()
    try:
        set_threads(2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
        os.environ.pop("RAYON_NUM_THREADS", None)
    set_threads(None)
    with pytest.raises(UsageError, match="threads"):
        set_threads(0)


def test_budgets_come_from_free_memory(monkeypatch):
    from proctor.models.base import BatchSize
    from proctor.models.hf import device

    monkeypatch.setattr(device, "free_bytes", lambda _: 10_000)
    budget = make_budget(BatchSize(4), torch.device("cpu"), bytes_per_token=10, bytes_per_head=100)
    assert (budget.tokens, budget.heads, budget.rows) == (300, 30, 4)
    monkeypatch.undo()
    assert device.free_bytes(torch.device("cpu")) > 0
    auto = make_budget(BatchSize(None, auto=True), torch.device("cpu"), bytes_per_token=1, bytes_per_head=1)
    assert auto.tokens == device.AUTO_TOKENS["cpu"]


def test_what_running_out_of_memory_looks_like():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("other"))
    assert not is_out_of_memory(ValueError("out of memory"))


# -- other ways to weights


def scores(model):
    return [value for value, _ in dict(model.respond([REQUEST]))[0].values]


def test_a_model_object_may_be_given(checkpoints):
    from transformers import LlamaForCausalLM

    module = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    given = open_model("hf", {"pretrained": module}, device="cpu")
    assert scores(given) == scores(open_tiny(checkpoints / "llama"))
    assert given.name == str(checkpoints / "llama")


def test_weights_split_by_a_device_map(checkpoints):
    pytest.importorskip("accelerate")
    for options in ({"device_map": "auto"}, {"parallelize": True}):
        assert scores(open_tiny(checkpoints / "llama", **options)) == scores(open_tiny(checkpoints / "llama"))


def test_an_adapter_changes_the_scores(checkpoints, tmp_path):
    peft = pytest.importorskip("peft")
    from transformers import LlamaForCausalLM

    base = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    settings = peft.LoraConfig(r=2, target_modules=["q_proj", "lm_head"], init_lora_weights=False)
    adapted = peft.get_peft_model(base, settings)
    adapted.save_pretrained(tmp_path / "adapter")
    model = open_tiny(checkpoints / "llama", peft=str(tmp_path / "adapter"))
    left, right = model.tokens.encode_pair(REQUEST.context, REQUEST.continuations[1])
    with torch.no_grad():
        logits = adapted.eval()(torch.tensor([[*left, *right][:-1]])).logits[0, -len(right) :]
    expected = logits.log_softmax(-1).gather(1, torch.tensor(right)[:, None]).sum().item()
    assert scores(model)[1] == pytest.approx(expected, abs=1e-4)
    assert scores(model)[1] != pytest.approx(scores(open_tiny(checkpoints / "llama"))[1], abs=1e-2)
    assert model.info["peft_sha"] == ""


def test_virtual_tokens_of_an_adapter_shift_the_needed_rows(checkpoints, tmp_path):
    peft = pytest.importorskip("peft")
    from transformers import LlamaForCausalLM

    base = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    settings = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3)
    tuned = peft.get_peft_model(base, settings)
    tuned.save_pretrained(tmp_path / "prompt")
    model = open_tiny(checkpoints / "llama", peft=str(tmp_path / "prompt"))
    left, right = model.tokens.encode_pair(REQUEST.context, REQUEST.continuations[1])
    ids = torch.tensor([[*left, *right][:-1]])
    with torch.no_grad():
        logits = tuned.eval()(ids).logits[0]
    assert len(logits) == ids.shape[1] + 3
    expected = logits[-len(right) :].log_softmax(-1).gather(1, torch.tensor(right)[:, None]).sum().item()
    assert scores(model)[1] == pytest.approx(expected, abs=1e-4)


def test_delta_weights_are_added(checkpoints, tmp_path):
    from transformers import LlamaForCausalLM

    zero = LlamaForCausalLM.from_pretrained(checkpoints / "llama").float()
    with torch.no_grad():
        for parameter in zero.parameters():
            parameter.zero_()
    zero.save_pretrained(tmp_path / "delta")
    base = open_tiny(checkpoints / "llama")
    assert scores(open_tiny(checkpoints / "llama", delta=str(tmp_path / "delta"))) == scores(base)
    doubled = open_tiny(checkpoints / "llama", delta=str(checkpoints / "llama"))
    weight = base.module.model.layers[0].mlp.up_proj.weight
    assert torch.equal(doubled.module.model.layers[0].mlp.up_proj.weight, 2 * weight)


def test_delta_weights_of_another_model(checkpoints):
    with pytest.raises(ModelError, match="delta weights"):
        open_tiny(checkpoints / "llama", delta=str(checkpoints / "sp"))


def test_limits_are_found_where_configs_hide_them(checkpoints):
    assert open_tokens({"pretrained": str(checkpoints / "llama")}).max_length == 64
    assert open_tokens({"pretrained": str(checkpoints / "llama"), "max_length": 10}).max_length == 10
    t5 = open_tokens({"pretrained": str(checkpoints / "t5")})
    assert (t5.backend, t5.max_length) == ("seq2seq", 2048)
    assert open_tokens({"pretrained": str(checkpoints / "t5"), "backend": "causal"}).backend == "causal"
