"""``constraints.txt`` and the environments of other releases: written, compared, and blamed by name."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
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


def test_of_two_releases_the_imported_one_counts(constraints, monkeypatch):
    found = '[["Torch", "2.13.0+cpu"], ["transformers", "4.48.3"], ["transformers", "5.24.0"]]'
    monkeypatch.setattr(constraints.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=found))
    assert constraints.installed(Path("python")) == {"torch": "2.13.0", "transformers": "4.48.3"}


def test_every_package_of_the_pinned_extras_is_pinned(constraints, versions, repository):
    text = (repository / "constraints.txt").read_text(encoding="utf-8")
    pins = constraints.read(text)
    extras = re.search(r"^# Covers the extras (.*) and what these ask for", text, re.MULTILINE)[1].split(", ")
    assert {"api", "dev", "fuzz", "hf", "metrics", "peft", "ray", "tasks", "xlsx"} == set(extras)
    named = {constraints.normal(re.match(r"[\w.-]+", line)[0]) for line in versions.requirements(extras)}
    assert "transformers" in named
    assert named <= set(pins)
    # No host, no path, no local build: the file serves everybody.
    assert all(re.fullmatch(r"[\w.]+", release) for release in pins.values())


REPORT = {
    "install": [
        {"metadata": {"name": "proctor", "version": "0.1.0"}, "requested_extras": ["hf", "dev"]},
        {"metadata": {"name": "Torch", "version": "0.1+cpu"}},
        {"metadata": {"name": "transformers", "version": "9.9"}},
        {"metadata": {"name": "pip", "version": "30.0"}},
    ]
}


def test_nothing_is_written_for_another_torch(constraints, tmp_path, capsys):
    file, report = tmp_path / "constraints.txt", tmp_path / "report.json"
    file.write_text("torch==0.2\n", encoding="utf-8")
    report.write_text(json.dumps(REPORT), encoding="utf-8")
    assert constraints.main([str(report), "--file", str(file)]) == 1
    assert file.read_text(encoding="utf-8") == "torch==0.2\n"
    assert "torch 0.1, not 0.2" in capsys.readouterr().err


def test_the_release_that_was_tested_is_written_with_the_pins(constraints, tmp_path, monkeypatch):
    file, report, tested = (tmp_path / name for name in ("constraints.txt", "report.json", "tested.py"))
    file.write_text("torch==0.1\n", encoding="utf-8")
    report.write_text(json.dumps(REPORT), encoding="utf-8")
    tested.write_text('"""Which."""\n\nTRANSFORMERS = "1.0"\n', encoding="utf-8")
    monkeypatch.setattr(constraints, "TESTED", tested)
    assert constraints.main([str(report), "--file", str(file)]) == 0
    assert constraints.read(file.read_text(encoding="utf-8")) == {"torch": "0.1", "transformers": "9.9"}
    assert "# Covers the extras dev, hf and" in file.read_text(encoding="utf-8")
    assert tested.read_text(encoding="utf-8").endswith('TRANSFORMERS = "9.9"\n')


def test_an_environment_lies_upon_the_one_that_tests(versions, tmp_path, monkeypatch):
    """What it does not hold itself is found below: torch is neither copied nor renewed."""
    installs: list[list[str]] = []
    monkeypatch.setattr(versions, "_call", lambda command: installs.append([str(part) for part in command]))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    assert versions.make(tmp_path, "4.48.3") is None
    code = "import importlib.util as u, proctor; print(u.find_spec('torch').origin)"
    found = subprocess.run([tmp_path / "bin" / "python", "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == importlib.util.find_spec("torch").origin
    probe, upgrade = installs
    assert "--dry-run" in probe
    assert {"transformers==4.48.3", "pytest", "eager"} <= set(upgrade)
    assert (tmp_path / "torch.txt").read_text(encoding="utf-8").startswith("torch==")


def test_releases_that_are_all_pinned_are_not_tested_twice(versions, tmp_path, monkeypatch, capsys, repository):
    pins = versions.constraints().read((repository / "constraints.txt").read_text(encoding="utf-8"))
    tool = SimpleNamespace(read=lambda text: pins, installed=lambda python: dict(pins))
    monkeypatch.setattr(versions, "constraints", lambda: tool)
    monkeypatch.setattr(versions, "make", lambda folder, release: None)
    monkeypatch.setattr(versions, "run_tests", lambda *_: pytest.fail("tested"))
    assert versions.report("newest", tmp_path, "1")
    assert "every package is the one of constraints.txt" in capsys.readouterr().out


def test_tests_that_cannot_be_run_are_a_failure(versions, tmp_path, monkeypatch, capsys):
    tool = SimpleNamespace(read=lambda text: {"a": "1"}, installed=lambda python: {"a": "2"})
    monkeypatch.setattr(versions, "constraints", lambda: tool)
    monkeypatch.setattr(versions, "make", lambda folder, release: None)
    monkeypatch.setattr(versions, "run_tests", lambda *_: versions.Outcome(4, "no tests", ()))
    assert not versions.report("newest", tmp_path, "1")
    assert "could not be run (pytest's status 4)" in capsys.readouterr().out


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
