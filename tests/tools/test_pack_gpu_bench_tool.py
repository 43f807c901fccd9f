"""The folder for a machine with a device: what is in it, how large it may be, and that it runs from there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile

import pytest


def load(repository, name):
    sys.path.insert(0, str(repository / "tools"))
    spec = importlib.util.spec_from_file_location(name, repository / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tool(repository):
    return load(repository, "pack_gpu_bench")


@pytest.fixture
def runner(repository):
    return load(repository, "gpu_bench_runner")


def wheel(folder, name, *files):
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for file in files:
            archive.writestr(file, "")


def without_downloads(tool, monkeypatch, tmp_path):
    """No registry is needed to see where things are put."""
    words = []

    def run(given):
        words.append([*given])
        if given[1] == "hatchling":
            wheel(tmp_path / "packed" / "wheels", "proctor", "proctor/__init__.py")

    monkeypatch.setattr(tool, "run", run)
    return words


def test_all_that_is_needed_is_packed(tool, tmp_path, monkeypatch, capsys):
    words = without_downloads(tool, monkeypatch, tmp_path)
    assert tool.main([str(tmp_path / "packed")]) == 0
    for name in ("run.py", "LICENSE", "bench/gpu.py", "bench/side_by_side/prompts.py", "tools/peer.py"):
        assert (tmp_path / "packed" / name).is_file()
    assert not list((tmp_path / "packed").rglob("__pycache__"))
    [downloads] = [[one for one in words if "download" in one]]
    assert all("--no-deps" in one for one in downloads)
    assert any(word.startswith("lm_eval==") for word in downloads[0])
    assert "MB. On the other machine: python3 packed/run.py" in capsys.readouterr().out


def test_a_folder_that_is_too_large_is_refused(tool, tmp_path, monkeypatch, capsys):
    without_downloads(tool, monkeypatch, tmp_path)
    monkeypatch.setattr(tool, "MOST_BYTES", 1000)
    assert tool.main([str(tmp_path / "packed")]) == 2
    assert "more than 1,000" in capsys.readouterr().err


def test_a_folder_that_is_not_empty_is_left_alone(tool, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert tool.main([str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_only_what_is_lacking_is_unpacked(runner, tmp_path):
    for name in ("pytest", "proctor", "nowhere_to_be_found"):
        wheel(tmp_path / "wheels", name, f"{name}/__init__.py")
    packages = runner.unpack(tmp_path)
    assert {file.name for file in packages.iterdir()} == {"proctor", "nowhere_to_be_found", ".stamp"}
    (packages / "proctor" / "__init__.py").unlink()
    runner.unpack(tmp_path)
    assert not (packages / "proctor" / "__init__.py").exists()  # once is enough


def test_a_python_without_torch_is_told_so(runner, monkeypatch, capsys):
    monkeypatch.setattr(runner, "is_installed", lambda name: name != "torch")
    assert runner.main([]) == 2
    assert "has no torch: start this with one that has" in capsys.readouterr().err


@pytest.mark.slow
def test_the_folder_runs_by_itself(tool, tmp_path):
    folder = tmp_path / "packed"
    try:
        tool.pack(folder)
    except tool.Failed as failure:
        pytest.skip(f"wheels cannot be had: {failure}")
    assert tool.size_of(folder) < tool.MOST_BYTES
    words = ["--device", "cpu", "--tiny", "--cases", "hellaswag"]
    done = subprocess.run([sys.executable, folder / "run.py", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [file] = (folder / "results").iterdir()
    assert '"lm-eval"' in file.read_text(encoding="utf-8")
