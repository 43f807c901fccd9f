"""Task files as values with places: the dialect, includes, references, and every kind of broken file."""

from __future__ import annotations

import os
import string
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor.errors import TaskError
from proctor.refs import Ref
from proctor.tasks.source_map import Location
from proctor.tasks.yaml import load_task_yaml
from proctor.tasks.yaml_head import read_head


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def error_of(path: Path) -> str:
    with pytest.raises(TaskError) as caught:
        load_task_yaml(path)
    (finding,) = caught.value.errors
    return str(finding)


def test_the_dialect_is_yaml_1_1(tmp_path):
    text = "a: yes\nb: 010\nc: 1:30\nd: 1e3\ne: 2020-01-02\nf: &x {p: 1, q: 2}\ng:\n  <<: *x\n  q: 3\nh: one\n  two\n"
    values = load_task_yaml(write(tmp_path, "t.yaml", text)).values
    assert values["a"] is True
    assert (values["b"], values["c"], values["d"]) == (8, 90, "1e3")
    assert values["e"].isoformat() == "2020-01-02"
    assert values["g"] == {"p": 1, "q": 3}
    assert values["h"] == "one two"


def test_every_key_path_has_its_place(tmp_path):
    text = "task: t\nmetric_list:\n  - metric: acc\n    aggregation: mean\n  - metric: f1\nmetadata: {version: 1}\n"
    path = write(tmp_path, "t.yaml", text)
    places = load_task_yaml(path).places
    assert {where: place.line for where, place in places.items()} == {
        ("task",): 1,
        ("metric_list",): 2,
        ("metric_list", 0): 3,
        ("metric_list", 0, "metric"): 3,
        ("metric_list", 0, "aggregation"): 4,
        ("metric_list", 1): 5,
        ("metric_list", 1, "metric"): 5,
        ("metadata",): 6,
        ("metadata", "version"): 6,
    }
    assert places[("task",)] == Location(str(path), 1)
    assert len(places) == 9
    assert () not in places
    assert ("metric_list", 7) not in places


def test_a_merged_key_is_placed_where_it_is_written(tmp_path):
    text = "base: &b\n  x: 1\n  y: 2\nuse:\n  <<: *b\n  y: 3\n"
    places = load_task_yaml(write(tmp_path, "t.yaml", text)).places
    assert places["use", "x"].line == 2
    assert places["use", "y"].line == 6


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


def test_a_key_that_is_there_twice_is_a_warning(tmp_path):
    path = write(tmp_path, "t.yaml", "task: t\nx: 1\nm: {a: 1, a: 2}\nx: 2\n")
    content = load_task_yaml(path)
    assert content.values["x"] == 2
    assert [str(warning) for warning in content.warnings] == [
        f"{path}:3: the key 'a' is there twice (first on line 3); the last one counts.",
        f"{path}:4: the key 'x' is there twice (first on line 2); the last one counts.",
    ]


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


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("doc_to_text: {{question}}", 2, 'A template needs quotes: doc_to_text: "{{question}}"'),
        ("doc_to_text: {{question}} Answer:", 2, 'A template needs quotes: doc_to_text: "{{question}} Answer:"'),
        ("doc_to_text: Question: {{문제}}", 2, 'A template needs quotes: doc_to_text: "Question: {{문제}}"'),
        ('doc_to_text: Q: {{q}} "a"', 2, "A template needs quotes: doc_to_text: 'Q: {{q}} \"a\"'"),
        ("doc_to_text: {% if x %}a{% endif %}", 2, 'A template needs quotes: doc_to_text: "{% if x %}a{% endif %}"'),
        ("doc_to_choice: [{{a}}, {{b}}]", 2, "A template needs quotes: doc_to_choice: '{{ [a, b] }}'"),
        ("description: Read this: then answer\nx: 1", 2, 'needs quotes: description: "Read this: then answer"'),
        ("kwargs:\n\tdata_files: 1", 3, "YAML indents with spaces, not with tabs."),
        ("doc_to_choice choices\nx: 1", 2, "Is a colon missing, or the space after it? Write 'key: value'."),
        ("x: 1\ndoc_to_choice:choices\ny: 1", 3, "Is a colon missing, or the space after it? Write 'key: value'."),
        ('x: "a\ny: 1', 2, "The quote that opens on this line is not closed."),
        ("x: [1, 2\ny: 3", 2, "The bracket that opens on this line is not closed"),
        ("x: {a: 1\ny: 2", 2, "The bracket that opens on this line is not closed"),
        ("x: 'it's'", 2, 'The quote closes within the text: begin and end it with " instead.'),
        ('x: "(\\d+)"', 2, "Within double quotes a backslash begins an escape: use single quotes"),
        ("x: @name", 2, "A value that begins with '%', '@' or '`' needs quotes."),
        ("x:\n  - metric: acc\n   aggregation: mean", 4, "Lines of one level are indented alike."),
        ("x:\n  - metric: acc\n     aggregation: mean", 4, "Lines of one level are indented alike."),
    ],
)
def test_a_slip_in_yaml_has_its_line_and_what_mends_it(tmp_path, text, line, hint):
    path = write(tmp_path, "slip.yaml", f"task: t\n{text}\n")
    said = error_of(path)
    assert said.startswith(f"{path}:{line}: this is not valid YAML")
    assert hint in said.partition("\n")[2]


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


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner), max_leaves=20
)
KEYS = st.text(string.ascii_letters, min_size=1).filter(lambda key: key != "include")


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(KEYS, VALUES, min_size=1))
def test_reading_what_was_dumped_gives_it_back(values):
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), "t.yaml", yaml.safe_dump(values))
        content = load_task_yaml(path)
        assert content.values == values
        assert {path[0] for path in content.places} == set(values)
        assert content.warnings == ()


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(KEYS, VALUES, min_size=1), st.dictionaries(KEYS, VALUES, min_size=1))
def test_an_include_is_a_shallow_update(base, own):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "_base_yaml", yaml.safe_dump(base))
        path = write(Path(folder), "t.yaml", "include: _base_yaml\n" + yaml.safe_dump(own))
        expected = {**base, **own}
        expected.pop("task_list", None) if "task_list" not in own else None
        assert load_task_yaml(path).values == expected


KOREAN = 'task: 국어\ndescription: "다음 중 옳은 것을 고르시오. 한국의 수도는 서울이다."\ndataset_path: json\n'


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-8"])
def test_a_task_file_as_korean_windows_saves_it(tmp_path, encoding):
    file = tmp_path / "t.yaml"
    file.write_bytes(KOREAN.encode(encoding))
    read = load_task_yaml(file)
    assert read.values == {
        "task": "국어",
        "dataset_path": "json",
        "description": "다음 중 옳은 것을 고르시오. 한국의 수도는 서울이다.",
    }
    said = [str(warning) for warning in read.warnings]
    assert len(said) == (not encoding.startswith("utf-8"))
    assert all(":1: the file is not UTF-8; it is read as" in one and "Save it as UTF-8" in one for one in said)
    assert read_head(file.read_bytes()) == {"task": "국어", "dataset_path": True}
