"""What goes wrong while a model is loaded is a sentence with its remedy, without secrets."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from tiny_models import MODEL, open_with

from proctor.cli.main import main
from proctor.errors import ModelError, ProctorError, UsageError
from proctor.models import open_model
from proctor.models.hf.arguments import HfArguments
from proctor.models.hf.errors import as_sentences
from proctor.models.hf.load.load import open_tokens


def test_no_such_folder(tmp_path):
    with pytest.raises(ModelError, match="There is no folder"):
        open_with(tmp_path / "nothing")


def test_a_folder_without_config(tmp_path):
    with pytest.raises(ModelError, match=r"no config\.json"):
        open_with(tmp_path)
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(ModelError) as caught:
        open_with(tmp_path)
    assert "peft=" in str(caught.value.hint)


def test_a_file_is_not_a_folder(copy):
    with pytest.raises(ModelError, match="is a file"):
        open_with(copy / "config.json")


def test_a_folder_without_weights(copy):
    (copy / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        open_with(copy)
    assert open_tokens({"pretrained": str(copy)}).encode("fox")


def test_damaged_weights(copy):
    (copy / "model.safetensors").write_bytes(b"123")
    with pytest.raises(ModelError, match="are damaged"):
        open_with(copy)


def test_an_unknown_architecture(copy):
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "model_type": "zzz"}))
    with pytest.raises(ModelError, match="does not know the architecture") as caught:
        open_with(copy)
    assert "pip install" in str(caught.value.hint)


def test_code_of_its_own_is_not_run_unasked(copy):
    config = json.loads((copy / "config.json").read_text())
    changed = {**config, "model_type": "zzz", "auto_map": {"AutoConfig": "own.Config"}}
    (copy / "config.json").write_text(json.dumps(changed))
    with pytest.raises(ModelError, match="own Python code") as caught:
        open_with(copy)
    assert "trust_remote_code=True" in str(caught.value.hint)


def test_a_missing_gguf_file(checkpoints):
    with pytest.raises(ModelError, match=r"no file 'x\.gguf'"):
        open_with(checkpoints / "llama", gguf_file="x.gguf")


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


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (["a", 5], "its chat_template is a list that holds 'a'"),
        ([{"name": "default"}], "an entry of its chat_template lacks 'template'"),
        ([{}], "lacks 'name' and 'template'"),
    ],
)
def test_a_list_that_is_no_list_of_templates_is_named(tmp_path, capsys, template, said):
    folder = tmp_path / "model"
    shutil.copytree(MODEL, folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "chat_template": template}))
    words = ["run", "--model", "hf", "--model_args", f"pretrained={folder}", "--tasks", "demo_text_sums"]
    assert main([*words, "--limit", "1", "--no_store", "--apply_chat_template"]) in (1, 2)
    shown = capsys.readouterr().err
    assert said in shown
    assert "Mend chat_template" in shown
