"""Archives of results: their files are unpacked into a temporary folder, under names that they cannot choose freely."""

# An archive comes by mail or from a colleague, so it is not trusted: a member can be named ../../.bashrc, can be a
# link to /etc/passwd, or can unpack to terabytes. So nothing is extracted by the archive's own means. Regular members
# whose names look like results or samples are copied one by one, below a new folder, with a limit on all bytes
# together; everything else is left where it is.
#
# The limit is the smallest of three: a number of bytes, what the disk has free, and how far any results could be
# compressed. What an archive says of its sizes is compared with it first, of a zip file before anything is written, of
# a tar file before each member, as it says no more at its beginning.

from __future__ import annotations

import lzma
import os
import re
import shutil
import struct
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from proctor.errors import DataError
from proctor.files import MB, not_a_file

ENDINGS = (".zip", ".tar.gz", ".tgz", ".tar")
LARGEST_UNPACKED = 32_768 * MB
"""Bytes of all members of an archive that are unpacked."""
MOST_TIMES = 500
"""How many times larger than the archive they may be: few-shot prompts, all alike, become up to 100 times smaller."""
UNSUSPICIOUS = 1_024 * MB
"""Bytes that may be unpacked of however small an archive."""
_WANTED = re.compile(r".+\.((json|jsonl)(\.gz)?|parquet)")
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
)


def is_archive(path: Path) -> bool:
    """Whether a file's name is that of an archive.

    Args:
        path: The file.
    """
    return path.name.lower().endswith(ENDINGS)


class UnpackedFolder:
    """A temporary folder that is removed when nothing refers to this object, at the latest when the process ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="proctor-results-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def unpack(archive: Path) -> UnpackedFolder:
    """The results and samples files of an archive.

    Args:
        archive: A zip or tar file.

    Raises:
        DataError: It cannot be read, or holds too much.
    """
    if kind := not_a_file(archive):
        raise DataError(f"{archive} is {kind}, not a file.")
    folder = UnpackedFolder()
    try:
        _copy_members(archive, folder.path)
    except FileExistsError as error:
        member = os.path.relpath(error.filename, folder.path)
        raise DataError(f"{archive} holds the file {member} twice.") from error
    except (*_DAMAGE, RuntimeError) as error:
        # RuntimeError: a zip file with a password. Of a file that is no tar file, a line for each way of packing.
        reason = str(error).splitlines()[0].removesuffix(":") if str(error) else type(error).__name__
        raise DataError(f"{archive} cannot be unpacked: {reason}.") from error
    return folder


def _copy_members(archive: Path, folder: Path) -> None:
    left, reason = _limit(archive, folder)
    if _announced(archive) > left:
        raise ValueError(reason)
    for name, size, stream in _members(archive):
        if size > left:
            raise ValueError(reason)
        with _target(folder, name).open("xb") as target:
            # No member has more bytes than it says: both formats are read up to there.
            shutil.copyfileobj(stream, target, MB)
        left -= size


def _limit(archive: Path, folder: Path) -> tuple[int, str]:
    """How many bytes may be unpacked, and what is wrong with an archive that has more."""
    size, free = archive.stat().st_size, shutil.disk_usage(folder).free
    ratio, room = max(UNSUSPICIOUS, MOST_TIMES * size), free * 9 // 10
    limits = {
        LARGEST_UNPACKED: f"its files hold more than {LARGEST_UNPACKED // MB:,} MB",
        ratio: f"its files hold more than {MOST_TIMES} times as much as itself, as no results do",
        room: f"its files hold more than nine tenths of the {free // MB:,} MB that are free in {folder.parent}, which"
        " TMPDIR names",
    }
    return min(limits.items())


def _members(archive: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, bytes and content of each member that is wanted."""
    if _is_zip(archive):
        with zipfile.ZipFile(archive) as opened:
            for entry in _wanted_entries(opened):
                with opened.open(entry) as stream:
                    yield entry.filename, entry.file_size, stream
        return
    with tarfile.open(archive) as packed:
        for member in packed:
            stream = packed.extractfile(member) if member.isreg() and _WANTED.fullmatch(member.name) else None
            if stream is not None:
                yield member.name, member.size, stream


def _announced(archive: Path) -> int:
    """Bytes of all members of a zip file together; of a tar file 0, as it does not say."""
    if not _is_zip(archive):
        return 0
    with zipfile.ZipFile(archive) as opened:
        return sum(entry.file_size for entry in _wanted_entries(opened))


def _is_zip(archive: Path) -> bool:
    return archive.name.lower().endswith(".zip")


def _wanted_entries(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [one for one in opened.infolist() if not one.is_dir() and _WANTED.fullmatch(one.filename)]


def _target(folder: Path, name: str) -> Path:
    """Where a member goes: below ``folder`` whatever its name is."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", ".", "..")]
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
