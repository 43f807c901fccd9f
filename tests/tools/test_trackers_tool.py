"""The environment of trackers: made once, from what the extras ask for."""

from __future__ import annotations

import importlib.util
import sys

import pytest


@pytest.fixture
def trackers(repository):
    spec = importlib.util.spec_from_file_location("trackers_tool", repository / "tools" / "trackers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_tracker_is_asked_for(trackers):
    named = {line.partition(">=")[0] for line in trackers.requirements()}
    assert named == set(trackers.NAMES)


def test_an_environment_for_the_same_packages_is_taken_as_it_is(trackers, tmp_path, monkeypatch):
    def refuse(*words, **more):
        raise AssertionError(words)

    monkeypatch.setattr(trackers.subprocess, "run", refuse)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("")
    own = trackers.sysconfig.get_path("purelib")
    (tmp_path / ".stamp").write_text("\n".join([own, *trackers.requirements()]))
    assert trackers.make_environment(tmp_path) == tmp_path / "bin" / "python"
    (tmp_path / ".stamp").write_text("other")
    with pytest.raises(AssertionError):
        trackers.make_environment(tmp_path)


def test_releases_of_an_environment(trackers, monkeypatch):
    monkeypatch.setattr(trackers, "NAMES", ("pytest",))
    assert trackers.releases(sys.executable) == [f"pytest {pytest.__version__}"]
