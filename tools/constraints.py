"""Write ``constraints.txt``: one release of every package that proctor's extras bring, all of which fit each other.

``make constraints`` lets pip work out the newest releases that go together, without installing them
(``pip install --dry-run --report``), and calls this with pip's report. The tests then say whether
they work. ``--torch`` prints the line for torch alone, which the newest of the rest must fit.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HEAD = """\
# Every package that was tested together: pip install -c constraints.txt '.[hf]'
# Covers the extras {extras} and what these ask for.
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
    # Of two releases the one that is imported comes first (environments that lie upon others).
    return {
        normal(name): version.partition("+")[0] for name, version in reversed(found) if normal(name) not in LEFT_OUT
    }


def read(text: str) -> dict[str, str]:
    """The pins of a constraints file."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines if line)}


def resolved(report: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
    """The pins that pip's report holds, and the extras of proctor that it was made for.

    Args:
        report: what ``pip install --dry-run --ignore-installed --report FILE`` writes.

    Returns:
        Releases by normalised name, without the label of a build (``+cpu``); names of extras.
    """
    pins: dict[str, str] = {}
    extras: list[str] = []
    for package in report["install"]:
        name = normal(package["metadata"]["name"])
        if name == "proctor":
            extras = sorted(package.get("requested_extras", ()))
        elif name not in LEFT_OUT:
            pins[name] = package["metadata"]["version"].partition("+")[0]
    return pins, extras


def write(pins: Mapping[str, str], extras: Sequence[str] = ()) -> str:
    """A constraints file of these pins."""
    return HEAD.format(extras=", ".join(extras)) + "".join(f"{name}=={pins[name]}\n" for name in sorted(pins))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", nargs="?", type=Path, help="pip's report")
    parser.add_argument("--file", type=Path, default=Path("constraints.txt"))
    parser.add_argument("--torch", action="store_true", help="print the line for torch and write nothing")
    given = parser.parse_args(arguments)
    torch = read(given.file.read_text(encoding="utf-8"))["torch"]
    if given.torch:
        print(f"torch=={torch}")
        return 0
    if given.report is None:
        parser.error("name pip's report, or --torch")
    pins, extras = resolved(json.loads(given.report.read_text(encoding="utf-8")))
    if pins.get("torch") != torch:
        print(f"{given.report} has torch {pins.get('torch')}, not {torch}: nothing is written.", file=sys.stderr)
        return 1
    given.file.write_text(write(pins, extras), encoding="utf-8")
    tested = TESTED.read_text(encoding="utf-8")
    TESTED.write_text(
        re.sub('TRANSFORMERS = ".*"', f'TRANSFORMERS = "{pins["transformers"]}"', tested), encoding="utf-8"
    )
    print(f"{given.file}: {len(pins)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
