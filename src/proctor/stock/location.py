"""Where lm-eval's task folder is on this machine. Finding it imports nothing of lm-eval and reads no task file.

Two places, the first one of higher rank: what ``proctor tasks get`` has unpacked into the cache
folder, and the package ``lm_eval`` where it is installed beside proctor. The first is there because
somebody asked for it by version; the second may hold task files of a user's own. ``PROCTOR_STOCK_TASKS``
replaces both by a folder (one that a team shares, say), or by nothing (``off``).
"""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import Literal, NamedTuple

from proctor.errors import UsageError
from proctor.folders import cache_folder

PACKAGE = "lm_eval"
NEWEST = "0.4.13"
"""The version that proctor is compared with; its names and digests are known."""
VARIABLE = "PROCTOR_STOCK_TASKS"
TASKS = Path(PACKAGE, "tasks")
"""Where the task files are below an unpacked version, as in the package itself."""
CURRENT = "current"
"""The file that names the unpacked version in use."""

Origin = Literal["downloaded", "installed", "given"]


class StockRoot(NamedTuple):
    """A folder with stock tasks. ``written_version``: lm-eval's version, where the place itself says it."""

    path: Path
    origin: Origin
    written_version: str | None = None

    @property
    def version(self) -> str | None:
        """lm-eval's version; of an installed one it is looked up now. None where nothing says it."""
        return _installed_version(self.path.parent) if self.origin == "installed" else self.written_version

    @property
    def named(self) -> str:
        """The version for a sentence: ``lm-eval 0.4.13``."""
        return f"lm-eval {self.version}" if self.version else "lm-eval (of a version that nothing says)"


def stock_roots() -> tuple[StockRoot, ...]:
    """The stock roots of this process, lowest rank first; empty where there is none."""
    given = os.environ.get(VARIABLE, "").strip()
    if given.lower() in ("off", "no", "false", "0"):
        return ()
    if given:
        return (_given_root(given),)
    return tuple(root for root in (installed_root(), downloaded_root()) if root is not None)


def _given_root(folder: str) -> StockRoot:
    path = Path(os.path.abspath(Path(folder).expanduser()))
    inner = next((path / part for part in (TASKS, Path("tasks")) if (path / part).is_dir()), path)
    if not inner.is_dir():
        raise UsageError(
            f"{VARIABLE} names {folder!r}, which is no folder.",
            hint="Name the folder lm_eval/tasks of a copy of lm-eval, or 'off', or nothing.",
        )
    return StockRoot(inner, "given", _written_version(path))


def _written_version(folder: Path) -> str | None:
    """The version of a folder that ``proctor tasks get`` made, wherever it was copied to."""
    from proctor.stock.record import read_record

    record = read_record(folder)
    return None if record is None else record.version


# ---------------------------------------------------------------- unpacked versions


def versions_folder() -> Path:
    """Where versions are unpacked: each in a folder of its name."""
    return cache_folder() / "stock_tasks"


def downloaded_versions() -> list[str]:
    """Versions that were unpacked whole."""
    from proctor.stock.record import read_record

    try:
        names = sorted(entry.name for entry in versions_folder().iterdir() if entry.name[:1] != ".")
    except OSError:
        return []
    return [name for name in names if read_record(versions_folder() / name) is not None]


def current_version() -> str | None:
    """The unpacked version in use: the one that was asked for last, of those that are still there."""
    try:
        chosen = (versions_folder() / CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return chosen if chosen and (versions_folder() / chosen / TASKS).is_dir() else None


def downloaded_root() -> StockRoot | None:
    """The folder of the unpacked version in use."""
    version = current_version()
    return None if version is None else StockRoot(versions_folder() / version / TASKS, "downloaded", version)


# ---------------------------------------------------------------- lm-eval beside proctor


def installed_root() -> StockRoot | None:
    """The task folder of an installed lm-eval, of one in development too; none of its code is run."""
    folder = _package_folder()
    if folder is None or not (folder / "tasks").is_dir():
        return None
    return StockRoot(folder / "tasks", "installed")


def _package_folder() -> Path | None:
    """Where ``import lm_eval`` would find a package.

    The finders are asked one by one, not ``importlib.util.find_spec``: that one answers with what
    stands in ``sys.modules``, which may be proctor's own face of lm_eval.
    """
    for finder in sys.meta_path:
        module = getattr(finder, "__module__", None) or type(finder).__module__
        find = getattr(finder, "find_spec", None)
        # Under ``python -m proctor.compat`` a finder of proctor's own answers for lm_eval.
        if find is None or module.partition(".")[0] == "proctor":
            continue
        try:
            spec = find(PACKAGE, None)
        except Exception:  # noqa: BLE001 - somebody else's finder: it finds nothing then
            continue
        if spec is not None and spec.origin and spec.submodule_search_locations:
            return Path(spec.origin).parent
    return None


@functools.cache
def _installed_version(folder: Path) -> str | None:
    """From the metadata beside the package, else (in development) from wherever Python has it."""
    from importlib.metadata import Distribution, PackageNotFoundError, distributions

    try:
        beside = next(iter(distributions(name=PACKAGE, path=[str(folder.parent)])), None)
        return (beside or Distribution.from_name(PACKAGE)).version
    except (PackageNotFoundError, OSError, ValueError, KeyError):
        return None
