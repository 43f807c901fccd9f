"""What a run stood on: versions, machine and commit, gathered without importing anything for it.

lm-eval asks torch for this text, which starts a dozen programs and takes seconds; the same
facts are read here from package metadata and the operating system.
"""

from __future__ import annotations

import logging
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LM_EVAL_LEVEL = "0.4.13"
"""The release of lm-eval whose files and numbers are kept."""

LISTED = (
    "accelerate",
    "datasets",
    "numpy",
    "peft",
    "safetensors",
    "sentencepiece",
    "tokenizers",
    "torch",
    "transformers",
    "vllm",
)
# A working tree on a slow network disk must not hold up a run that is done.
GIT_SECONDS = 2.0
_log = logging.getLogger("proctor")


def environment(*, started: float | None = None, folder: str | Path | None = None) -> dict[str, Any]:
    """Facts for the results file, under lm-eval's keys, and ``proctor_version``.

    ``started``: unix time. ``folder``: whose git commit is named (the working directory).
    """
    here = Path.cwd() if folder is None else Path(folder)
    return {
        "git_hash": git_describe(here),
        "date": time.time() if started is None else started,
        "pretty_env_info": "\n".join(_lines()),
        "transformers_version": _version("transformers") or "N/A",
        "lm_eval_version": LM_EVAL_LEVEL,
        "upper_git_hash": commit_of(here / ".."),
        "proctor_version": _version("proctor") or "unknown",
    }


def git_describe(folder: Path) -> str | None:
    """``git describe --always`` of a folder; without git, the commit its ``.git`` names; else None."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always"],
            cwd=folder,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        _log.debug("git describes nothing in %s: %s", folder, error)
        return commit_of(folder)
    return done.stdout.decode("utf-8", "replace").strip() or None


def commit_of(folder: Path) -> str | None:
    """The commit that is checked out in a folder, read from its ``.git``; None where there is none."""
    try:
        git = folder / ".git"
        # In a worktree or a submodule ``.git`` is a file that says where the folder is.
        if git.is_file():
            git = folder / git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()
        head = (git / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head or None
        return _resolve(git, head.partition(":")[2].strip())
    except (OSError, UnicodeError) as error:
        _log.debug("no commit found in %s: %s", folder, error)
        return None


def _resolve(git: Path, name: str) -> str | None:
    loose = git / name
    if loose.is_file():
        return loose.read_text(encoding="utf-8").strip() or None
    for line in (git / "packed-refs").read_text(encoding="utf-8").splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return commit
    return None


def _lines() -> Iterator[str]:
    yield f"PyTorch version: {_version('torch') or 'N/A'}"
    yield f"CUDA used to build PyTorch: {_cuda() or 'N/A'}"
    yield ""
    yield f"OS: {_system()}"
    yield f"Libc version: {'-'.join(part for part in platform.libc_ver() if part) or 'N/A'}"
    yield ""
    yield f"Python version: {platform.python_version()} ({sys.maxsize.bit_length() + 1}-bit runtime)"
    yield f"Python platform: {platform.platform()}"
    yield from _graphics()
    yield ""
    yield f"CPU: {_processor()}"
    yield f"CPUs usable: {_usable_cpus()}"
    yield ""
    yield "Versions of relevant libraries:"
    for name in LISTED:
        version = _version(name)
        if version:
            yield f"[pip3] {name}=={version}"


def _graphics() -> Iterator[str]:
    """The graphics cards, if this process has already woken them."""
    torch = sys.modules.get("torch")
    try:
        # To ask about CUDA would start it: hundreds of megabytes on the GPU and seconds, for a line of text.
        if torch is None or not torch.cuda.is_initialized():
            yield "Is CUDA available: not asked (not used by this run)"
            return
        yield "Is CUDA available: True"
        for index in range(torch.cuda.device_count()):
            yield f"GPU {index}: {torch.cuda.get_device_name(index)}"
    except (AttributeError, RuntimeError) as error:
        yield f"Is CUDA available: unknown ({error})"


def _cuda() -> str | None:
    torch = sys.modules.get("torch")
    return getattr(getattr(torch, "version", None), "cuda", None)


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        name = f"{platform.system()} {platform.release()}"
    return f"{name} ({platform.machine()})"


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        _log.debug("no /proc/cpuinfo on this system")
    return platform.machine()


def _usable_cpus() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _version(package: str) -> str | None:
    loaded = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(loaded, str):
        return loaded
    try:
        return version(package)
    except PackageNotFoundError:
        return None
