from __future__ import annotations

import shlex

from report_pages import stored

from proctor.html_report.run_command import run_command


def test_it_makes_the_run_again(tmp_path):
    config = {"model": "hf", "model_args": {"pretrained": "org/my model", "dtype": "int8"}, "limit": 10,
              "batch_size": "16", "gen_kwargs": {"temperature": 0.0}}  # fmt: skip
    run = stored(tmp_path, "run", {"a": "10", "b": "10"}, config=config, chat_template="x",
                 system_instruction="Be brief.", group_subtasks={"g": ["a", "b"]},
                 **{"n-shot": {"a": 5, "b": 5}})  # fmt: skip
    assert shlex.split(run_command(run) or "") == [
        "proctor", "run", "--model", "hf", "--model_args", "pretrained=org/my model,dtype=int8", "--tasks", "g",
        "--num_fewshot", "5", "--limit", "10", "--batch_size", "16", "--gen_kwargs", "temperature=0.0",
        "--apply_chat_template", "--system_instruction", "Be brief.",
    ]  # fmt: skip


def test_a_file_without_settings_has_none(tmp_path):
    assert run_command(stored(tmp_path, "run", {"a": "10"}, config={})) is None
