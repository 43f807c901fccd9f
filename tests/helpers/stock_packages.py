"""A package like lm-eval's, small and hostile to whoever imports it: as files, as a wheel, as a source archive."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from proctor.stock.location import versions_folder

VERSION = "9.9.9"
ROWS = "".join(json.dumps({"question": f"Q{n}", "choices": ["a", "b"], "answer": 1}) + "\n" for n in range(3))
TEMPLATE = """\
dataset_path: json
dataset_kwargs: {data_files: {test: ../test.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: !function utils.text
doc_to_choice: choices
doc_to_target: answer
"""
FILES: Mapping[str, str] = {
    "lm_eval/__init__.py": "raise RuntimeError('lm_eval was imported')\n",
    "lm_eval/tasks/__init__.py": "raise RuntimeError('the engine was imported')\n",
    "lm_eval/tasks/manager.py": "raise RuntimeError('the engine was imported')\n",
    "lm_eval/tasks/_index.py": "raise RuntimeError('the engine was imported')\n",
    "lm_eval/tasks/README.md": "# Tasks\n",
    "lm_eval/tasks/test.jsonl": ROWS,
    "lm_eval/tasks/fruit/_template_yaml": TEMPLATE,
    "lm_eval/tasks/fruit/apple.yaml": "task: apple\ninclude: _template_yaml\ntag: [sweet, glue]\n",
    "lm_eval/tasks/fruit/pear.yaml": "task: pear\ninclude: _template_yaml\ntag: sweet\n",
    "lm_eval/tasks/fruit/group.yaml": "group: orchard\ntask: [apple, pear]\n",
    "lm_eval/tasks/fruit/utils.py": "from lm_eval.tasks.shared.words import ask\n\ntext = lambda doc: ask(doc)\n",
    "lm_eval/tasks/shared/words.py": "def ask(doc):\n    return 'Stock ' + doc['question'] + ':'\n",
    "lm_eval/tasks/arc/arc_easy.yaml": "task: arc_easy\ninclude: ../fruit/_template_yaml\n",
    "lm_eval/tasks/made/made.yaml": "task: made\nclass: !function task.Made\n",
    "lm_eval/tasks/made/task.py": """\
from lm_eval.api.task import ConfigurableTask

class Made(ConfigurableTask):
    def __init__(self, config=None):
        super().__init__(config={
            "task": "made", "dataset_path": "json", "test_split": "test", "output_type": "multiple_choice",
            "dataset_kwargs": {"data_files": {"test": str(__file__).rpartition("/")[0] + "/../test.jsonl"}},
            "doc_to_text": "{{question}}", "doc_to_choice": "choices", "doc_to_target": "answer",
        })
""",
}


def write_package(folder: Path, version: str = VERSION, files: Mapping[str, str] = FILES) -> Path:
    """The package as pip would install it into ``folder``."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    metadata = folder / f"lm_eval-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: lm_eval\nVersion: {version}\n")
    return folder


def make_wheel(
    folder: Path,
    version: str = VERSION,
    files: Mapping[str, str] = FILES,
    *,
    change: Callable[[zipfile.ZipFile], Any] | None = None,
) -> Path:
    """A wheel that pip accepts, with whatever ``change`` adds to it."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"lm_eval-{version}.dist-info"
    path = folder / f"lm_eval-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: lm_eval\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
        if change is not None:
            change(wheel)
    return path


def make_sdist(
    folder: Path,
    version: str = VERSION,
    files: Mapping[str, str] = FILES,
    *,
    change: Callable[[tarfile.TarFile], Any] | None = None,
) -> Path:
    """A source archive, with whatever ``change`` adds to it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"lm_eval-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"lm_eval-{version}/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
        if change is not None:
            change(archive)
    return path


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def remains() -> set[str]:
    """What is in the folder of versions beside the lock."""
    return {entry.name for entry in versions_folder().iterdir()} - {".lock"}
