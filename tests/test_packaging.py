"""What is in the package: types, documentation, the exam to copy; built in the way that pip builds it."""

import tarfile
import tomllib
import zipfile

import pytest


def test_types_are_declared(repository):
    """``Typing :: Typed`` means nothing to a type checker without this file."""
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "Typing :: Typed" in project["classifiers"]
    assert (repository / "src" / "proctor" / "py.typed").is_file()


@pytest.fixture(scope="module")
def built(repository, tmp_path_factory):
    hatchling = pytest.importorskip("hatchling.builders.sdist")
    from hatchling.builders.wheel import WheelBuilder

    folder = tmp_path_factory.mktemp("dist")
    (sdist,) = hatchling.SdistBuilder(str(repository)).build(directory=str(folder))
    (wheel,) = WheelBuilder(str(repository)).build(directory=str(folder), versions=["standard"])
    return sdist, wheel


def test_the_sdist_has_documentation_tests_and_both_readmes(built, repository):
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = [repository / name for name in ("docs", "examples", "tests/run", "tools", "bench")]
    files = [
        file for folder in folders for file in folder.iterdir() if file.is_file() and not file.name.endswith("pyc")
    ]
    wanted = {file.relative_to(repository).as_posix() for file in files}
    wanted |= {"README.md", "README.ko.md", "CONTRIBUTING.md", "CONTRIBUTING.ko.md", "CHANGELOG.md", "SECURITY.md"}
    wanted |= {"LICENSE", "Makefile", "constraints.txt", "tsconfig.json", ".ci/run"}
    assert wanted <= names
    assert not [name for name in names if name.startswith((".venv", "results")) or "__pycache__" in name]


def test_the_wheel_has_types_benchmarks_and_the_exam_to_copy(built, repository):
    with zipfile.ZipFile(built[1]) as archive:
        names = set(archive.namelist())
    exam = {f"proctor/examples/custom_mmlu/{file.name}" for file in (repository / "examples/custom_mmlu").iterdir()}
    exam = {name for name in exam if not name.endswith(("__pycache__", "/.env"))}
    assert "proctor/examples/custom_mmlu/.env.example" in exam
    assert exam | {"proctor/py.typed", "proctor/benchmarks/demo/model/model.safetensors"} <= names
    assert not [name for name in names if name.startswith("tests")]
