"""Install trackers of experiments upon this environment, and run the tests of the reporters with them.

    python tools/trackers.py                      Weights & Biases, MLflow, Trackio
    python tools/trackers.py --pytest_args "-k wandb"

They bring some hundred packages, and pin older releases of packages that ``constraints.txt`` has newer (MLflow:
pyarrow), so they do not live in ``.venv``. Their environment lies upon it: it finds proctor and what is there already,
and its own packages come first.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-trackers"
PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")
TESTS = (
    *("tests/reporters", "tests/cli/test_run_reporters.py", "tests/cli/test_push.py"),
    "tests/compat/scripts/test_tracker_loggers.py",
)
NAMES = ("wandb", "mlflow", "trackio", "tensorboard")
CONVERTERS = ("every_eval_ever>=0.3",) if sys.version_info >= (3, 12) else ()
"""Readers of lm-eval's files that must read proctor's."""


def main() -> int:
    """Install and test; pytest's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="the environment (default: .venv-trackers)")
    parser.add_argument("--pytest_args", default="", help="further arguments of pytest")
    options = parser.parse_args()
    python = make_environment(options.folder.resolve())
    print(", ".join(releases(python)), flush=True)
    command = [str(python), "-m", "pytest", "-q", "-n", "0", *TESTS, *options.pytest_args.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def requirements() -> list[str]:
    """What the extras ask for, without proctor itself, and converters of result files."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    lines = [line for name in ("trackers", "tensorboard") for line in extras[name]]
    return [*(line for line in lines if not line.startswith("proctor")), *CONVERTERS]


def make_environment(place: Path) -> Path:
    """The Python of the environment, which is made where it is missing or asked for other packages."""
    python, stamp = place / "bin" / "python", place / ".stamp"
    own = sysconfig.get_path("purelib")
    wanted = "\n".join([own, *requirements()])
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    print(f"Installing trackers into {place}; this takes some minutes.", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
    subprocess.run([python, *PIP, "install", *requirements()], check=True)
    words = "import sysconfig; print(sysconfig.get_path('purelib'))"
    there = subprocess.run([python, "-c", words], check=True, capture_output=True, text=True).stdout.strip()
    # Only now: pip is to resolve what trackers need by themselves. Their packages are found first.
    Path(there, "base.pth").write_text(own, encoding="utf-8")
    stamp.write_text(wanted, encoding="utf-8")
    return python


def releases(python: Path) -> list[str]:
    """Which releases the environment has."""
    code = f"import importlib.metadata as m; print(*[f'{{n}} {{m.version(n)}}' for n in {NAMES!r}], sep='\\n')"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.split("\n")[:-1]


if __name__ == "__main__":
    sys.exit(main())
