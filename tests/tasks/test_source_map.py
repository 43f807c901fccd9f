"""Mappings that remember where their keys stand: places go wherever their values go."""

from __future__ import annotations

import pytest

from proctor.errors import Finding
from proctor.tasks.source_map import EMPTY, Location, SourceMap, YamlFile, error_at


def file_of(name, **values):
    """A mapping whose keys stand on the lines 1, 2, ... of a file."""
    by_key = {key: {(key,): Location(name, line)} for line, key in enumerate(values, start=1)}
    return YamlFile(dict(values), SourceMap(by_key))


DEEP = YamlFile(
    {"task": "t", "group": {"name": "g", "list": [1, {"x": 2}]}},
    SourceMap(
        {
            "task": {("task",): Location("f", 1)},
            "group": {
                ("group",): Location("f", 2),
                ("group", "name"): Location("f", 3),
                ("group", "list"): Location("f", 4),
                ("group", "list", 1): Location("f", 5),
                ("group", "list", 1, "x"): Location("f", 6),
            },
        }
    ),
)


def test_a_map_has_every_path_and_no_other():
    assert len(DEEP.places) == 6
    assert next(iter(DEEP.places)) == ("task",)
    assert DEEP.places["group", "list", 1, "x"] == Location("f", 6)
    for path in ((), ("no",), ("group", "no"), ("group", "list", 0)):
        assert path not in DEEP.places
        with pytest.raises(KeyError):
            DEEP.places[path]


def test_a_key_over_another_replaces_it_whole_with_its_places():
    merged = YamlFile(
        {"group": {"name": "h"}},
        SourceMap({"group": {("group",): Location("g", 1), ("group", "name"): Location("g", 2)}}),
        (Finding("of g."),),
    ).over(DEEP)
    assert merged.values == {"task": "t", "group": {"name": "h"}}
    assert merged.places["task",] == Location("f", 1)
    assert merged.places["group", "name"] == Location("g", 2)
    assert ("group", "list") not in merged.places
    assert merged.warnings == (Finding("of g."),)
    assert EMPTY.over(DEEP) is DEEP


def test_keys_that_are_kept_or_dropped_take_their_places_along():
    whole = file_of("f", a=1, b=2, c=3)
    for part in (whole.keep(["a", "c", "z"]), whole.drop(["b", "z"])):
        assert part.values == {"a": 1, "c": 3}
        assert dict(part.places) == {("a",): Location("f", 1), ("c",): Location("f", 3)}
    assert whole.drop(["z"]) is whole
    assert whole.values == {"a": 1, "b": 2, "c": 3}


def test_a_part_begins_its_paths_anew():
    part = DEEP.part(("group",))
    assert part.values == {"name": "g", "list": [1, {"x": 2}]}
    assert part.places["list", 1, "x"] == Location("f", 6)
    assert dict(DEEP.part(("group", "list", 1)).places) == {("x",): Location("f", 6)}
    with pytest.raises(KeyError):
        DEEP.part(("no",))


def test_the_place_of_a_path_is_that_of_the_nearest_key_above_it():
    assert DEEP.place("group", "list", 1, "x") == Location("f", 6)
    assert DEEP.place("group", "list", 0, "y") == Location("f", 4)
    assert DEEP.place("no") is None
    assert DEEP.place() is None


@pytest.mark.parametrize(
    ("path", "line"), [(("metrics", 3, "name"), 7), (("metrics",), 7), (("no", "metrics"), None), ((), None)]
)
def test_an_error_stands_at_the_deepest_key_that_has_a_place(node, path, line):
    one = node("sums")
    one.places.clear()
    one.places["metrics",] = Location("base.yaml", 7)
    found = error_at("task", one, "no.", path, "a hint")
    assert (found.message, found.hint, found.line) == ("task 'sums': no.", "a hint", line)
    assert found.file == ("base.yaml" if line else one.file)
