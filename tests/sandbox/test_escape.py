"""Programs that try to get out. Each layer must hold where it alone stands between them and the machine."""

import json
import logging
import os
import platform
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from proctor.sandbox import run
from proctor.sandbox.run import Outcome, SandboxError, bounds_report, run_programs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")


@pytest.fixture(autouse=True)
def bounds() -> dict[str, str]:
    """What holds on this machine; a test of a layer that is missing here says so."""
    run_programs([""])
    return bounds_report() or {}


def need(bounds: dict[str, str], *layers: str) -> None:
    for layer in layers:
        if bounds[layer] != "in force":
            pytest.skip(f"{layer}: {bounds[layer]}")


def one(program: str, **options) -> Outcome:
    [outcome] = run_programs([program], **options)
    return outcome


@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_a_file_of_the_user_cannot_be_read(tmp_path: Path, bounds, skip):
    need(bounds, "landlock")
    secret = tmp_path / "token"
    secret.write_text("hf_secret")
    assert one(f"open({str(secret)!r}).read()", skip=skip).detail.startswith("PermissionError")
    assert one(f"import os\nos.listdir({str(tmp_path)!r})", skip=skip).detail.startswith("PermissionError")
    assert one("import os\nos.listdir(os.path.expanduser('~root/.cache'))").status == "failed"
    assert one(f"open({__file__!r}).read()", skip=skip).detail.startswith("PermissionError")


def test_the_environment_holds_no_secret(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    program = "import os\nassert 'HF_TOKEN' not in os.environ and 'PATH' not in os.environ, sorted(os.environ)"
    assert one(program).passed
    assert one("open('/proc/self/environ').read()").status == "failed"
    assert one("import os\nopen(f'/proc/{os.getppid()}/environ').read()").status == "failed"


@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_nothing_is_written_outside(tmp_path: Path, bounds, skip):
    need(bounds, "landlock")
    target = tmp_path / "written"
    assert one(f"open({str(target)!r}, 'w').write('x')", skip=skip).status == "failed"
    assert (
        one(f"import os\nos.symlink({str(tmp_path)!r}, 'way')\nopen('way/written', 'w')", skip=skip).status == "failed"
    )
    assert one("open('../written', 'w')", skip=skip).status == "failed"
    assert not target.exists()


def test_its_own_folder_can_be_written_and_is_gone_afterwards():
    program = "import os\nopen('a', 'w').write('x')\nassert open('a').read() == 'x'\nraise KeyError(os.getcwd())"
    for skip in ((), ("namespaces",)):
        folder = (one(program, skip=skip).text or "").strip("'")
        assert folder
        assert not os.path.exists(os.path.join(folder, "a"))
        assert one("import os\nassert os.listdir() == []", skip=skip).passed


def test_a_deep_tree_of_folders_without_rights_is_removed():
    program = "import os\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')\nos.mkdir('e', 0)"
    assert one(program, skip=("namespaces",), seconds=10).passed
    assert one("import os\nassert os.listdir() == []", skip=("namespaces",)).passed


@pytest.mark.parametrize("skip", [(), ("seccomp",), ("namespaces",), ("landlock",)])
def test_a_server_of_this_machine_is_not_reached(bounds, skip):
    need(bounds, "seccomp", "namespaces", "landlock")
    if "seccomp" in skip and os.geteuid() == 0:
        pytest.skip("the superuser is refused without seccomp")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        program = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1).send(b'x')"
        assert one(program, skip=skip).status == "failed"
        with pytest.raises(TimeoutError):
            server.accept()


def test_no_process_is_started(bounds):
    need(bounds, "seccomp")
    for program in (
        "import os\nos.fork()",
        "import subprocess\nsubprocess.run(['true'])",
        "import os\nos.execv('/bin/true', ['true'])",
        "import os\nos.posix_spawn('/bin/true', ['true'], {})",
        "import os\nfor _ in range(200):\n    os.fork()",
        "import multiprocessing as m\nm.get_context('fork').Process(target=print).start()",
    ):
        assert one(program).status == "failed", program


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser is refused")
def test_without_seccomp_the_superuser_is_refused():
    with pytest.raises(SandboxError, match="are not run by the superuser"):
        one("", skip=("seccomp",))


@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_no_other_process_is_signalled(bounds, skip):
    need(bounds, "seccomp")
    for target in ("os.getppid()", "-1", str(os.getpid())):
        assert one(f"import os\nos.kill({target}, 9)", skip=skip).status != "passed"
    assert one("assert True", skip=skip).passed


def test_bombs_of_memory_threads_and_files_are_bounded():
    assert one("x = bytearray(1 << 33)").detail == "MemoryError"
    assert one("x = []\nfor _ in range(200):\n    x.append(bytearray(1 << 24))").detail == "MemoryError"
    threads = (
        "import threading, time\nfor _ in range(1000):\n    threading.Thread(target=time.sleep, args=(60,)).start()"
    )
    assert one(threads).status in ("failed", "timed out", "killed")
    assert one("f = [open('/dev/null') for _ in range(100)]").detail.startswith("OSError")


@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_the_disk_is_not_filled(skip):
    assert one("open('a', 'w').write('x' * (200 << 20))", skip=skip).status != "passed"
    many = "for i in range(400):\n    open(str(i), 'w').write('x' * 1_000_000)"
    assert one(many, skip=skip).status in ("failed", "killed")


def test_an_endless_loop_is_stopped():
    assert one("while True:\n    pass", seconds=0.5).status == "timed out"
    stubborn = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    assert one(stubborn, seconds=0.5).status == "timed out"


def test_output_goes_nowhere():
    assert one("print('x' * 50_000_000)").passed
    assert one("import os\nfor _ in range(1000):\n    os.write(1, b'x' * 65536)").passed
    assert one("import sys\nsys.stdin.read()").status == "failed"
    assert one("input()").status == "failed"


def test_closing_every_line_and_sleeping_is_a_timeout():
    assert one("import os, time\nos.closerange(0, 64)\ntime.sleep(60)", seconds=0.5).status == "timed out"


@pytest.mark.parametrize(
    "program",
    [
        "import sys\nsys.exit(0)",
        "import os\nos._exit(0)",
        "raise SystemExit",
        "import os\nos.abort()",
        "import os\nos.write(3, b'passed\\n')\nos._exit(0)",
        'import os\nos.write(3, b\'{"token": "x"}\\n\')\nos._exit(0)',
        'import os\nos.write(3, b\'{"status": "passed"}\\n\')\nos._exit(0)',
        "import os\nos.write(3, b'[]\\n')\nos._exit(0)",
        "import os\nos.closerange(0, 64)",
        "import os, sys\nos.closerange(0, 64)\nos._exit(0)",
    ],
)
def test_ending_early_is_not_passing(program):
    assert not one(program + "\nassert False").passed


def test_one_program_knows_nothing_of_another():
    first, second = run_programs(
        [
            "import builtins, math\nbuiltins.x = 1\nmath.pi = 3\nopen('a', 'w')",
            "import math, os\nassert math.pi > 3.1 and not os.path.exists('a')\nx",
        ],
        workers=1,
    )
    assert first.passed
    assert second.detail == "NameError: name 'x' is not defined"


def test_a_lost_warden_is_replaced(caplog):
    with run._pool.one(frozenset()) as warden:
        os.kill(warden.process.pid, 9)
        warden.process.wait()
        assert warden.run("", 1, 1 << 30, 1 << 20) is None
    assert one("assert True").passed


def test_what_cannot_be_enforced_is_told_once(caplog, monkeypatch):
    monkeypatch.setattr(run, "_pool", run._Pool())
    with caplog.at_level(logging.WARNING, "proctor"):
        run._pool._tell({"landlock": "no such call"}, frozenset())
        run._pool._tell({"landlock": "no such call"}, frozenset())
    assert len(caplog.records) == 1
    assert "landlock: no such call" in caplog.text
    assert (bounds_report() or {})["landlock"] == "not in force: no such call"
    assert (bounds_report() or {})["seccomp"] == "in force"


OTHER_ARCHITECTURE = platform.machine() != "x86_64"
SYSCALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), 'refused')
"""


@pytest.mark.parametrize("skip", [(), ("namespaces",), ("landlock", "namespaces")])
def test_rights_times_and_attributes_of_files_outside_stay(tmp_path: Path, bounds, skip):
    need(bounds, "seccomp")
    target = tmp_path / "file"
    target.write_text("kept")
    target.chmod(0o600)
    before = target.stat()
    for act in (
        f"os.chmod({str(target)!r}, 0o777)",
        f"os.chmod({str(tmp_path)!r}, 0)",
        f"os.utime({str(target)!r}, (1, 1))",
        f"os.chown({str(target)!r}, 1, 1)",
        f"os.setxattr({str(target)!r}, 'user.x', b'1')",
        f"os.truncate({str(target)!r}, 0)",
        f"os.symlink({str(target)!r}, 'way'); os.chmod('way', 0o777)",
        "os.fchmod(os.open(os.__file__, os.O_RDONLY), 0o777)",
    ):
        outcome = one(f"import os\n{act}", skip=skip)
        assert outcome.status == "failed", act
        assert "PermissionError" in outcome.detail, act
    after = target.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_uid, after.st_size) == (
        *(before.st_mode, before.st_mtime_ns, before.st_uid, before.st_size),
    )


@pytest.mark.parametrize("skip", [(), ("namespaces",), ("landlock", "namespaces")])
def test_no_signal_is_sent_by_way_of_a_ready_file(bounds, skip):
    need(bounds, "seccomp")
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    own = "import fcntl, os, socket, struct\na, b = socket.socketpair()\n"
    arm = "fcntl.fcntl(a, 4, os.O_ASYNC | os.O_NONBLOCK)\nb.send(b'x')"
    try:
        for setting in (
            f"fcntl.fcntl(a, 10, 9)\nfcntl.fcntl(a, 8, {victim.pid})\n{arm}",
            f"fcntl.fcntl(a, 8, {victim.pid})\n{arm}",
            f"fcntl.fcntl(a, 15, struct.pack('ii', 1, {victim.pid}))\n{arm}",
            f"fcntl.ioctl(a, 0x8901, struct.pack('i', {victim.pid}))\n{arm}",
            f"fcntl.ioctl(a, 0x8902, struct.pack('i', {victim.pid}))\n{arm}",
        ):
            outcome = one(own + setting, skip=skip)
            assert outcome.status == "failed", setting
            assert "PermissionError" in outcome.detail, setting
        time.sleep(0.05)
        assert victim.poll() is None
    finally:
        victim.kill()
        victim.wait()


@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_the_memory_and_the_files_of_other_processes_are_out_of_reach(bounds, skip, monkeypatch, tmp_path):
    need(bounds, "seccomp", "landlock")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789")
    secret = tmp_path / "open"
    secret.write_text("x")
    with secret.open():
        for target in (os.getpid(), "os.getppid()", "'self'", 1):
            for name in ("environ", "mem", "maps", "cmdline", "fd", "root/etc/passwd", "task"):
                reading = "os.listdir" if name in ("fd", "task") else "open"
                outcome = one(f"import os\np = {target}\n{reading}(f'/proc/{{p}}/{name}')", skip=skip)
                assert outcome.status == "failed", (target, name)
    assert one("import os\nassert all(n in ('0', '1', '2', '3') for n in map(str, range(64)) if _open(int(n)))"
               .replace("assert", "def _open(n):\n    try:\n        os.fstat(n)\n    except OSError:\n"
                        "        return False\n    return True\nassert"), skip=skip).passed  # fmt: skip


@pytest.mark.skipif(OTHER_ARCHITECTURE, reason="the numbers are those of x86-64")
@pytest.mark.parametrize("skip", [(), ("namespaces",), ("landlock", "namespaces")])
def test_calls_that_reach_into_other_processes_or_the_kernel_are_refused(bounds, skip):
    need(bounds, "seccomp")
    pid = os.getpid()
    for name, call in {
        "ptrace attach": f"101, 16, {pid}, 0, 0",
        "process_vm_readv": f"310, {pid}, 0, 0, 0, 0, 0",
        "pidfd_open": f"434, {pid}, 0",
        "kcmp": f"312, {pid}, {pid}, 0, 0, 0",
        "keyctl": "250, 0, -3, 1",
        "add_key": "248, b'user', b'x', b'y', 1, -3",
        "request_key": "249, b'user', b'x', 0, -3",
        "sched_setaffinity of another": f"203, {pid}, 8, b'1' * 8",
        "prlimit of another": f"302, {pid}, 7, 0, 0",
        "shmget": "29, 0, 4096, 0o1600",
        "memfd_create": "319, b'x', 0",
        "io_uring": "425, 1, b'x' * 128",
        "bpf": "321, 0, 0, 0",
        "userfaultfd": "323, 0",
        "a namespace of its own": "272, 0x10000000",
        "an abstract socket": "41, 1, 1, 0",
        "a file by its handle": "304, 3, 0, 0",
        "the kernel's log": "103, 3, b'x' * 64, 64",
    }.items():
        outcome = one(f"{SYSCALL}\ncall({call})", skip=skip)
        assert outcome.status == "failed", name
        assert "PermissionError" in outcome.detail, (name, outcome.detail)
    # The 32-bit entry of the kernel has other numbers: the first call through it is the last.
    thirty_two = (
        "import ctypes, mmap\nm = mmap.mmap(-1, 4096, prot=7)\nm.write(bytes.fromhex('b814000000cd80c3'))\n"
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))()"
    )
    assert one(thirty_two, skip=skip).status != "passed"


@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_nothing_is_left_for_python_to_load_later(tmp_path, bounds, skip):
    need(bounds, "landlock")
    packages = Path(json.__file__).parent, Path(pytest.__file__).parent.parent, Path(run.__file__).parent
    for folder in packages:
        for name in ("planted.py", "planted.pth", "__pycache__/planted.pyc", "sitecustomize.py"):
            outcome = one(f"open({str(folder / name)!r}, 'w').write('raise SystemExit')", skip=skip)
            assert outcome.status == "failed"
            assert not (folder / name).exists()
    for place in ("/dev/shm/planted", "/tmp/planted", "/var/tmp/planted", "/run/planted"):
        assert one(f"open({place!r}, 'w').write('x')", skip=skip).status == "failed"
        assert not Path(place).exists()
    # Nor does a module of an earlier program shadow one that a later program imports.
    first = "open('random.py', 'w').write('raise SystemExit')\nopen('token.py', 'w').write('raise SystemExit')"
    assert one(first, skip=skip).passed
    assert one("import random, token\nassert '' not in __import__('sys').path", skip=skip).passed


@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_the_harness_cannot_be_imported(bounds, skip):
    need(bounds, "landlock")
    if Path(run.__file__).is_relative_to(sysconfig.get_path("purelib")):
        pytest.skip("proctor is installed among the packages that programs may read")
    assert one("import proctor.store", skip=skip).status == "failed"
