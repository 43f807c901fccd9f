"""Run bench/gpu.py from a folder that ``tools/pack_gpu_bench.py`` made: on a machine with torch, without a network.

    python3 FOLDER/run.py                  all cells, in about ten minutes on one device
    python3 FOLDER/run.py --real MODEL     and any other argument of bench/gpu.py

The Python that runs this must have torch and transformers; nothing of it is changed. What else is needed lies in
FOLDER/wheels and is unpacked into FOLDER/packages, but for what that Python has already. Results are written to
FOLDER/results.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ALWAYS = ("proctor", "lm_eval")
"""Unpacked even where there is one: the release that is measured is the one of this folder."""


def is_installed(name: str) -> bool:
    """Whether this Python has a distribution."""
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def lacking(wheels: Path) -> Iterator[Path]:
    """The wheels of distributions that this Python has not."""
    for wheel in sorted(wheels.glob("*.whl")):
        name = wheel.name.partition("-")[0]
        if name in ALWAYS or not is_installed(re.sub("_", "-", name)):
            yield wheel


def unpack(folder: Path) -> Path:
    """Unpack what is lacking, once; a wheel is a zip file of what stands in site-packages, so that no pip is needed."""
    packages, stamp = folder / "packages", folder / "packages" / ".stamp"
    wanted = "\n".join([sys.executable, *(wheel.name for wheel in lacking(folder / "wheels"))])
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        packages.mkdir(exist_ok=True)
        for wheel in lacking(folder / "wheels"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(packages)
        stamp.write_text(wanted, encoding="utf-8")
    return packages


def main(arguments: list[str]) -> int:
    """Unpack, and run the measurement; its exit status is this one's."""
    folder = Path(__file__).resolve().parent
    missing = [name for name in ("torch", "transformers") if not is_installed(name)]
    if missing:
        print(f"{sys.executable} has no {' and no '.join(missing)}: start this with one that has.", file=sys.stderr)
        return 2
    environment = {**os.environ, "PYTHONPATH": str(unpack(folder)), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, str(folder / "bench" / "gpu.py"), "--results", str(folder / "results"), *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
