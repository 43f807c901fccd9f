"""Tables of names: rows are imported once when they are asked for, and unknown names are sentences."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from proctor import registry
from proctor.errors import ProctorError, UnknownNameError, UsageError
from proctor.registry import Table


def test_a_row_is_imported_once_and_only_when_it_is_asked_for(monkeypatch):
    loaded = []
    monkeypatch.setattr(registry, "load_attribute", lambda row: loaded.append(row) or [row])
    table: Table[list] = Table("thing", {"one": "rows:one", "two": "rows:two"})
    assert table.row("one") == "rows:one"
    assert "two" in table
    assert list(table) == ["one", "two"]
    assert loaded == []
    assert (table.get("one"), table.get("one"), table.row("one")) == (["rows:one"],) * 3
    assert loaded == ["rows:one"]
    assert table.row("three") is None


def test_an_unknown_name_leads_to_the_closest_or_to_all():
    table: Table[int] = Table("thing", {"alpha": 1, "beta": 2}, unsupported=["gamma"])
    with pytest.raises(UnknownNameError, match="There is no thing named 'alhpa'") as caught:
        table.get("alhpa")
    assert caught.value.hint == "Did you mean 'alpha'?"
    with pytest.raises(UnknownNameError) as caught:
        table.get("zzz")
    assert caught.value.hint == "Supported: alpha, beta."
    with pytest.raises(UnknownNameError, match="'gamma' of lm-eval is not supported yet"):
        table.get("gamma")


def test_a_name_stands_for_one_thing_unless_it_is_replaced():
    table: Table[int] = Table("thing", {"alpha": 1})
    table.add("alpha", 1)
    with pytest.raises(UsageError, match="The thing 'alpha' is registered twice"):
        table.add("alpha", 2)
    table.put("alpha", 2)
    assert table.get("alpha") == 2


def test_code_that_leaves_is_an_error_of_its_row(tmp_path, monkeypatch):
    (tmp_path / "module_that_leaves.py").write_text("raise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    table: Table[int] = Table("thing", {"alpha": "module_that_leaves:row"})
    with pytest.raises(ProctorError, match="The thing 'alpha' cannot be loaded"):
        table.get("alpha")


def test_plugins_are_read_once_and_only_for_what_is_not_there(monkeypatch):
    asked = []

    def points(group):
        asked.append(group)
        return [EntryPoint("own", "rows:own", group), EntryPoint("alpha", "rows:alpha", group)]

    monkeypatch.setattr(registry, "entry_points", points)
    table: Table[int] = Table("thing", {"alpha": 1}, group="proctor.things")
    assert table.get("alpha") == 1
    assert asked == []
    assert "own" in table
    assert table.row("own") == "rows:own"
    assert sorted(table) == ["alpha", "own"]
    assert asked == ["proctor.things"]
