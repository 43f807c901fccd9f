"""Pack bench/gpu.py with all that it needs into a folder, for a machine with a GPU and no network.

    python tools/pack_gpu_bench.py FOLDER        then take FOLDER there (below 60 MB), and:
    python3 FOLDER/run.py                        with a Python that has torch and transformers

Packed are proctor's wheel, lm-eval's, and what their code for transformers' models imports that torch and transformers
do not bring. Only the wheel of psutil is compiled: it goes with any Python from 3.6 on, on Linux with x86-64.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from peer import PEER_VERSION, ROOT, Failed

MOST_BYTES = 60_000_000
PURE = (
    *(f"lm_eval=={PEER_VERSION}", "accelerate"),
    *("requests", "urllib3", "certifi", "idna", "charset-normalizer", "tqdm"),
)
COMPILED = ("psutil",)
ANY_PYTHON = ("--implementation", "py", "--abi", "none", "--platform", "any")
LINUX = (
    *("--implementation", "cp", "--abi", "abi3", "--python-version", "3.11"),
    *(word for name in ("2014", "_2_12", "2010", "_2_28") for word in ("--platform", f"manylinux{name}_x86_64")),
)
"""What pip downloads a wheel for: not for the Python that runs it, but for the one of the other machine."""
FILES = ("bench/gpu.py", "bench/scoring.py", "bench/side_by_side", "tools/peer.py")


def main(argv: Sequence[str] | None = None) -> int:
    """Make the folder, and say how large it is and how to use it."""
    options = parser().parse_args(argv)
    folder: Path = options.folder
    try:
        if folder.exists() and any(folder.iterdir()):
            raise Failed(f"{folder} is there already, and not empty.")
        pack(folder)
        size = size_of(folder)
        if size > MOST_BYTES:
            raise Failed(f"{folder} has {size:,} bytes; more than {MOST_BYTES:,} is more than many can send.")
    except Failed as failure:
        print(f"pack_gpu_bench: {failure}", file=sys.stderr)
        return 2
    print(f"{folder}: {size / 1e6:.1f} MB. On the other machine: python3 {folder.name}/run.py")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    found.add_argument("folder", type=Path, help="a folder that is not there yet, or empty")
    return found


def pack(folder: Path) -> None:
    """Fill the folder: wheels, the scripts, what starts them."""
    wheels = folder.resolve() / "wheels"
    wheels.mkdir(parents=True)
    run(["-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)])
    download = ("-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(wheels))
    run([*download, *ANY_PYTHON, *PURE])
    run([*download, *LINUX, *COMPILED])
    for name in FILES:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    shutil.copy(ROOT / "tools" / "gpu_bench_runner.py", folder / "run.py")
    shutil.copy(ROOT / "LICENSE", folder)


def run(words: Sequence[str]) -> None:
    """Run a module of this Python, in proctor's folder."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(words[:3])} ended with {done.returncode}: {done.stderr.strip()[-500:]}")


def size_of(folder: Path) -> int:
    """The bytes of all files below a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    raise SystemExit(main())
