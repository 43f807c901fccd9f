"""Run lm-eval 0.4.13's own tests against proctor, offline.

    python tools/compat_tests.py [--folder FOLDER] [--peer_tasks FOLDER] [FILE ...]

The source distribution of lm_eval carries ``tests/``. They are fetched by pip into a folder outside the repository and
run with ``import lm_eval`` served by proctor. ``tools/compat_tests.json`` lists by name the tests that look at
internals, that need an engine which proctor has not, or a network, with a reason for each group; every other test has
to pass. Exit code 1: one of those failed, or a listed one passes and is to be taken off the list.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

RELEASE = "0.4.13"
LIST = Path(__file__).with_name("compat_tests.json")
SECONDS = 300
"""How long the tests of one file may take: some wait for a network that is not there."""

PLUGIN = """\
from proctor.alias import add_task_root
from proctor.compat.serving import serve
serve()
for root in {roots!r}:
    add_task_root(root)
"""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Names of tests by what became of them; ``unfinished``: files that took too long or could not be imported."""

    passed: frozenset[str]
    failed: frozenset[str]
    unfinished: frozenset[str]


def fetch(folder: Path) -> Path:
    """The folder ``tests`` of the release, fetched and unpacked if it is not there yet."""
    tests = folder / f"lm_eval-{RELEASE}" / "tests"
    if tests.is_dir():
        return tests
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--no-binary", ":all:", f"lm_eval=={RELEASE}", "-d", str(folder)], check=True)
    (archive,) = folder.glob(f"lm_eval-{RELEASE}.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return tests


def run_file(file: Path, plugins: Path) -> Outcomes:
    """Run the tests of one file in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "report.xml"
        words = ["-q", "-p", "no:cacheprovider", "-p", "served_by_proctor", f"--junitxml={report}", str(file)]
        try:
            subprocess.run(
                [sys.executable, "-m", "pytest", *words],
                cwd=file.parents[1],
                env=_environment(plugins, file.parents[1]),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcomes(frozenset(), frozenset(), frozenset([file.name]))
        return read_report(report.read_text(encoding="utf-8"), file.name)


def _environment(plugins: Path, release: Path) -> dict[str, str]:
    offline = {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**os.environ, **offline, "PYTHONPATH": str(plugins), "PROCTOR_STOCK_TASKS": str(release)}


def read_report(text: str, file: str) -> Outcomes:
    """The outcomes in pytest's JUnit report; names are ``FILE::Class::test``, as pytest writes them."""
    passed, failed, unfinished = set(), set(), set()
    for case in ElementTree.fromstring(text).iter("testcase"):
        classes = [part for part in (case.get("classname") or "").split(".") if part[:1].isupper()]
        name = "::".join([file, *classes, case.get("name") or ""])
        if case.find("error") is not None and not case.get("classname"):
            unfinished.add(file)
        elif case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif case.find("skipped") is None:
            passed.add(name)
    return Outcomes(frozenset(passed), frozenset(failed), frozenset(unfinished))


def listed_in(groups: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """Each listed test, or file (all of its tests), with its group's reason."""
    return {str(name): str(group["reason"]) for group in groups for name in group["tests"]}  # type: ignore[union-attr]


def judge(outcomes: Sequence[Outcomes], listed: Mapping[str, str]) -> list[str]:
    """What is wrong: a test that fails and is not listed, or is listed and passes."""
    lines = []
    for one in outcomes:
        lines += [f"fails: {name}" for name in sorted(one.failed) if not {name, name.partition("::")[0]} & {*listed}]
        lines += [f"did not run to its end: {name}" for name in sorted(one.unfinished) if not _about(name, listed)]
        lines += [f"is listed and passes: {name}" for name in sorted(one.passed) if name in listed]
    return lines


def _about(file: str, listed: Mapping[str, str]) -> bool:
    return any(name == file or name.startswith(f"{file}::") for name in listed)


def main(words: Sequence[str] | None = None) -> int:
    """Fetch, run, compare with the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Path(tempfile.gettempdir()) / f"proctor-peer-tests-{RELEASE}"
    parser.add_argument("--folder", type=Path, default=default, help="where the tests are kept, outside the repository")
    parser.add_argument("--peer_tasks", action="append", default=[], help="lm-eval's folder of tasks")
    parser.add_argument("files", nargs="*", help="names such as test_registry.py (default: all)")
    given = parser.parse_args(words)
    tests = fetch(given.folder.resolve())
    roots = [*given.peer_tasks, str(tests.parent / "lm_eval" / "tasks")]
    (given.folder / "served_by_proctor.py").write_text(PLUGIN.format(roots=roots), encoding="utf-8")
    listed = listed_in(json.loads(LIST.read_text(encoding="utf-8")))
    files = [tests / name for name in given.files] or sorted(tests.glob("test_*.py"))
    outcomes = [run_file(file, given.folder.resolve()) for file in files if file.name not in listed]
    passed, failed = (sum(len(getattr(one, key)) for one in outcomes) for key in ("passed", "failed"))
    wrong = judge(outcomes, listed)
    print("\n".join([*wrong, f"lm-eval's own tests: {passed} pass, {failed} fail, {len(wrong)} unexpected."]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
