"""Where lm-eval's tasks are: found without running any of its code, whatever stands for lm_eval in this process."""

from __future__ import annotations

import importlib.machinery
import subprocess
import sys
from pathlib import Path

import pytest
from stock_packages import VERSION, digest, make_wheel, write_package

from proctor.compat.serving import Finder
from proctor.errors import UsageError
from proctor.stock.fetch import fetch_file
from proctor.stock.location import StockRoot, installed_root, stock_roots


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """lm-eval of version 0.4.9, installed beside proctor; its code raises."""
    folder = write_package(tmp_path / "site-packages", "0.4.9")
    monkeypatch.syspath_prepend(folder)
    return folder / "lm_eval" / "tasks"


def test_an_installed_package_is_found_and_not_imported(installed):
    (root,) = stock_roots()
    assert root == StockRoot(installed, "installed")
    assert root.version == "0.4.9"
    assert root.named == "lm-eval 0.4.9"
    assert "lm_eval" not in sys.modules


def test_proctors_own_face_of_lm_eval_is_not_taken_for_it(installed, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    import proctor.compat as face

    monkeypatch.setitem(sys.modules, "lm_eval", face)
    assert stock_roots() == (StockRoot(installed, "installed"),)
    monkeypatch.setattr(sys, "path", [])
    assert stock_roots() == ()


def test_one_in_development_is_found_by_its_finder(tmp_path, monkeypatch):
    folder = write_package(tmp_path / "checkout")

    class Editable:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> object:
            if name != "lm_eval":
                return None
            file = folder / "lm_eval" / "__init__.py"
            return importlib.machinery.PathFinder.find_spec(name, [str(file.parents[1])])

    class Broken:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> object:
            raise RuntimeError

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Broken, Editable])
    root = installed_root()
    assert root == StockRoot(folder / "lm_eval" / "tasks", "installed")


def test_a_folder_that_is_only_named_so_is_none(tmp_path, monkeypatch):
    (tmp_path / "lm_eval" / "tasks").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_root() is None
    (tmp_path / "lm_eval" / "__init__.py").write_text("")
    (tmp_path / "lm_eval" / "tasks").rmdir()
    assert installed_root() is None


def test_without_metadata_the_version_is_not_known(tmp_path, monkeypatch):
    (tmp_path / "lm_eval" / "tasks").mkdir(parents=True)
    (tmp_path / "lm_eval" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("importlib.metadata.Distribution.from_name", _no_distribution)
    root = installed_root()
    assert root is not None
    assert root.version is None
    assert "nothing says" in root.named


def _no_distribution(name: str) -> None:
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(name)


def test_what_was_got_goes_over_what_is_installed(installed, tmp_path):
    path = make_wheel(tmp_path)
    fetched = fetch_file(path, sha256=digest(path))
    lower, upper = stock_roots()
    assert lower.path == installed
    assert upper == StockRoot(fetched.folder / "lm_eval" / "tasks", "downloaded", VERSION)


@pytest.mark.parametrize("below", ["lm_eval/tasks", "lm_eval", "."])
def test_the_environment_names_another_folder(below, installed, tmp_path, monkeypatch):
    shared = write_package(tmp_path / "shared")
    monkeypatch.setenv("PROCTOR_STOCK_TASKS", str(shared / below))
    (root,) = stock_roots()
    assert (root.path.resolve(), root.origin) == (shared / "lm_eval" / "tasks", "given")
    monkeypatch.setenv("PROCTOR_STOCK_TASKS", "off")
    assert stock_roots() == ()
    monkeypatch.setenv("PROCTOR_STOCK_TASKS", str(tmp_path / "nothing"))
    with pytest.raises(UsageError, match="PROCTOR_STOCK_TASKS names"):
        stock_roots()


def test_a_copy_of_what_was_got_keeps_its_version(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)
    fetched = fetch_file(path, sha256=digest(path))
    moved = fetched.folder.rename(tmp_path / "shared")
    monkeypatch.setenv("PROCTOR_STOCK_TASKS", str(moved))
    (root,) = stock_roots()
    assert root.version == VERSION


def test_the_command_of_proctor_does_not_look_in_the_working_directory(tmp_path, monkeypatch):
    write_package(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "proctor", "tasks", "ls"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "lm_eval") not in done.stdout
