"""Linux's ways to confine a process, called through ctypes: no package, no helper program.

Only the standard library: the processes of the sandbox load this file and nothing else of ours.
Source of the numbers: the kernel's uapi headers and https://docs.kernel.org/userspace-api/landlock.html.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Sequence

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_PRIVATE, _NOSUID, _NODEV, _NOEXEC = 0x44000, 2, 4, 8
_PDEATHSIG, _SECCOMP, _SUBREAPER, _NO_NEW_PRIVS = 1, 22, 36, 38
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _call(name: str, *arguments: object) -> int:
    function = getattr(_libc, name, None)
    if function is None:
        raise OSError(38, f"this system has no {name}")
    return _checked(function(*arguments))


def _prctl(option: int, *values: int) -> None:
    padded = (*values, 0, 0, 0, 0)[:4]
    _call("prctl", option, *(ctypes.c_ulong(value) for value in padded))


def die_with_parent() -> None:
    """SIGKILL for this process when its parent ends."""
    _prctl(_PDEATHSIG, 9)


def adopt_orphans() -> None:
    """Make descendants whose parents end children of this process."""
    _prctl(_SUBREAPER, 1)


def leave_the_network() -> None:
    """Own namespaces of network (with nothing in it), IPC and mounts, without privileges where need be."""
    uid, gid = os.getuid(), os.getgid()
    own = _NEWNS | _NEWIPC | _NEWNET
    try:
        _call("unshare", _NEWUSER | own)
    except OSError:
        if uid != 0:
            raise
        _call("unshare", own)
    else:
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")
    _call("mount", b"none", b"/", None, ctypes.c_ulong(_PRIVATE), None)


def own_processes_and_disk(folder: str, size: int) -> None:
    """Children get their own process tree, which ends with the first of them; ``folder`` is of bounded size."""
    _call("unshare", _NEWPID | _NEWNS)
    flags = ctypes.c_ulong(_NOSUID | _NODEV | _NOEXEC)
    options = f"size={size},nr_inodes=10000,mode=700".encode()
    _call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", flags, options)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def drop_capabilities() -> None:
    """None left, effective, permitted or inheritable."""
    _call("capset", struct.pack("=Ii", 0x20080522, 0), bytes(24))


def no_new_privileges() -> None:
    """What set-user-id programs could give is not given."""
    _prctl(_NO_NEW_PRIVS, 1)


_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _TRUNCATE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 14
# Remove folders and files, make folders, files and links, move, cut.
_CHANGE = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 13 | _TRUNCATE
_FILES_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_CREATE, _ADD, _RESTRICT = 444, 445, 446


def landlock(readable: Sequence[str], writable: Sequence[str], devices: Sequence[str]) -> None:
    """Nothing of the file system but these folders (``devices``: files to be read and written).

    Newer kernels also refuse TCP, and signals and abstract sockets to processes outside.
    """
    abi = _call("syscall", _CREATE, None, ctypes.c_size_t(0), 1)
    files = (1 << _FILES_BY_ABI.get(abi, 16)) - 1
    attributes = struct.pack("=QQQ", files, 3, 3)[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = _call("syscall", _CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for rights, paths in (
            (_READ_FILE | _READ_DIR, readable),
            (_READ_FILE | _READ_DIR | _WRITE_FILE | _CHANGE, writable),
            (_READ_FILE | _WRITE_FILE, devices),
        ):
            for path in paths:
                _allow(ruleset, rights & files, path)
        no_new_privileges()
        _call("syscall", _RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, rights: int, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there cannot be read either
    try:
        if not os.path.isdir(path):
            rights &= _READ_FILE | _WRITE_FILE
        _call("syscall", _ADD, ruleset, 1, struct.pack("=Qi", rights, descriptor), 0)
    finally:
        os.close(descriptor)


# name: (x86_64, aarch64). What starts, signals, slows or looks into processes, opens sockets, mounts,
# keeps memory that no limit counts, or speaks to the kernel past these filters; and rights, times and
# locks of files, which Landlock does not guard.
_REFUSED = """
    fork 57 - | vfork 58 - | execve 59 221 | execveat 322 281 | kill 62 129 | tkill 200 130
    rt_sigqueueinfo 129 138 | rt_tgsigqueueinfo 297 240 | pidfd_send_signal 424 424 | pidfd_open 434 434
    pidfd_getfd 438 438 | ptrace 101 117 | process_vm_readv 310 270 | process_vm_writev 311 271
    socket 41 198 | connect 42 203 | bind 49 200 | sendmsg 46 211 | sendmmsg 307 269
    mount 165 40 | umount2 166 39 | pivot_root 155 41 | chroot 161 51 | unshare 272 97 | setns 308 268
    open_tree 428 428 | move_mount 429 429 | fsopen 430 430 | fsconfig 431 431 | fsmount 432 432 | fspick 433 433
    mount_setattr 442 442 | io_uring_setup 425 425 | io_uring_enter 426 426 | io_uring_register 427 427
    bpf 321 280 | perf_event_open 298 241 | userfaultfd 323 282 | keyctl 250 219 | add_key 248 217
    request_key 249 218 | shmget 29 194 | msgget 68 186 | semget 64 190 | mq_open 240 180
    memfd_create 319 279 | memfd_secret 447 447 | name_to_handle_at 303 264 | open_by_handle_at 304 265
    init_module 175 105 | finit_module 313 273 | delete_module 176 106 | kexec_load 246 104 | reboot 169 142
    swapon 167 224 | personality 135 92 | setpriority 141 140 | landlock_restrict_self 446 446
    chmod 90 - | fchmod 91 52 | fchmodat 268 53 | fchmodat2 452 452 | chown 92 - | fchown 93 55 | lchown 94 -
    fchownat 260 54 | utime 132 - | utimes 235 - | futimesat 261 - | utimensat 280 88 | truncate 76 45
    setxattr 188 5 | lsetxattr 189 6 | fsetxattr 190 7 | removexattr 197 14 | lremovexattr 198 15
    fremovexattr 199 16 | setxattrat 463 463 | removexattrat 466 466 | file_setattr 469 469
    sched_setaffinity 203 122 | sched_setscheduler 144 119 | sched_setparam 142 118 | sched_setattr 314 274
    ioprio_set 251 30 | migrate_pages 256 238 | move_pages 279 239 | process_madvise 440 440
    process_mrelease 448 448 | kcmp 312 272 | modify_ldt 154 - | syslog 103 116
    inotify_init 253 - | inotify_init1 294 26 | fanotify_init 300 262
"""
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_SPECIAL = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "tgkill": (234, 131),
    "prlimit64": (302, 261),
    "sendto": (44, 206),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
}
# A file that is ready may send any signal to any process of the user's: F_SETOWN, F_SETSIG, F_SETOWN_EX,
# FIOSETOWN, SIOCSPGRP. F_SETLEASE and F_NOTIFY hold up or watch others. What TIOCSTI and TIOCLINUX tell a
# terminal, it does.
_REFUSED_ORDERS = {"fcntl": (8, 10, 15, 1024, 1026), "ioctl": (0x8901, 0x8902, 0x5412, 0x541C)}
# A program may name its threads and ask what holds for it; it may not outlive its guard (PR_SET_PDEATHSIG), adopt
# processes or hide from /proc: PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP,
# PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_SET_VMA.
_ALLOWED_PRCTL = (2, 3, 15, 16, 21, 23, 39, 0x53564D41)
_LOAD, _EQUAL, _GREATER, _BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOWED, _KILL, _EPERM, _ENOSYS, _THREAD = 0x7FFF0000, 0x80000000, 0x50001, 0x50026, 0x10000


def seccomp() -> None:
    """No new processes, no sockets, no signals to others, no mounts: those calls fail with EPERM.

    Threads are allowed, and sockets that are made in pairs, which event loops wake themselves with.
    """
    if platform.machine() not in _MACHINES or struct.calcsize("P") != 8:
        raise OSError(38, f"no list of system calls for {platform.machine()}")
    filters = b"".join(_filters(*_MACHINES[platform.machine()]))
    buffer = ctypes.create_string_buffer(filters, len(filters))
    program = struct.pack("@HP", len(filters) // 8, ctypes.addressof(buffer))
    no_new_privileges()
    _call("prctl", _SECCOMP, ctypes.c_ulong(2), program, ctypes.c_ulong(0), ctypes.c_ulong(0))


def _filters(column: int, machine: int) -> list[bytes]:
    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    def first_argument(name: str, code: int, value: int) -> list[bytes]:
        """Allowed if the first argument passes the test, else refused."""
        test = step(code, value, 1, 0)
        refuse, allow = step(_RETURN, _EPERM), step(_RETURN, _ALLOWED)
        return [step(_EQUAL, _SPECIAL[name][column], 0, 4), step(_LOAD, 16), test, refuse, allow]

    filters = [step(_LOAD, 4), step(_EQUAL, machine, 1, 0), step(_RETURN, _KILL), step(_LOAD, 0)]
    if column == 0:  # the x32 calls have numbers of their own
        filters += [step(_GREATER, 0x40000000, 0, 1), step(_RETURN, _KILL)]
    for entry in _REFUSED.replace("\n", "|").split("|"):
        number = entry.split()[1 + column] if entry.strip() else "-"
        if number != "-":
            filters += [step(_EQUAL, int(number), 0, 1), step(_RETURN, _EPERM)]
    filters += [step(_EQUAL, _SPECIAL["clone3"][column], 0, 1), step(_RETURN, _ENOSYS)]
    filters += first_argument("clone", _BITS, _THREAD)
    filters += first_argument("tgkill", _EQUAL, os.getpid())
    filters += first_argument("prlimit64", _EQUAL, 0)
    for name, orders in _REFUSED_ORDERS.items():
        # Tests of the second argument; each that holds jumps to the refusal behind them.
        filters += [step(_EQUAL, _SPECIAL[name][column], 0, len(orders) + 3), step(_LOAD, 24)]
        filters += [step(_EQUAL, order, len(orders) - place, 0) for place, order in enumerate(orders)]
        filters += [step(_RETURN, _ALLOWED), step(_RETURN, _EPERM)]
    # prctl: each test of the first argument that holds jumps to the permission behind the refusal.
    filters += [step(_EQUAL, _SPECIAL["prctl"][column], 0, len(_ALLOWED_PRCTL) + 3), step(_LOAD, 16)]
    filters += [step(_EQUAL, one, len(_ALLOWED_PRCTL) - place, 0) for place, one in enumerate(_ALLOWED_PRCTL)]
    filters += [step(_RETURN, _EPERM), step(_RETURN, _ALLOWED)]
    # sendto with an address, its fifth argument, which is 64 bits wide
    filters += [step(_EQUAL, _SPECIAL["sendto"][column], 0, 5), step(_LOAD, 48), step(_EQUAL, 0, 0, 2)]
    filters += [step(_LOAD, 52), step(_EQUAL, 0, 1, 0), step(_RETURN, _EPERM)]
    return [*filters, step(_RETURN, _ALLOWED)]
