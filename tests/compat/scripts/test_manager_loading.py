"""What lm-eval loads although it could not be asked is loaded, and an error when it is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from proctor.cli.main import main
from proctor.compat.scripts.manager import TaskManager
from proctor.errors import TaskError, UsageError
from proctor.models.generation import plan_generation

HEAD = """\
dataset_path: json
dataset_kwargs: {{data_files: {{test: {}}}}}
test_split: test
doc_to_text: "{{{{question}}}}"
doc_to_target: answer
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "test.jsonl"
    data.write_text(json.dumps({"question": "Q", "answer": 1}) + "\n", encoding="utf-8")
    head = HEAD.format(data)
    (tmp_path / "bare.yaml").write_text(f"task: bare\noutput_type: multiple_choice\n{head}", encoding="utf-8")
    hot = "generation_kwargs: {do_sample: true, temperature: 0.0}\n"
    (tmp_path / "hot.yaml").write_text(f"task: hot\n{head}{hot}", encoding="utf-8")
    (tmp_path / "nobody.yaml").write_text("group: nobody\ntask: []\n", encoding="utf-8")
    return tmp_path


def test_multiple_choice_without_options(folder, capsys):
    task = TaskManager(include_path=str(folder)).load_task_or_group(["bare"])["bare"]
    assert len(task.eval_docs) == 1
    with pytest.raises(TaskError, match="doc_to_choice is missing"):
        task.construct_requests(task.eval_docs[0], "Q", metadata=("bare", 0, 1))
    assert main(["run", "--model", "dummy", "--tasks", "bare", "--include_path", str(folder)]) == 2
    assert "doc_to_choice is missing" in capsys.readouterr().err


def test_a_group_without_members(folder, capsys):
    [group] = TaskManager(include_path=str(folder)).load_task_or_group(["nobody"])
    assert group.group == "nobody"
    assert main(["run", "--model", "dummy", "--tasks", "nobody", "--include_path", str(folder)]) == 2
    assert "group 'nobody': it has no members" in capsys.readouterr().err
    assert main(["validate", "--tasks", "nobody", "--include_path", str(folder)]) == 1


def test_sampling_at_no_temperature(folder):
    task = TaskManager(include_path=str(folder)).load_task_or_group(["hot"])["hot"]
    made = task.construct_requests(task.eval_docs[0], "Q", metadata=("hot", 0, 1))
    kwargs = (made[0] if isinstance(made, list) else made).arguments[1]
    assert kwargs["do_sample"] is True
    with pytest.raises(UsageError, match="do_sample is true and temperature is 0"):
        plan_generation(kwargs)
