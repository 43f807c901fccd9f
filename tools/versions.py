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
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
NEWEST = "newest"
EXTRAS = ("hf", "peft", "xlsx")
TEST_PACKAGES = ("pytest", "pytest-xdist", "hypothesis")
FAST = (
    "tests/models/hf/test_hf_call_form.py",
    "tests/models/hf/test_hf_fallback.py",
    "tests/models/hf/test_hf_attention.py",
    "tests/models/hf/test_hf_goldens.py",
    "tests/models/hf/scoring/test_scoring_gate.py",
    "tests/models/hf/scoring/test_row_scorer.py",
    "tests/models/hf/scoring/test_tree.py",
    "tests/models/hf/decoding/test_decode.py",
    "tests/models/hf/decoding/test_decoding_gate.py",
    "tests/models/hf/decoding/test_endings.py",
    "tests/models/hf/decoding/test_generate.py",
    "tests/models/hf/decoding/test_nan_watch.py",
    "tests/models/hf/decoding/test_slot_attention.py",
    "tests/models/hf/test_hf_deferred_imports.py",
    "tests/models/hf/test_hf_identity.py",
    "tests/models/hf/test_hf_lazy.py",
    "tests/models/hf/load/test_load.py",
    "tests/models/hf/test_hf_errors.py",
    "tests/models/hf/test_hf_device.py",
    "tests/models/hf/test_hf_weights.py",
    "tests/models/hf/test_hf_missing.py",
    "tests/models/hf/test_hf_model.py",
    "tests/models/hf/test_hf_shipped.py",
    "tests/models/test_chat.py",
    "tests/models/tokens/test_tokenizer.py",
    "tests/models/tokens/test_boundaries.py",
    "tests/models/tokens/test_segments.py",
    "tests/models/tokens/test_shared_encoding.py",
    "tests/models/tokens/test_chat_template.py",
    "tests/tasks/test_data.py",
    "tests/tasks/sources/test_load.py",
)
"""Gates, engine, loading, identity, tokenizers, chat templates, data, stored scores: what other packages can break."""
NOT_BEFORE_5 = (
    "tests/models/hf/scoring/test_scoring_gate.py::test_the_probe_alone_sees_what_the_config_does_not_say",
    "tests/models/hf/scoring/test_scoring_gate.py::test_attention_matters[rwkv]",
    "tests/models/hf/test_hf_identity.py::test_another_tokenizer_makes_another_model_and_another_chat_template_does_not",
    "tests/models/hf/load/test_load.py::test_a_folder_without_tokenizer",
    "tests/models/hf/load/test_load.py::test_a_tokenizer_that_transformers_makes_of_nothing",
)
"""Models, messages and files that were others before transformers 5."""
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
    """Make an environment upon this one that holds what is to differ; None, or why there is none."""
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _call([_base_python(), "-m", "venv", folder])
        _lay_upon_this(python)
        wanted = [] if release == NEWEST else [f"transformers=={release}"]
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # Without an index, pip would take what is installed here for the newest there is.
        _call([*pip, "--dry-run", "--ignore-installed", "--no-deps", *(wanted or ["transformers"])])
        held = folder / "torch.txt"
        pins = constraints().read((ROOT / "constraints.txt").read_text(encoding="utf-8"))
        held.write_text(f"torch=={pins['torch']}\n", encoding="utf-8")
        upgrade = ["--upgrade", "--upgrade-strategy", "eager", "-c", held]
        _call([*pip, *upgrade, *requirements(EXTRAS), *wanted, *TEST_PACKAGES])
    except OSError as error:
        return str(error)
    return None


def _call(command: Sequence[str | Path]) -> None:
    """Run a command; its last error line as an OSError where it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise OSError(lines[-1] if lines else f"status {done.returncode}")


def _base_python() -> Path:
    """The interpreter that this environment was made with."""
    return Path(sys.base_prefix) / "bin" / f"python{sysconfig.get_python_version()}"


def _lay_upon_this(python: Path) -> None:
    """Let an environment find what it does not hold itself (torch, for one) in the environment that runs this."""
    below = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    lines = [f"import site; site.addsitedir({folder!r})\n" for folder in sorted(below)]
    Path(own, "zz_environment_below.pth").write_text("".join(lines), encoding="utf-8")


def requirements(extras: Sequence[str]) -> list[str]:
    """What pyproject.toml asks for, with these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: list[str] = list(project["dependencies"])
    for extra in extras:
        for line in project["optional-dependencies"][extra]:
            own = re.fullmatch(r"proctor\[(.+)\]", line)
            found += requirements(own[1].split(",")) if own else [line]
    return list(dict.fromkeys(found))


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
    python = folder / "bin" / "python"
    here = constraints().installed(python)
    others = differing(here, constraints().read((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    if not others and here == constraints().installed(Path(sys.executable)):
        print(f"{label}: every package is the one of constraints.txt, which the other tests run with", flush=True)
        return True
    named = ", ".join(f"{name} {version} (pinned: {pinned})" for name, (version, pinned) in others.items())
    print(f"{label}: differs from constraints.txt in {named or 'nothing'}", flush=True)
    outcome = run_tests(python, FAST, processes)
    print(f"{label}: {outcome.line}", flush=True)
    if outcome.status:
        culprits = blame(python, outcome.failed, others, processes) if release == NEWEST and outcome.failed else []
        print(f"{label}: {_broken(release, outcome, others, culprits)}", flush=True)
    return outcome.status == 0


def _broken(release: str, outcome: Outcome, others: Mapping[str, tuple[str, str]], culprits: Sequence[str]) -> str:
    if not outcome.failed:
        return f"the tests could not be run (pytest's status {outcome.status})"
    if release != NEWEST:
        return f"{len(outcome.failed)} tests fail with this release"
    releases = ", ".join(f"{name} {others[name][0]}" for name in culprits)
    return f"{len(outcome.failed)} tests fail; broken by {releases or 'no single package of these'}"


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
