"""Getting a version of lm-eval's task folder: from an index or a file, checked, unpacked, and in use from then on.

What is promised: only an archive with the expected SHA-256 is unpacked; the folder of a version
appears whole or not at all (it is unpacked beside its place and renamed, the record written last);
two processes that get it at once do so one after the other (a lock), and the second finds it there;
what a killed process left is removed by the next one.
"""

# On the disk
# -----------
#   <cache>/stock_tasks/
#     .lock                     one process at a time
#     current                   "0.4.13\n", replaced by rename
#     0.4.13/record.json        written last: whoever finds it finds a whole folder
#           /lm_eval/tasks/...
#           /names.json         the names of its tasks (proctor.tasks.stock)
#     .unpacking-xxxx/          work in progress, or what a killed process left: removed under the lock
#
# Everything is made below ``.unpacking-*`` on the same file system and renamed, so that readers, who take no lock, see
# a version whole or not at all.

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from proctor.errors import DataError, OutputError, UsageError
from proctor.stock.archive import UnpackedSize, open_archive, unpack_tasks
from proctor.stock.digests import DIGESTS, known_digests, known_versions
from proctor.stock.installers import download
from proctor.stock.location import CURRENT, TASKS, current_version, downloaded_versions, versions_folder
from proctor.stock.record import StockRecord, read_record, write_record

log = logging.getLogger("proctor")

_VERSION = re.compile(r"[0-9][0-9A-Za-z.+!_-]{0,60}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_SCRATCH = ".unpacking-"


class FetchedVersion(NamedTuple):
    """What a version is here. ``new``: whether it was unpacked just now."""

    version: str
    folder: Path
    record: StockRecord
    new: bool


def fetch_version(version: str, *, sha256: str | None = None) -> FetchedVersion:
    """Get ``version`` by the user's pip or uv, unless it is here already, and use it from now on.

    ``sha256``: the digest of its wheel, needed for a version that proctor does not know. Raises
    :class:`UsageError` for a version that cannot be checked, :class:`DataError` for an archive that
    cannot be had or is another one, :class:`OutputError` where it cannot be written.
    """
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is no version.", hint=f"Such as {known_versions()[0]}.")
    digests = (_checked_digest(sha256),) if sha256 else known_digests(version)
    if not digests:
        known = ", ".join(known_versions())
        raise UsageError(
            f"The digests of lm-eval {version} are not known here, so that what arrives cannot be checked.",
            hint=f"Known are {known}. For another one, give its wheel's SHA-256, as its index has it: --sha256 HEX",
        )
    if (here := _here(version, digests)) is not None and current_version() == version:
        # Without the lock: in a shared, read-only cache it cannot even be opened.
        return here  # a cache folder that others may only read is enough
    with _locked() as root:
        if (here := _here(version, digests)) is not None:
            _use(root, version)
            return here
        with _scratch(root) as scratch:
            (scratch / "download").mkdir()
            log.info("Getting lm-eval %s by your own pip or uv; only its task folder is kept.", version)
            source, installer = download(version, digests, scratch / "download")
            if source.is_dir():
                return _place_folder(root, scratch, source, version, digests[0], installer)
            return _place(root, scratch, source, digests, version)


def _here(version: str, digests: Sequence[str]) -> FetchedVersion | None:
    """A version that is unpacked already, from an archive that may be used."""
    folder = versions_folder() / version
    record = read_record(folder)
    if record is None or record.sha256 not in digests or not (folder / TASKS).is_dir():
        return None
    return FetchedVersion(version, folder, record, new=False)


def fetch_file(path: Path, *, version: str | None = None, sha256: str | None = None) -> FetchedVersion:
    """Unpack a wheel or a source archive that is here already. ``version``: to be sure that it is that one."""
    if not path.is_file():
        hint = "Name a wheel (.whl) or a source archive (.tar.gz) of lm_eval."
        raise UsageError(f"--from names {str(path)!r}, which is no file.", hint=hint)
    digests = (_checked_digest(sha256),) if sha256 else tuple(DIGESTS)
    with _locked() as root, _scratch(root) as scratch:
        return _place(root, scratch, path, digests, version)


def remove_versions(versions: Sequence[str]) -> list[str]:
    """Delete unpacked versions, all of them if none is named; the names of those that went."""
    there = downloaded_versions()
    unknown = [version for version in versions if version not in there]
    if unknown:
        hint = f"There are {', '.join(there)}." if there else "There are none."
        raise UsageError(f"There is no unpacked version {', '.join(map(repr, unknown))}.", hint=hint)
    gone = list(dict.fromkeys(versions)) or there
    if not versions_folder().is_dir():
        return gone
    with _locked() as root:
        for version in gone:
            _discard(root / version)
        if current_version() is None:
            with contextlib.suppress(FileNotFoundError):
                (root / CURRENT).unlink()
            for left in downloaded_versions()[-1:]:
                _use(root, left)
    return gone


# ---------------------------------------------------------------- from an archive to a folder


def _checked_digest(text: str) -> str:
    if not _SHA256.fullmatch(text.strip()):
        raise UsageError(f"--sha256 is {text!r}; it must be 64 digits from 0 to f.")
    return text.strip().lower()


def _place(root: Path, scratch: Path, path: Path, digests: Sequence[str], version: str | None) -> FetchedVersion:
    digest = _digest(path)
    if digest not in digests:
        message = f"{path.name} is not what was expected: its SHA-256 is {digest}. Nothing was unpacked."
        raise DataError(message, hint=_expected(digests))
    target = scratch / "whole"
    (target / TASKS).mkdir(parents=True)
    try:
        with open_archive(path) as archive:
            own_version = archive.version
            if not _VERSION.fullmatch(own_version) or (version is not None and own_version != version):
                raise DataError(f"it is of version {own_version}, not {version}")
            unpacked = unpack_tasks(archive, target / TASKS)
    except DataError as error:
        raise DataError(f"{path.name} cannot be used: {error.message}.") from error
    return _finish(root, target, StockRecord(own_version, digest, path.name, *unpacked, time.time()))


def _place_folder(root: Path, scratch: Path, source: Path, version: str, digest: str, installer: str) -> FetchedVersion:
    """From a package that uv has unpacked, and compared with the digest."""
    target = scratch / "whole"
    shutil.copytree(source / TASKS, target / TASKS, ignore=_engine_of(source / TASKS))
    files = [path for path in (target / TASKS).rglob("*") if path.is_file()]
    unpacked = UnpackedSize(len(files), sum(path.stat().st_size for path in files))
    return _finish(root, target, StockRecord(version, digest, f"by {installer}", *unpacked, time.time()))


def _engine_of(tasks: Path) -> Callable[[str, list[str]], list[str]]:
    """What is left out of a copy, as ``shutil.copytree`` asks."""

    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name == "__pycache__" or (Path(folder) == tasks and name.endswith(".py"))]

    return ignored


def _expected(digests: Sequence[str]) -> str:
    if len(digests) == 1:
        return f"Expected was {digests[0]}."
    known = ", ".join(known_versions())
    return f"Archives of lm-eval {known} from PyPI are known. If you trust another one: --sha256 with its digest."


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _finish(root: Path, whole: Path, record: StockRecord) -> FetchedVersion:
    """Give what was unpacked its place and its name; one that is there already makes room."""
    write_record(whole, record)
    target = root / record.version
    if target.exists():
        _discard(target)
    whole.rename(target)
    _use(root, record.version)
    return FetchedVersion(record.version, target, record, new=True)


def _discard(folder: Path) -> None:
    """Take a version away: out of sight at once, then off the disk."""
    if not folder.exists():
        return
    aside = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=folder.parent))
    # Out of the way by a rename first: deleting thousands of files takes time, in which readers would find some of
    # them.
    folder.rename(aside / "old")
    shutil.rmtree(aside, ignore_errors=True)


def _use(root: Path, version: str) -> None:
    if current_version() == version:
        return
    scratch = root / f"{_SCRATCH}{CURRENT}-{os.getpid()}"
    scratch.write_text(f"{version}\n", encoding="utf-8")
    scratch.replace(root / CURRENT)


# ---------------------------------------------------------------- the folder of versions


@contextmanager
def _locked() -> Iterator[Path]:
    """The folder of versions, for one process at a time; what the disk objects becomes a sentence."""
    root = versions_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (root / ".lock").open("w") as lock:
            _wait_for(lock.fileno())
            _sweep(root)
            yield root
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise OutputError(
            f"{'There is no room for' if full else 'Nothing can be written to'} {root}: {error.strerror or error}.",
            hint="PROCTOR_CACHE names another folder.",
        ) from error


def _wait_for(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("Another process gets or removes tasks; this one waits for it.")
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:  # a file system without locks: two at once then do the work twice
        log.debug("No lock in %s: %s", versions_folder(), error)


def _sweep(root: Path) -> None:
    """Remove what killed processes left; whoever has the lock is alone."""
    for entry in root.iterdir():
        if entry.name.startswith(_SCRATCH):
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)


@contextmanager
def _scratch(root: Path) -> Iterator[Path]:
    """A folder beside the versions, on the same disk, that goes when the work ends, however it ends."""
    folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
