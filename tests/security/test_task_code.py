"""Whose Python runs, and when: looking at tasks runs none of it, wherever it is planted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proctor.cli.main import main
from proctor.errors import TaskError
from proctor.refs import Ref

MARKER = "import pathlib\npathlib.Path({marker!r}).write_text('this ran')\nraise RuntimeError('this ran')\n"

PLAIN = """\
dataset_path: json
dataset_kwargs: {data_files: {test: test.jsonl}, trust_remote_code: true}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: choices
doc_to_target: answer
"""

PLANTED = {
    "doc_to_text": "task: a\ninclude: _plain\ndoc_to_text: !function evil.f\n",
    "doc_to_choice": "task: a\ninclude: _plain\ndoc_to_choice: !function evil.f\n",
    "process_docs": "task: a\ninclude: _plain\nprocess_docs: !function evil.f\n",
    "process_results": "task: a\ninclude: _plain\nprocess_results: !function evil.f\n",
    "custom_dataset": "task: a\ninclude: _plain\ncustom_dataset: !function evil.f\n",
    "class": "task: a\nclass: !function evil.f\n",
    "an argument of a class": "task: a\nclass: !function deeper.folder.evil.f\nextra: [!function evil.f]\n",
    "sampler": "task: a\ninclude: _plain\nnum_fewshot: 1\nfewshot_config: {sampler: !function evil.f}\n",
    "samples": "task: a\ninclude: _plain\nnum_fewshot: 1\nfewshot_config: {samples: !function evil.f}\n",
    "metric": "task: a\ninclude: _plain\nmetric_list: [{metric: !function evil.f, aggregation: mean}]\n",
    "aggregation": "task: a\ninclude: _plain\nmetric_list: [{metric: acc, aggregation: !function evil.f}]\n",
    "filter": (
        "task: a\ninclude: _plain\nfilter_list: [{name: x, filter: "
        "[{function: custom, filter_fn: !function evil.f}]}]\n"
    ),
    "a filter that Python registers": (
        "task: a\ninclude: _plain\nprocess_results: !function evil.f\n"
        "filter_list: [{name: x, filter: [{function: mine}]}]\n"
    ),
    "a metric that Python registers": (
        "task: a\ninclude: _plain\noutput_type: generate_until\nprocess_results: !function evil.f\n"
        "metric_list: [{metric: mine, aggregation: mine}]\n"
    ),
    "a metric of a folder": (
        "task: a\ninclude: _plain\noutput_type: generate_until\ndoc_to_choice:\n"
        "metric_list: [{metric: ./evil, aggregation: mean, hf_evaluate: true}]\n"
    ),
    "another task's folder": "task: a\ninclude: _plain\ndoc_to_text: !function lm_eval.tasks.deeper.folder.evil.f\n",
    "an installed module": "task: a\ninclude: _plain\ndoc_to_text: !function planted_module.f\n",
    "an included file": "task: a\ninclude: deeper/_with_code\n",
    "a group's task": "group: g\ntask:\n  - task: a\n    include: _plain\n    doc_to_text: !function evil.f\n",
    "description": "task: a\ninclude: _plain\ndescription: !function evil.f\n",
    "gen_prefix": "task: a\ninclude: _plain\ngen_prefix: !function evil.f\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tasks in which every Python file leaves a mark and raises when it is run."""
    home = tmp_path / "tasks"
    (home / "deeper" / "folder").mkdir(parents=True)
    rows = [{"question": f"No. {n}", "choices": ["a", "b"], "answer": n % 2} for n in range(3)]
    (home / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "_plain").write_text(PLAIN)
    (home / "deeper" / "_with_code").write_text(
        PLAIN.replace("doc_to_target: answer\n", "") + "doc_to_target: !function folder.evil.f\n"
    )
    modules = tmp_path / "modules"
    modules.mkdir()
    code = MARKER.format(marker=str(tmp_path / "marker")) + (
        "from lm_eval.api.registry import register_filter, register_metric, register_aggregation\n"
        "@register_aggregation('mine')\n@register_metric(metric='mine')\n@register_filter('mine')\ndef f(*a): ...\n"
    )
    files = ["evil.py", "__init__.py", "conftest.py", "setup.py", "deeper/__init__.py", "deeper/folder/evil.py"]
    for file in [*(home / name for name in files), modules / "planted_module.py"]:
        file.write_text(code)
    monkeypatch.syspath_prepend(str(modules))
    monkeypatch.setenv("PYTHONPATH", str(modules))
    monkeypatch.chdir(tmp_path)
    return home


@pytest.mark.parametrize("where", PLANTED)
def test_looking_at_tasks_runs_none_of_their_code(folder: Path, where: str, capsys):
    (folder / "a.yaml").write_text(PLANTED[where])
    name = "g" if where == "a group's task" else "a"
    for words in (
        ["ls", "tasks", "--include_path", str(folder)],
        ["ls", "groups", "--include_path", str(folder)],
        ["validate", "--no_data", "--include_path", str(folder), "--tasks", name],
        ["validate", "--no_data", "--tasks", str(folder)],
        ["validate", "--include_path", str(folder), "--tasks", name],
        ["validate", "--tasks", str(folder)],
    ):
        main(words)
        shown = capsys.readouterr()
        assert not (folder.parent / "marker").exists(), words
        assert "this ran" not in shown.out + shown.err
    if where not in ("process_results",):
        assert "1 task has Python functions, which were not run: --run_task_code" in shown.out


@pytest.mark.parametrize("where", ["process_docs", "class", "another task's folder", "an included file", "filter"])
def test_the_planted_code_would_run(folder: Path, where: str, capsys):
    """What the tests above rely on: asked to, validate runs it and says what it raised."""
    (folder / "a.yaml").write_text(PLANTED[where])
    words = ["validate", "--run_task_code", "--include_path", str(folder), "--tasks", "a"]
    assert main(words) == 1
    assert (folder.parent / "marker").exists()
    assert "this ran" in capsys.readouterr().out
    (folder.parent / "marker").unlink()
    assert main([*words, "--no_data"]) == 0
    assert not (folder.parent / "marker").exists()


def test_what_hangs_on_no_code_is_checked_all_the_same(folder: Path, capsys):
    (folder / "a.yaml").write_text(
        "task: a\ninclude: _plain\ndoc_to_choice: !function evil.f\ndoc_to_text: '{{nope}}'\n"
    )
    assert main(["validate", "--tasks", str(folder)]) == 1
    shown = capsys.readouterr().out
    assert "'nope'" in shown
    assert "3 documents" in shown
    assert not (folder.parent / "marker").exists()


def test_benchmarks_that_ship_are_checked_with_their_code(shared_hub, monkeypatch, capsys):
    monkeypatch.chdir(shared_hub)
    assert main(["validate", "--tasks", "hellaswag"]) == 0
    assert "not run" not in capsys.readouterr().out


def test_selecting_tasks_for_a_run_fails_before_their_code_runs(folder: Path, capsys):
    (folder / "a.yaml").write_text("task: a\ninclude: _plain\ndoc_to_txt: x\nprocess_docs: !function evil.f\n")
    assert main(["--model", "dummy", "--include_path", str(folder), "--tasks", "a", "--no_store"]) == 2
    assert "doc_to_text" in capsys.readouterr().err
    assert not (folder.parent / "marker").exists()


@pytest.mark.parametrize(
    "name", ["../../evil.f", "../evil.f", "..evil.f", "/etc/evil.f", "{folder}/evil.f", "a/../../evil.f", "..\\evil.f"]
)
def test_a_function_is_not_named_by_a_path(folder: Path, name: str, capsys):
    """Files are searched beside the task file and below it only."""
    name = name.format(folder=folder)
    deep = folder / "deeper" / "folder" / "tasks"
    deep.mkdir()
    with pytest.raises(TaskError):
        Ref(str(deep), name).resolve()
    (deep / "b.yaml").write_text(f"task: b\ninclude: {folder}/_plain\ndoc_to_text: !function {name}\n")
    assert main(["validate", "--no_data", "--tasks", str(deep)]) == 1
    assert main(["--model", "dummy", "--tasks", str(deep), "--no_store"]) == 2
    assert not (folder.parent / "marker").exists()


def test_folders_behind_links_are_read_but_not_run(folder: Path, tmp_path: Path):
    other = tmp_path / "named"
    other.mkdir()
    (folder / "a.yaml").write_text(PLANTED["process_docs"])
    (other / "link").symlink_to(folder)
    (other / "round").symlink_to(other)
    assert main(["validate", "--no_data", "--tasks", str(other)]) in (0, 1, 2)
    assert main(["ls", "tasks", "--include_path", str(other)]) in (0, 2)
    assert not (tmp_path / "marker").exists()


def test_an_included_file_of_another_folder_gives_text_only(folder: Path, tmp_path: Path):
    other = tmp_path / "named"
    other.mkdir()
    rows = (folder / "test.jsonl").read_text()
    (other / "test.jsonl").write_text(rows)
    (other / "b.yaml").write_text(f"task: b\ninclude: {folder}/_plain\n")
    assert main(["validate", "--tasks", str(other)]) == 0
    assert main(["--model", "dummy", "--tasks", str(other), "--no_store"]) == 0
    assert not (tmp_path / "marker").exists()


def test_the_working_directory_is_no_place_for_code(folder: Path):
    """``python -m`` puts it in front of everything: a download beside the command must not be imported."""
    named = folder.parent / "named"
    named.mkdir()
    (named / "test.jsonl").write_text((folder / "test.jsonl").read_text())
    (named / "b.yaml").write_text(PLAIN + "task: b\ndoc_to_text: !function evil.f\n")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    words = [sys.executable, "-m", "proctor", "--model", "dummy", "--no_store", "--tasks", str(named)]
    for name in ("yaml", "numpy", "evil"):
        (folder / f"{name}.py").write_text((folder / "evil.py").read_text())
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not (folder.parent / "marker").exists(), done.stderr
    assert done.returncode == 2
    assert "no module 'evil'" in done.stderr


def test_a_data_set_that_is_a_script_is_not_run(folder: Path, capsys):
    script = folder / "script" / "script.py"
    script.parent.mkdir()
    script.write_text((folder / "evil.py").read_text())
    for path in ("./script", "./script/script.py", str(script), str(script.parent)):
        (folder / "a.yaml").write_text(f"task: a\ninclude: _plain\ndataset_path: {path}\ndataset_kwargs: {{}}\n")
        assert main(["validate", "--tasks", str(folder)]) == 1
        for more in ([], ["--trust_remote_code"]):
            assert main(["--model", "dummy", "--no_store", "--tasks", str(folder), *more]) in (1, 2)
        assert not (folder.parent / "marker").exists()
