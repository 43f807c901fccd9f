"""From a process that may do anything to one that may compute: each layer, and what it could not do.

A layer that the system lacks is left out and reported; a layer that worked when the supervisor tried
it and fails later stops the program before its first line. Only the standard library.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from proctor.sandbox import kernel

LAYERS: Mapping[str, str] = {
    "namespaces": "a process tree, a network and a disk of its own",
    "landlock": "reading nothing but Python and the system's libraries, writing nothing but its own folder",
    "seccomp": "starting no process, opening no connection, signalling no one",
    "limits": "bounded memory, processor time, files",
}
"""What confines a program, and what each layer is for."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one program may use."""

    seconds: float
    memory: int
    disk: int


def _readable() -> list[str]:
    import sysconfig

    library = sysconfig.get_paths()
    shared = os.path.join(sys.base_prefix, "lib")
    own = [library["stdlib"], library["platstdlib"], shared, *(path for path in sys.path if os.path.isdir(path))]
    system = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/lib", "/lib64", "/etc/ld.so.cache"]
    return [*own, *system, "/etc/localtime", "/dev/urandom"]


def confine(folder: str, bounds: Bounds, skip: Collection[str]) -> dict[str, str]:
    """Shut this process in for good. Returns the layers that do not hold, with the reason."""
    missing: dict[str, str] = {}
    readable = _readable()
    _layer(missing, skip, "landlock", lambda: kernel.landlock(readable, [folder], ["/dev/null", "/dev/zero"]))
    if sys.platform == "linux":
        kernel.no_new_privileges()
        kernel.drop_capabilities()
    _layer(missing, skip, "seccomp", kernel.seccomp)
    if "seccomp" in missing and os.geteuid() == 0:
        # No limit on processes holds for the superuser: a program could fork until the machine stands still.
        raise PermissionError(f"without seccomp ({missing['seccomp']}) programs are not run by the superuser")
    # A limit on processes counts threads too, and all of a user's: it stands in for seccomp only.
    _layer(missing, skip, "limits", lambda: _limit(bounds, no_processes="seccomp" in missing))
    return missing


def _layer(missing: dict[str, str], skip: Collection[str], name: str, act: Callable[[], None]) -> None:
    if name in skip:
        missing[name] = "left out"
        return
    try:
        act()
    except (OSError, ValueError) as error:
        missing[name] = str(error)


def _limit(bounds: Bounds, *, no_processes: bool) -> None:
    import resource

    seconds = int(bounds.seconds) + 2
    wanted = {
        "RLIMIT_AS": bounds.memory,
        "RLIMIT_DATA": bounds.memory,
        "RLIMIT_CPU": seconds,
        "RLIMIT_FSIZE": bounds.disk,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_MEMLOCK": 0,
        **({"RLIMIT_NPROC": 0} if no_processes else {}),
    }
    for name, value in wanted.items():
        if hasattr(resource, name):
            _, hard = resource.getrlimit(getattr(resource, name))
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (most, most))
