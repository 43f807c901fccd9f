"""Archives of results: their files are unpacked into a temporary folder, under names that they cannot choose freely."""

# An archive comes by mail or from a colleague, so it is not trusted: a member can be named ../../.bashrc, can be a
# link to /etc/passwd, or can unpack to terabytes. So nothing is extracted by the archive's own means. Regular members
# whose names look like results or samples are copied one by one, below a new folder, with a limit on all bytes
# together; everything else is left where it is.

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
    left = LARGEST_UNPACKED
    try:
        for name, stream in _members(archive):
            with _target(folder.path, name).open("xb") as target:
                left -= _copy(stream, target, left)
    except FileExistsError as error:
        member = os.path.relpath(error.filename, folder.path)
        raise DataError(f"{archive} holds the file {member} twice.") from error
    except (*_DAMAGE, RuntimeError) as error:
        # RuntimeError: a zip file with a password. Of a file that is no tar file, a line for each way of packing.
        reason = str(error).splitlines()[0].removesuffix(":") if str(error) else type(error).__name__
        raise DataError(f"{archive} cannot be unpacked: {reason}.") from error
    return folder


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                if not entry.is_dir() and _WANTED.fullmatch(entry.filename):
                    with opened.open(entry) as stream:
                        yield entry.filename, stream
        return
    with tarfile.open(archive) as packed:
        for member in packed:
            stream = packed.extractfile(member) if member.isreg() and _WANTED.fullmatch(member.name) else None
            if stream is not None:
                yield member.name, stream


def _target(folder: Path, name: str) -> Path:
    """Where a member goes: below ``folder`` whatever its name is."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", ".", "..")]
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _copy(source: IO[bytes], target: IO[bytes], most: int) -> int:
    count = 0
    while block := source.read(MB):
        count += len(block)
        if count > most:
            raise ValueError(f"its files hold more than {LARGEST_UNPACKED // MB:,} MB")
        target.write(block)
    return count
