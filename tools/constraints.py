"""Write ``constraints.txt``: the release of every package that an environment holds, and so was tested together.

``make constraints`` installs the newest release of everything but torch and calls this for that
environment. ``--torch`` prints the line for torch alone, for environments of newest releases.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HEAD = """\
# Every package that was tested together: pip install -c constraints.txt '.[hf]'
# `make constraints` renews all but torch, which is changed by hand: its newest build is several gigabytes.
"""
TESTED = Path(__file__).resolve().parents[1] / "src" / "proctor" / "models" / "hf" / "tested.py"
"""What proctor itself says about the release that was tested."""
LEFT_OUT = frozenset({"pip", "proctor"})
LIST = (
    "import importlib.metadata as m, json;"
    "print(json.dumps([(d.metadata['Name'], d.version) for d in m.distributions() if d.metadata['Name']]))"
)


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(python: Path) -> dict[str, str]:
    """The packages of an environment by normalised name, without the label of a build (``+cpu``)."""
    found = json.loads(subprocess.run([python, "-c", LIST], check=True, capture_output=True, text=True).stdout)
    return {normal(name): version.partition("+")[0] for name, version in found if normal(name) not in LEFT_OUT}


def read(text: str) -> dict[str, str]:
    """The pins of a constraints file."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def write(pins: Mapping[str, str]) -> str:
    """A constraints file of these pins."""
    return HEAD + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, default=Path("constraints.txt"))
    parser.add_argument("--torch", action="store_true", help="print the line for torch and write nothing")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="whose packages are written")
    given = parser.parse_args(arguments)
    torch = read(given.file.read_text(encoding="utf-8"))["torch"]
    if given.torch:
        print(f"torch=={torch}")
        return 0
    pins = installed(given.python)
    if pins.get("torch") != torch:
        print(f"{given.python} holds torch {pins.get('torch')}, not {torch}: nothing is written.", file=sys.stderr)
        return 1
    given.file.write_text(write(pins), encoding="utf-8")
    tested = TESTED.read_text(encoding="utf-8")
    TESTED.write_text(
        re.sub('TRANSFORMERS = ".*"', f'TRANSFORMERS = "{pins["transformers"]}"', tested), encoding="utf-8"
    )
    print(f"{given.file}: {len(pins)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
