"""A chat template in a checkpoint's settings that has the wrong shape."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import proctor
from proctor.cli.main import main

MODEL = Path(proctor.__file__).parent / "benchmarks" / "demo" / "model"


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
