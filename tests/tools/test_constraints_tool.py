"""``constraints.txt`` and the environments of other releases: written, compared, and blamed by name."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest


def load(repository: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{name}_tool", repository / "tools" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def constraints(repository) -> ModuleType:
    return load(repository, "constraints")


@pytest.fixture
def versions(repository) -> ModuleType:
    return load(repository, "versions")


def test_a_file_is_read_as_it_was_written(constraints):
    pins = {"torch": "2.13.0", "a-b": "1.0"}
    text = constraints.write(pins)
    assert constraints.read(text) == pins
    assert text.splitlines()[-2:] == ["a-b==1.0", "torch==2.13.0"]


def test_what_an_environment_holds_has_no_label_of_a_build_and_not_proctor(constraints):
    found = constraints.installed(Path(sys.executable))
    assert "proctor" not in found
    assert "pip" not in found
    assert re.fullmatch(r"[\d.]+", found["torch"])


def test_every_package_of_the_pinned_extras_is_pinned(constraints, repository):
    pins = constraints.read((repository / "constraints.txt").read_text(encoding="utf-8"))
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["hf"], *extras["metrics"], *extras["peft"], *extras["dev"]]
    named = {constraints.normal(re.match(r"[\w.-]+", line)[0]) for line in lines} - {"proctor"}
    assert named <= set(pins)
    # No host, no path, no local build: the file serves everybody.
    assert all(re.fullmatch(r"[\w.]+", release) for release in pins.values())


def test_nothing_is_written_for_another_torch(constraints, tmp_path, monkeypatch, capsys):
    file = tmp_path / "constraints.txt"
    file.write_text("torch==0.1\n", encoding="utf-8")
    monkeypatch.setattr(constraints, "installed", lambda python: {"torch": "0.2"})
    assert constraints.main(["--file", str(file)]) == 1
    assert file.read_text(encoding="utf-8") == "torch==0.1\n"
    assert "torch 0.2, not 0.1" in capsys.readouterr().err


def test_the_release_that_was_tested_is_written_with_the_pins(constraints, tmp_path, monkeypatch):
    file, tested = tmp_path / "constraints.txt", tmp_path / "tested.py"
    file.write_text("torch==0.1\n", encoding="utf-8")
    tested.write_text('"""Which."""\n\nTRANSFORMERS = "1.0"\n', encoding="utf-8")
    monkeypatch.setattr(constraints, "TESTED", tested)
    monkeypatch.setattr(constraints, "installed", lambda python: {"torch": "0.1", "transformers": "9.9"})
    assert constraints.main(["--file", str(file)]) == 0
    assert constraints.read(file.read_text(encoding="utf-8")) == {"torch": "0.1", "transformers": "9.9"}
    assert tested.read_text(encoding="utf-8").endswith('TRANSFORMERS = "9.9"\n')


def test_an_environment_that_cannot_be_made_is_one_line_and_no_failure(versions, tmp_path, monkeypatch, capsys):
    answer = SimpleNamespace(returncode=1, stderr="WARNING: slow\nERROR: No matching distribution found for x\n")
    monkeypatch.setattr(versions.subprocess, "run", lambda *_, **__: answer)
    assert versions.report("newest", tmp_path / "newest", "1")
    out = capsys.readouterr().out
    assert out.startswith("newest: not tested")
    assert "No matching distribution found for x" in out
    assert len(out.splitlines()) == 1


def test_a_package_that_broke_tests_is_named(versions, tmp_path, monkeypatch, capsys, repository):
    pins = versions.constraints().read((repository / "constraints.txt").read_text(encoding="utf-8"))
    here = {**pins, "transformers": "99.0", "datasets": "98.0"}
    now = dict(here)
    tool = SimpleNamespace(read=lambda text: pins, installed=lambda python: here)

    def run(command, **_):
        name, _, release = command[-1].partition("==")
        now[name] = release
        return SimpleNamespace(returncode=0)

    def run_tests(python, tests, processes):
        fine = now["datasets"] == pins["datasets"]
        return versions.Outcome(0 if fine else 1, "1 failed", () if fine else ("tests/a.py::b",))

    monkeypatch.setattr(versions, "constraints", lambda: tool)
    monkeypatch.setattr(versions, "make", lambda folder, release: None)
    monkeypatch.setattr(versions.subprocess, "run", run)
    monkeypatch.setattr(versions, "run_tests", run_tests)
    assert not versions.report("newest", tmp_path, "1")
    out = capsys.readouterr().out
    assert f"transformers 99.0 (pinned: {pins['transformers']})" in out
    assert "newest: 1 tests fail; broken by datasets 98.0\n" in out
    assert now == here


def test_the_fast_part_names_files_that_exist(versions, repository):
    assert all((repository / file).is_file() for file in versions.FAST)
