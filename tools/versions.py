"""Run the fast part of the tests with other releases of the packages that proctor is built on.

    python tools/versions.py newest                  the newest release of everything but torch
    python tools/versions.py 4.48.3 5.5.4 newest     these releases of transformers, each by itself

Each has an environment of its own. Where one cannot be made (no index, say), a line says so and it
does not count as a failure. Where tests fail, the packages that differ from ``constraints.txt`` are
named; each of them is then put back to its pinned release by itself, so that the one that broke
the tests is named too.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
NEWEST = "newest"
EXTRAS = ".[hf]"
TEST_PACKAGES = ("pytest", "pytest-xdist", "hypothesis")
FAST = (
    "tests/models/hf/test_hf_call_form.py",
    "tests/models/hf/test_hf_goldens.py",
    "tests/models/test_architectures.py",
    "tests/models/hf/test_hf_decode.py",
    "tests/models/hf/test_hf_loading.py",
    "tests/models/hf/test_hf_scores.py",
    "tests/models/test_tokens.py",
    "tests/models/test_boundaries.py",
    "tests/tasks/test_data.py",
)
"""Gates, engine, loading, tokenizers, data, and scores that are stored: what leans on other packages."""
NOT_BEFORE_5 = (
    "tests/models/test_architectures.py::test_the_probe_alone_sees_what_the_config_does_not_say",
    "tests/models/test_architectures.py::test_attention_matters[rwkv]",
    "tests/models/hf/test_hf_loading.py::test_a_folder_without_tokenizer",
)
"""Models and messages that were others before transformers 5."""
WARNINGS = ("-W", "ignore::ResourceWarning", "-W", "ignore::pytest.PytestUnraisableExceptionWarning")
"""Of other packages' own code: not what these runs are for."""
LIKELY = ("transformers", "tokenizers", "huggingface-hub", "datasets", "accelerate", "safetensors", "numpy", "jinja2")
"""Tried first when the package that broke something is looked for."""
MOST_SUSPECTS = 12


def constraints() -> ModuleType:
    spec = importlib.util.spec_from_file_location("constraints_tool", ROOT / "tools" / "constraints.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Outcome:
    """The end of a test run: pytest's status and last line, and the tests that failed."""

    status: int
    line: str
    failed: tuple[str, ...]


def make(folder: Path, release: str) -> str | None:
    """Make or renew an environment; None, or why there is none."""
    python = folder / "bin" / "python"
    held = folder / "torch.txt"
    pins = constraints().read((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    wanted = [] if release == NEWEST else [f"transformers=={release}"]
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"]
    install += ["--upgrade-strategy", "eager", "-c", held, "-e", EXTRAS, *wanted, *TEST_PACKAGES]
    commands = [install]
    if not python.exists():
        commands.insert(0, [_base_python(), "-m", "venv", folder])
    for command in commands:
        folder.mkdir(parents=True, exist_ok=True)
        held.write_text(f"torch=={pins['torch']}\n", encoding="utf-8")
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
            return lines[-1] if lines else f"status {done.returncode}"
    return None


def _base_python() -> Path:
    """The interpreter that this environment was made with."""
    return Path(sys.base_prefix) / "bin" / f"python{sysconfig.get_python_version()}"


def differing(here: Mapping[str, str], pins: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """By package: the release installed and the pinned one, where they differ; the likeliest to matter first."""
    found = {name: (here[name], pins[name]) for name in here if name in pins and here[name] != pins[name]}
    order = {name: place for place, name in enumerate(LIKELY)}
    return dict(sorted(found.items(), key=lambda one: (order.get(one[0], len(order)), one[0])))


def run_tests(python: Path, tests: Sequence[str], processes: str) -> Outcome:
    command = [python, "-m", "pytest", "-q", "-rfE", "--tb=short", "-p", "no:cacheprovider"]
    command += ["-m", "not slow and not server", "-n", processes, *WARNINGS, *tests]
    environment = dict(os.environ)
    if int(constraints().installed(python)["transformers"].partition(".")[0]) < 5:
        command += [f"--deselect={test}" for test in NOT_BEFORE_5]
        # Tokenizers that transformers 5 has written: earlier releases cannot read them.
        environment["PROCTOR_SHARED"] = str(ROOT / "tests" / "no shared data")
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    failed = tuple(dict.fromkeys(re.findall(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)))
    lines = done.stdout.strip().splitlines()
    if done.returncode:
        print(done.stdout)
    return Outcome(done.returncode, lines[-1] if lines else "", failed)


def blame(python: Path, failed: Sequence[str], suspects: Mapping[str, tuple[str, str]], processes: str) -> list[str]:
    """The packages that make these tests pass when each is put back to its pinned release by itself."""
    found: list[str] = []
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    for name, (here, pinned) in list(suspects.items())[:MOST_SUSPECTS]:
        if subprocess.run([*pip, f"{name}=={pinned}"], check=False).returncode:
            continue
        if run_tests(python, failed, processes).status == 0:
            found.append(name)
        subprocess.run([*pip, f"{name}=={here}"], check=False)
    return found


def report(release: str, folder: Path, processes: str) -> bool:
    """Test one environment and say what came out; whether nothing failed."""
    label = NEWEST if release == NEWEST else f"transformers {release}"
    why = make(folder, release)
    if why is not None:
        print(f"{label}: not tested, for its environment cannot be made here: {why}", flush=True)
        return True
    tool = constraints()
    python = folder / "bin" / "python"
    pins = tool.read((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    others = differing(tool.installed(python), pins)
    named = ", ".join(f"{name} {here} (pinned: {pinned})" for name, (here, pinned) in others.items())
    print(f"{label}: differs from constraints.txt in {named or 'nothing'}", flush=True)
    outcome = run_tests(python, FAST, processes)
    print(f"{label}: {outcome.line}", flush=True)
    if outcome.status == 0:
        return True
    if release != NEWEST:
        print(f"{label}: {len(outcome.failed)} tests fail with this release", flush=True)
        return False
    culprits = blame(python, outcome.failed, others, processes) if outcome.failed else []
    releases = ", ".join(f"{name} {others[name][0]}" for name in culprits)
    print(
        f"{label}: {len(outcome.failed)} tests fail; broken by {releases or 'no single package of these'}", flush=True
    )
    return False


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", nargs="+", metavar="RELEASE", help="of transformers, or newest")
    parser.add_argument("--folder", type=Path, default=ROOT / ".venv-versions", help="where the environments lie")
    parser.add_argument("--processes", default="auto", help="test processes")
    given = parser.parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    fine = [report(release, given.folder / release, given.processes) for release in given.releases]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
