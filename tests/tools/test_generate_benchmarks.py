"""The generated benchmark files equal the generator's tables, and the generator says when they do not."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "generate_benchmarks.py"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_benchmarks", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_files_equal_the_tables():
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("table", "count"),
    [("MMLU", 57), ("KMMLU", 45)],
)
def test_every_subject_stands_in_one_category(generator, table, count):
    subjects = " ".join(getattr(generator, table).values()).split()
    assert len(subjects) == len(set(subjects)) == count


def test_the_families_are_complete(generator):
    tasks = [yaml.safe_load(text).get("task") for text in generator.generated().values()]
    names = [name for name in tasks if isinstance(name, str)]
    per_family = {
        family: sum(name.startswith(f"{family}_") for name in names)
        for family in ("mmlu", "kmmlu", "cmmlu", "blimp", "agieval")
    }
    assert per_family == {"mmlu": 3 * 57, "kmmlu": 45, "cmmlu": 67, "blimp": 67, "agieval": 19}


def test_what_is_written_passes_the_check(generator, tmp_path):
    assert generator.main(["--root", str(tmp_path)]) == 0
    assert generator.differences(tmp_path) == []


def test_check_names_what_differs_and_writes_nothing(generator, tmp_path, capsys):
    generator.write(tmp_path)
    changed = tmp_path / "blimp" / "blimp_causative.yaml"
    changed.write_text(changed.read_text() + "num_fewshot: 1\n")
    shutil.copy(changed, tmp_path / "blimp" / "blimp_invented.yaml")
    (tmp_path / "cmmlu" / "cmmlu_arts.yaml").unlink()

    assert generator.main(["--check", "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "changed: blimp/blimp_causative.yaml" in said
    assert "left over: blimp/blimp_invented.yaml" in said
    assert "missing: cmmlu/cmmlu_arts.yaml" in said
    assert changed.read_text().endswith("num_fewshot: 1\n")


def test_writing_again_mends_the_folder_and_spares_files_by_hand(generator, tmp_path):
    generator.write(tmp_path)
    stale, by_hand = tmp_path / "blimp" / "blimp_invented.yaml", tmp_path / "blimp" / "mine.yaml"
    stale.write_text(generator.MARK + "task: blimp_invented\n")
    by_hand.write_text("task: mine\n")

    generator.write(tmp_path)
    assert not stale.exists()
    assert by_hand.exists()
