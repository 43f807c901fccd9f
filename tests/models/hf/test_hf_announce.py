"""While weights are read: what is loaded, how large it is, how long it took; and no bar of others."""

import logging
import sys

import pytest

from proctor.models.hf.announce import announce_loading, weights_size
from proctor.models.hf.load.load import load_model


def said(caplog):
    return [record.getMessage() for record in caplog.records if "oad" in record.getMessage()]


def test_the_model_is_named_before_and_described_after_it_is_loaded(caplog, repository):
    folder = str(repository / "src" / "proctor" / "benchmarks" / "demo" / "model")
    with caplog.at_level(logging.INFO, "proctor"):
        load_model({"pretrained": folder}, device="cpu")
    before, after = said(caplog)
    assert before == f"Loading model {folder} onto cpu ..."
    assert after.startswith("Model loaded in ")
    assert after.endswith("M parameters, float32.") or "M parameters" in after


def test_a_large_folder_s_size_is_said_by_the_files_that_are_loaded(tmp_path, caplog):
    for name, size in (("a.safetensors", 3 * 10**9), ("b.safetensors", 10**9), ("pytorch_model.bin", 9 * 10**9)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    assert weights_size(tmp_path) == 4 * 10**9
    assert weights_size(tmp_path / "none") == 0
    with caplog.at_level(logging.INFO, "proctor"), announce_loading(str(tmp_path), "cuda:0") as info:
        info.update(model_num_parameters=2_031_739_904, model_dtype="torch.bfloat16")
    before, after = said(caplog)
    assert before.endswith(" (4.0 GB) onto cuda:0 ...")
    assert after.endswith(": 2.03B parameters, bfloat16.")


@pytest.mark.parametrize("terminal", [True, False])
def test_bars_of_others_are_off_while_loading_but_downloads_on_a_terminal(monkeypatch, terminal):
    from huggingface_hub.utils import are_progress_bars_disabled, enable_progress_bars
    from transformers.utils import logging as bars

    monkeypatch.delenv("HF_HUB_DISABLE_PROGRESS_BARS", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    enable_progress_bars()
    bars.enable_progress_bar()
    with announce_loading("gpt2", "cpu"):
        assert not bars.is_progress_bar_enabled()
        assert are_progress_bars_disabled() is not terminal
    assert bars.is_progress_bar_enabled()


def test_a_model_that_cannot_be_loaded_is_not_said_to_be(caplog):
    with (
        caplog.at_level(logging.INFO, "proctor"),
        pytest.raises(ZeroDivisionError),
        announce_loading("gpt2", "cpu"),
    ):
        raise ZeroDivisionError
    assert said(caplog) == ["Loading model gpt2 onto cpu ..."]
