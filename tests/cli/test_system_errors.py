"""What the system refuses is a sentence with the path and a remedy, and an exit code."""

from __future__ import annotations

import errno
import os

import pytest

from proctor.cli.system_errors import system_error


@pytest.mark.parametrize(
    ("number", "code", "hint"),
    [
        (errno.ENAMETOOLONG, 2, "A file name has at most 255 bytes, a path 4,096."),
        (errno.ENOTDIR, 2, "A part of the path is a file: name a folder."),
        (errno.EISDIR, 2, "Name a file."),
        (errno.EACCES, 1, "Change its permissions, or name another place."),
        (errno.EROFS, 1, "Name a place on a disk that can be written."),
        (errno.ENOSPC, 1, "Make room, or name a place on another disk."),
        (errno.EIO, 1, "LMEVAL_LOG_LEVEL=DEBUG shows where this happened."),
    ],
)
def test_a_mistake_and_a_refusal_have_different_codes(number, code, hint):
    error = system_error(OSError(number, os.strerror(number), "/a/path"))
    assert error.message == f"'/a/path' cannot be used: {os.strerror(number)}."
    assert (error.exit_code, error.hint) == (code, hint)


def test_both_paths_of_a_move_are_named_and_long_ones_shortened():
    error = system_error(OSError(errno.EXDEV, "Invalid cross-device link", "a", None, b"b\xff"))
    assert error.message.startswith("'a' and 'b\\udcff' cannot be used: ")
    long = system_error(OSError(errno.ENAMETOOLONG, "File name too long", "x" * 5000))
    assert f"'{'x' * 120}... (5,000 letters)'" in long.message
    assert system_error(OSError(errno.EIO, "Input/output error", 7)).message.startswith("The open file 7 cannot be")


def test_an_error_without_a_path():
    assert system_error(OSError(errno.EIO, "Input/output error")).message == (
        "The system refuses what was to be read or written: Input/output error."
    )
    full = system_error(OSError(errno.ENOSPC, "No space left on device"))
    assert full.message == "What was to be printed or cached has no room: No space left on device."
    assert full.exit_code == 1
    assert "OSError" in system_error(OSError()).message
