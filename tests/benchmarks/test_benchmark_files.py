"""The bundled task files as files: they parse, what they point at exists, their names are their own."""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "src" / "proctor" / "benchmarks", ROOT / "examples" / "custom_mmlu")
TASK_FIELDS = {
    *("task", "task_alias", "tag", "custom_dataset", "dataset_path", "dataset_name", "dataset_kwargs"),
    *("training_split", "validation_split", "test_split", "fewshot_split", "process_docs"),
    *("doc_to_text", "doc_to_target", "doc_to_choice", "process_results", "description"),
    *("target_delimiter", "fewshot_delimiter", "fewshot_config", "num_fewshot", "metric_list", "output_type"),
    *("generation_kwargs", "repeats", "filter_list", "should_decontaminate", "unsafe_code"),
    *("doc_to_decontamination_query", "gen_prefix", "metadata"),
}
GROUP_FIELDS = {"group", "group_alias", "task", "aggregate_metric_list", "metadata"}


@dataclass(frozen=True)
class Function:
    """Where a `!function` points."""

    file: Path
    name: str


class Loader(yaml.SafeLoader):
    """Safe YAML and `!function`, read relative to the file it stands in."""


def _function(loader: Loader, node: yaml.ScalarNode) -> Function:
    module, _, name = node.value.rpartition(".")
    return Function(Path(loader.name).parent / f"{module.replace('.', '/')}.py", name)


Loader.add_constructor("!function", _function)


@cache
def load(path: Path) -> dict[str, Any]:
    """The file as it is written."""
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader)


def resolve(path: Path) -> dict[str, Any]:
    """The file with its includes under it."""
    written = dict(load(path))
    included = written.pop("include", [])
    merged: dict[str, Any] = {}
    for name in [included] if isinstance(included, str) else included:
        merged |= resolve(path.parent / name)
    return merged | written


FILES = [path for folder in FOLDERS for path in sorted(folder.rglob("*.yaml"))]
TASKS = [path for path in FILES if "group" not in load(path)]
GROUPS = [path for path in FILES if "group" in load(path)]


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(value: Any) -> list[Function]:
    """Every `!function` in a value, however deep."""
    match value:
        case Function():
            return [value]
        case dict():
            return [found for inner in value.values() for found in functions(inner)]
        case list():
            return [found for inner in value for found in functions(inner)]
        case _:
            return []


def tags(task: dict[str, Any]) -> list[str]:
    named = task.get("tag", [])
    return [named] if isinstance(named, str) else named


def members(group: dict[str, Any]) -> list[str]:
    """The names a group lists, those of its inline groups included."""
    listed: list[str] = []
    for member in group["task"]:
        listed += members(member) if isinstance(member, dict) and "group" in member else [member]
    return [name if isinstance(name, str) else name["task"] for name in listed]


@pytest.mark.parametrize("path", TASKS, ids=short)
def test_a_task_is_whole(path):
    task = resolve(path)
    assert task.keys() <= TASK_FIELDS
    assert task.keys() >= {"task", "output_type", "doc_to_text", "doc_to_target", "metric_list"}
    assert task.keys() & {"dataset_path", "custom_dataset"}
    assert task.keys() & {"test_split", "validation_split"}


@pytest.mark.parametrize("path", TASKS, ids=short)
def test_every_metric_says_how_it_is_averaged_and_which_way_is_better(path):
    for metric in resolve(path)["metric_list"]:
        assert metric.keys() >= {"metric", "aggregation", "higher_is_better"}


def test_every_function_exists():
    for reference in {found for path in TASKS for found in functions(resolve(path))}:
        module = ast.parse(reference.file.read_text(encoding="utf-8"))
        defined = {node.name for node in module.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        assert reference.name in defined, f"{reference.file} has no {reference.name}"


@pytest.mark.parametrize("path", GROUPS, ids=short)
def test_a_group_has_known_fields_and_members(path):
    group = load(path)
    known = {load(other).get("task") for other in TASKS} | {load(other)["group"] for other in GROUPS}
    known |= {tag for other in TASKS for tag in tags(resolve(other))}
    assert group.keys() <= GROUP_FIELDS
    assert [name for name in members(group) if name not in known] == []


def test_names_are_unique():
    names = Counter([load(path)["task"] for path in TASKS] + [load(path)["group"] for path in GROUPS])
    assert [name for name, count in names.items() if count > 1] == []


def test_no_tag_is_hidden_by_a_task_or_a_group():
    names = {load(path)["task"] for path in TASKS} | {load(path)["group"] for path in GROUPS}
    assert names.isdisjoint(tag for path in TASKS for tag in tags(resolve(path)))


def test_nothing_imports_the_other_harness():
    for folder in FOLDERS:
        for path in folder.rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
            modules |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
            assert not any(module.startswith("lm_eval") for module in modules), path


def test_the_readme_names_every_group_and_every_single_task():
    readme = (FOLDERS[0] / "README.md").read_text(encoding="utf-8")
    own = [path for path in FILES if FOLDERS[0] in path.parents and path.parent.name != "demo"]
    in_groups = {name for path in GROUPS for name in members(load(path))}
    groups = [load(path)["group"] for path in own if path in GROUPS]
    singles = [
        name
        for path in own
        if path in TASKS
        and (name := load(path)["task"]) not in in_groups
        and not name.startswith("agieval_")
        and in_groups.isdisjoint(tags(resolve(path)))
    ]
    assert [name for name in groups + singles if f"`{name}`" not in readme] == []
