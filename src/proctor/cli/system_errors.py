"""What the system refuses, as a sentence with the path and a remedy.

Rooms that open files say themselves what could not be read or written, and why that matters. What none of
them expected (a name that is too long, a folder that is closed to us, a file system that fails) arrives here:
it is still the machine's word and not a mistake of proctor's, so it is no traceback.
"""

from __future__ import annotations

import errno
import os

from proctor.errors import OutputError, ProctorError, UsageError, error_text

_SHOWN = 120
_REMEDIES = {
    errno.ENAMETOOLONG: "A file name has at most 255 bytes, a path 4,096.",
    errno.EACCES: "Change its permissions, or name another place.",
    errno.EPERM: "Change its permissions, or name another place.",
    errno.EROFS: "Name a place on a disk that can be written.",
    errno.ENOTDIR: "A part of the path is a file: name a folder.",
    errno.EISDIR: "Name a file.",
    errno.ELOOP: "Links lead in a circle: name the file itself.",
    errno.EMFILE: "Raise the limit of open files: ulimit -n 4096.",
    errno.ENOSPC: "Make room, or name a place on another disk.",
    errno.EDQUOT: "Make room, or name a place on another disk.",
}
_MISTAKES = frozenset({errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENOENT, errno.EINVAL})


def system_error(error: OSError) -> ProctorError:
    """The sentence for an error of the system that nobody else has put into words.

    Exit code 2 where the path is a mistake in what was given, 1 where the system fails or refuses.
    """
    # What a user can have mistyped, against what the machine refuses: exit code 2 or 1.
    kind = UsageError if error.errno in _MISTAKES else OutputError
    why = error.strerror or error_text(error) or type(error).__name__
    paths = " and ".join(_shown(path) for path in (error.filename, error.filename2) if path is not None)
    remedy = _REMEDIES.get(error.errno or 0, "LMEVAL_LOG_LEVEL=DEBUG shows where this happened.")
    if not paths and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"What was to be printed or cached has no room: {why}.")
    if not paths:
        return kind(f"The system refuses what was to be read or written: {why}.", hint=remedy)
    return kind(f"{paths} cannot be used: {why}.", hint=remedy)


def _shown(path: str | bytes | int) -> str:
    if isinstance(path, int):
        return f"The open file {path}"
    text = os.fsdecode(path)
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text):,} letters)")
