"""Compare proctor with lm-eval 0.4.13 on every task, group and tag of lm-eval's own folder, without data.

    PEER_PYTHON=/path/to/venv/bin/python python tools/compat.py [--write_docs docs/compatibility.md]

lm-eval's own index, factory and registries say what each name means and what each task measures;
proctor says the same of the same files; every difference is printed. Exit code 1: something of
ours is wrong. `make compat` does this with both installed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from compat_compare import VERDICTS, Finding, compare, counts
from compat_docs import page

TOOLS = Path(__file__).parent
PEER_TASKS = "import importlib.util as u, os; print(os.path.dirname(u.find_spec('lm_eval').origin) + '/tasks')"


class Asked(RuntimeError):
    """One side could not say anything."""


class Interpreters:
    """Runs scripts of both sides; as soon as one fails, the other need not go on."""

    def __init__(self) -> None:
        self._running: list[subprocess.Popen[str]] = []

    def ask(self, python: str, script: str, part: str, *arguments: str, out: Path) -> Any:
        """Run a script under an interpreter and read what it leaves in ``out``."""
        command = [python, str(TOOLS / script), part, str(out), *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=_environment()
        )
        self._running.append(process)
        _, said = process.communicate()
        if process.returncode:
            raise Asked(f"{' '.join(command)} ended with {process.returncode}:\n{said[-2000:]}")
        return json.loads(out.read_text(encoding="utf-8"))

    def stop(self) -> None:
        """End what still runs."""
        for process in self._running:
            if process.poll() is None:
                process.terminate()

    def peer(self, python: str, folder: Path) -> dict[str, Any]:
        """What lm-eval says of its folder."""
        files = self.ask(python, "compat_peer.py", "files", out=folder / "peer_files.json")
        code = self.ask(python, "compat_peer.py", "code", "1", out=folder / "peer_code.json")
        return {**files, "functions": code["functions"], "live": code["tasks"]}

    def own(self, root: str, folder: Path) -> dict[str, Any]:
        """What proctor says of the same folder."""
        files = self.ask(sys.executable, "compat_own.py", "files", root, out=folder / "own_files.json")
        verdict = self.ask(sys.executable, "compat_own.py", "verdict", root, out=folder / "own_verdict.json")
        code = self.ask(sys.executable, "compat_own.py", "code", root, "1", out=folder / "own_code.json")
        return {**files, "verdict": verdict, "functions": code["functions"], "live": code["tasks"]}


def _environment() -> dict[str, str]:
    quiet = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    return {**os.environ, **quiet, "PYTHONDONTWRITEBYTECODE": "1"}


def ask_both(peer_python: str, root: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both sides say, asked at the same time."""
    interpreters = Interpreters()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(2) as pool:
        said = [
            pool.submit(interpreters.peer, peer_python, Path(name)),
            pool.submit(interpreters.own, root, Path(name)),
        ]
        try:
            for one in as_completed(said):
                one.result()
        finally:
            interpreters.stop()
        return said[0].result(), said[1].result()


def table(findings: Sequence[Finding]) -> str:
    """The counts, a line for each thing compared."""
    lines = [f"{'':24}{'compared':>10}" + "".join(f"{title:>20}" for title in VERDICTS.values())]
    for what, count in counts(findings).items():
        lines.append(f"{what:24}{count.total():>10,}" + "".join(f"{count[verdict]:>20,}" for verdict in VERDICTS))
    return "\n".join(lines)


def report(peer: Mapping[str, Any], own: Mapping[str, Any], docs: Path | None) -> int:
    """Print what was found; 1 if something of ours is wrong."""
    findings = compare(peer, own)
    print(table(findings))
    ours = [finding for finding in findings if finding.verdict == "ours"]
    for finding in ours[:50]:
        print(f"\n{finding.what}: {finding.name}\n    lm-eval: {finding.peer}\n    proctor: {finding.own}")
    if len(ours) > 50:
        print(f"\n... and {len(ours) - 50} more")
    if docs is not None:
        docs.write_text(page(findings, peer, own), encoding="utf-8")
    return 1 if ours else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask both sides, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer_python", default=os.environ.get("PEER_PYTHON"), help="an interpreter that has lm_eval")
    parser.add_argument("--write_docs", type=Path, metavar="FILE", help="write the page with the corpus's own errors")
    given = parser.parse_args(arguments)
    if not given.peer_python:
        parser.error("say which interpreter has lm_eval: --peer_python, or PEER_PYTHON in the environment")
    started = time.monotonic()
    try:
        located = subprocess.run([given.peer_python, "-c", PEER_TASKS], capture_output=True, text=True, check=False)
        if located.returncode:
            raise Asked(f"{given.peer_python} has no lm_eval:\n{located.stderr[-500:]}")
        root = located.stdout.strip()
        peer, own = ask_both(given.peer_python, root)
    except (Asked, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    code = report(peer, own, given.write_docs)
    print(f"\n{time.monotonic() - started:.0f} seconds; {'some' if code else 'no'}thing of ours is wrong")
    return code


if __name__ == "__main__":
    sys.exit(main())
