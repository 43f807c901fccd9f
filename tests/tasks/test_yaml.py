"""Task files as values with places: the dialect, includes, references, and every kind of broken file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_files import KEYS, VALUES, error_of, write

from proctor.errors import TaskError
from proctor.refs import Ref
from proctor.tasks.source_map import Location
from proctor.tasks.yaml import load_task_yaml


def test_a_function_is_a_reference_to_the_folder_of_the_file_that_says_it(tmp_path):
    write(tmp_path, "base/_t_yaml", "process_docs: !function utils.process\n")
    path = write(tmp_path, "own/t.yaml", "include: ../base/_t_yaml\ndoc_to_text: !function text.make\n")
    values = load_task_yaml(path).values
    assert values["process_docs"] == Ref(str(tmp_path / "base"), "utils.process", str(tmp_path / "base" / "_t_yaml"), 1)
    assert values["doc_to_text"] == Ref(str(tmp_path / "own"), "text.make", str(path), 2)


def test_a_linked_file_belongs_to_the_folder_of_the_file_itself(tmp_path):
    write(tmp_path, "real/_base_yaml", "x: 1\n")
    real = write(tmp_path, "real/t.yaml", "task: t\ninclude: _base_yaml\nf: !function u.f\n")
    (tmp_path / "link").mkdir()
    link = tmp_path / "link" / "t.yaml"
    link.symlink_to(real)
    values = load_task_yaml(link).values
    assert values["x"] == 1
    assert values["f"].folder == str(tmp_path / "real")


def test_includes_merge_left_to_right_and_shallow(tmp_path):
    write(tmp_path, "_a_yaml", "x: a\ny: a\nz: a\nmetadata: {a: 1}\ntask_list: [q]\n")
    write(tmp_path, "_b_yaml", "y: b\nz: b\nmetadata: {b: 1}\n")
    path = write(tmp_path, "t.yaml", f"task: t\ninclude:\n  - _a_yaml\n  - {tmp_path}/_b_yaml\nz: own\n")
    content = load_task_yaml(path)
    assert content.values == {"task": "t", "x": "a", "y": "b", "z": "own", "metadata": {"b": 1}}
    assert content.places["y",] == Location(str(tmp_path / "_b_yaml"), 1)
    assert content.places["z",] == Location(str(path), 5)
    assert content.places["metadata", "b"].file.endswith("_b_yaml")
    assert ("metadata", "a") not in content.places


def test_two_includes_may_share_a_base(tmp_path):
    write(tmp_path, "_base_yaml", "x: 1\n")
    write(tmp_path, "_a_yaml", "include: _base_yaml\na: 1\n")
    write(tmp_path, "_b_yaml", "include: _base_yaml\nb: 1\n")
    path = write(tmp_path, "t.yaml", "include: [_a_yaml, _b_yaml]\n")
    assert load_task_yaml(path).values == {"x": 1, "a": 1, "b": 1}


def test_no_two_tasks_share_a_value(tmp_path):
    base = write(tmp_path, "_base_yaml", "metadata: {tags: [a]}\n")
    os.utime(base, (1, 1))
    path = write(tmp_path, "t.yaml", "include: _base_yaml\n")
    load_task_yaml(path).values["metadata"]["tags"].append("b")
    assert load_task_yaml(path).values == {"metadata": {"tags": ["a"]}}


def test_a_changed_include_is_read_again(tmp_path):
    base = write(tmp_path, "_base_yaml", "x: 1\n")
    path = write(tmp_path, "t.yaml", "include: _base_yaml\n")
    os.utime(base, (1, 1))
    assert load_task_yaml(path).values == {"x": 1}
    write(tmp_path, "_base_yaml", "x: 2\n")
    assert load_task_yaml(path).values == {"x": 2}


def test_the_warnings_of_an_include_come_along(tmp_path):
    write(tmp_path, "_base_yaml", "x: 1\nx: 2\n")
    assert len(load_task_yaml(write(tmp_path, "t.yaml", "include: _base_yaml\n")).warnings) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("task: t\n\tx: 1\n", ":2: this is not valid YAML"),
        ("task: [1\n", "this is not valid YAML"),
        ("task: t\nx: !func u.f\n", ":2: there is no tag '!func'.\n  Did you mean '!function'?"),
        ("task: t\nx: !!python/object:os.system {}\n", ":2: there is no tag"),
        ("task: t\nx: !function [a]\n", ":2: this is not valid YAML"),
        ("task: t\nx: 2020-99-99\n", ":2: this is not valid YAML: 2020-99-99"),
        ("task: t\nx: *nothing\n", ":2: this is not valid YAML: found undefined alias"),
        ("task: t\nx: &a [*a]\n", "stands within what it stands for"),
        ("", ":1: the file is empty."),
        ("# nothing\n", ":1: the file is empty."),
        ("- a\n", ":1: the file must hold 'key: value' lines, not a sequence."),
        ("a\n---\nb\n", "expected a single document"),
        (b"task: t\nx: caf\xe9\n", ":2: the file is not UTF-8 text"),
        (b"task: t\nx: a\x00b\n", "control character"),
        ("task: t\n? [1]\n: x\n", "unhashable"),
        ("x: " + "[" * 100_000, "more than 200 levels"),
        ("x:\n" + "- " * 100_000 + "1", "more than 200 levels"),
        ("task: t\ninclude:\n", ":2: include names no file."),
        ("task: t\ninclude: ''\n", ":2: include names no file."),
        ("task: t\ninclude: [1]\n", ":2: include names no file."),
        ('task: t\ninclude: "a\\0b"\n', ":2: include names no file."),
        ("task: t\ninclude: .\n", "is a folder"),
        ("task: t\ninclude: _tmplate_yaml\n", ":2: include: '_tmplate_yaml' does not exist"),
    ],
)
def test_a_broken_file_is_a_sentence_with_its_place(tmp_path, text, sentence):
    path = write(tmp_path, "broken.yaml", text)
    said = error_of(path)
    assert said.startswith(str(path))
    assert sentence in said


def test_a_missing_file_and_a_misspelt_include(tmp_path):
    assert "cannot be read: No such file" in error_of(tmp_path / "none.yaml")
    write(tmp_path, "_template_yaml", "x: 1\n")
    assert "Did you mean '_template_yaml'?" in error_of(write(tmp_path, "t.yaml", "include: _tmplate_yaml\n"))


def test_a_file_that_includes_is_not_what_its_include_may_have_meant(tmp_path):
    assert "Did you mean" not in error_of(write(tmp_path, "template.yaml", "include: template_yaml\n"))


def test_all_errors_of_all_includes_at_once(tmp_path):
    write(tmp_path, "_bad_yaml", "x: [\n")
    path = write(tmp_path, "t.yaml", "include: [_bad_yaml, _none_yaml,\n  _bad_yaml]\n")
    with pytest.raises(TaskError) as caught:
        load_task_yaml(path)
    assert [Path(finding.file or "").name for finding in caught.value.errors] == ["_bad_yaml", "t.yaml"]


def test_an_include_cycle_names_the_circle(tmp_path):
    write(tmp_path, "_a_yaml", "include: _b_yaml\n")
    write(tmp_path, "_b_yaml", "x: 1\ninclude: _a_yaml\n")
    said = error_of(write(tmp_path, "t.yaml", "include: _a_yaml\n"))
    assert said == f"{tmp_path}/_b_yaml:2: Include cycle, the file includes itself: _a_yaml -> _b_yaml -> _a_yaml."
    assert "t.yaml -> t.yaml" in error_of(write(tmp_path, "t.yaml", "include: t.yaml\n"))


def test_aliases_that_multiply_do_not(tmp_path):
    def include(levels):
        lists = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels))
        write(tmp_path, "_base_yaml", "\n".join(["task: t", "a0: &a0 [x, x]", *lists]))
        return load_task_yaml(write(tmp_path, "t.yaml", "include: _base_yaml\n"))

    content = include(5)
    assert len(content.values) == 6
    assert len(content.places) < 1000
    with pytest.raises(TaskError, match=r"_base_yaml:\d+: the aliases on line \d+ and above stand for more than"):
        include(30)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(KEYS, VALUES, min_size=1), st.dictionaries(KEYS, VALUES, min_size=1))
def test_an_include_is_a_shallow_update(base, own):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "_base_yaml", yaml.safe_dump(base))
        path = write(Path(folder), "t.yaml", "include: _base_yaml\n" + yaml.safe_dump(own))
        expected = {**base, **own}
        expected.pop("task_list", None) if "task_list" not in own else None
        assert load_task_yaml(path).values == expected
