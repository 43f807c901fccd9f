"""The task folder of a wheel or a source archive of lm-eval, unpacked as if the archive were hostile.

Only regular files below ``lm_eval/tasks/`` are taken, and the engine's own Python at its top is
left out: proctor serves ``lm_eval.tasks`` itself. An entry that is a link, has a name that leads
elsewhere, or takes the sum over a bound ends the unpacking; no extraction routine of a library is
used, and no mode, owner or time of the archive is kept. Whoever calls removes what was written.
"""

from __future__ import annotations

import gzip
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from proctor.errors import DataError

MOST_FILES = 200_000
MOST_BYTES = 1 << 30
_CHUNK = 1 << 20
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError),
    *(EOFError, NotImplementedError, RuntimeError),  # cut short, an unknown compression, encrypted
)
_VERSION = r"(?P<version>[0-9][0-9A-Za-z.+!_-]{0,60})"
_WHEEL_METADATA = re.compile(rf"lm_eval-{_VERSION}\.dist-info/METADATA")
_SDIST_FOLDER = re.compile(rf"lm[_-]eval-{_VERSION}")
_WHEEL_PREFIX = "lm_eval/tasks/"
_NO_NAME = re.compile(r"[\\\x00-\x1f:]")


class Member(NamedTuple):
    """A file of an archive: its path below the task folder, and how to read it."""

    path: str
    content: IO[bytes]


class UnpackedSize(NamedTuple):
    """How much was unpacked."""

    files: int
    size: int


class Archive:
    """An open archive of lm-eval. ``version``: as the archive itself has it."""

    version: str

    def members(self) -> Iterator[Member]:
        """Every file of the task folder, in the archive's order."""
        raise NotImplementedError


class _Wheel(Archive):
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        versions = [match["version"] for name in file.namelist() if (match := _WHEEL_METADATA.fullmatch(name))]
        if len(versions) != 1:
            raise DataError("it is a zip file, but no wheel of lm_eval")
        self.version = versions[0]

    def members(self) -> Iterator[Member]:
        """Files only; a zip file marks links in the mode of Unix."""
        for info in self._file.infolist():
            if info.is_dir() or not info.filename.startswith(_WHEEL_PREFIX):
                continue
            # The upper half holds the mode of Unix; 0 where the archive was made elsewhere.
            mode = info.external_attr >> 16
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise DataError(f"{info.filename!r} in it is no regular file")
            with self._file.open(info) as content:
                yield Member(info.filename[len(_WHEEL_PREFIX) :], content)


class _Sdist(Archive):
    def __init__(self, file: tarfile.TarFile) -> None:
        self._file = file
        first = file.next()
        top = "" if first is None else first.name.removeprefix("./").partition("/")[0]
        match = _SDIST_FOLDER.fullmatch(top)
        if match is None:
            raise DataError("it is a tar file, but no source archive of lm_eval")
        self._prefix = f"{top}/{_WHEEL_PREFIX}"
        self.version = match["version"]

    def members(self) -> Iterator[Member]:
        """Files only; anything that is neither a file nor a folder is refused."""
        for info in self._file:
            name = info.name.removeprefix("./")
            if info.isdir() or not name.startswith(self._prefix):
                continue
            content = self._file.extractfile(info) if info.isreg() else None
            if content is None:
                raise DataError(f"{info.name!r} in it is no regular file")
            with content:
                yield Member(name[len(self._prefix) :], content)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a wheel (``.whl``) or a source archive (``.tar.gz``); :class:`DataError` if it is neither."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as file:
                yield _Wheel(file)
        elif tarfile.is_tarfile(path):
            with tarfile.open(path) as file:
                yield _Sdist(file)
        else:
            raise DataError("it is neither a zip nor a tar file")
    except _DAMAGED as error:
        raise DataError(f"it is damaged or of an unknown kind ({error})") from error


def unpack_tasks(archive: Archive, target: Path) -> UnpackedSize:
    """Write the task folder's files below ``target``, which exists and is empty.

    Raises :class:`DataError` for an archive that is not as it should be, ``OSError`` where the disk objects.
    """
    files = size = 0
    for member in archive.members():
        parts = _safe_parts(member.path)
        # lm-eval's own modules at the top of the folder, which would shadow proctor's faces of them.
        if len(parts) == 1 and parts[0].endswith(".py"):
            continue
        path = target.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        files += 1
        size += _write(member.content, path, MOST_BYTES - size)
        if files > MOST_FILES:
            raise DataError(f"it has more than {MOST_FILES:,} task files")
    if not files:
        raise DataError("there are no task files in it")
    return UnpackedSize(files, size)


def _safe_parts(path: str) -> list[str]:
    parts = path.split("/")
    if _NO_NAME.search(path) or any(part in ("", ".", "..") for part in parts):
        raise DataError(f"the name {path!r} in it leads elsewhere")
    return parts


def _write(content: IO[bytes], path: Path, room: int) -> int:
    """Write one new file, of at most ``room`` bytes whatever the archive says of it."""
    written = 0
    try:
        # "x": an archive may hold a name twice, and the second must not replace what was checked with the first.
        with path.open("xb") as file:
            while chunk := content.read(_CHUNK):
                written += len(chunk)
                # Counted while it is written: sizes in the archive's directory are what its maker claims.
                if written > room:
                    raise DataError(f"its task files are larger than {MOST_BYTES >> 20:,} MB")
                file.write(chunk)
    except FileExistsError:
        raise DataError(f"the file {path.name!r} is in it twice") from None
    return written
