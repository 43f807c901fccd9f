"""From bytes to values with places: the dialect, encodings, and keys that are there twice."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml_files import KEYS, VALUES, write

from proctor.tasks.source_map import Location
from proctor.tasks.yaml import load_task_yaml
from proctor.tasks.yaml_head import read_head


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


def test_a_key_that_is_there_twice_is_a_warning(tmp_path):
    path = write(tmp_path, "t.yaml", "task: t\nx: 1\nm: {a: 1, a: 2}\nx: 2\n")
    content = load_task_yaml(path)
    assert content.values["x"] == 2
    assert [str(warning) for warning in content.warnings] == [
        f"{path}:3: the key 'a' is there twice (first on line 3); the last one counts.",
        f"{path}:4: the key 'x' is there twice (first on line 2); the last one counts.",
    ]


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(KEYS, VALUES, min_size=1))
def test_reading_what_was_dumped_gives_it_back(values):
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), "t.yaml", yaml.safe_dump(values))
        content = load_task_yaml(path)
        assert content.values == values
        assert {path[0] for path in content.places} == set(values)
        assert content.warnings == ()


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
