"""Programs that try to get out. Each layer must hold where it alone stands between them and the machine."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from sandboxed import LINUX, need, one

from proctor.sandbox import run


@LINUX
@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_a_file_of_the_user_cannot_be_read(tmp_path: Path, bounds, skip):
    need(bounds, "landlock")
    secret = tmp_path / "token"
    secret.write_text("hf_secret")
    assert one(f"open({str(secret)!r}).read()", skip=skip).detail.startswith("PermissionError")
    assert one(f"import os\nos.listdir({str(tmp_path)!r})", skip=skip).detail.startswith("PermissionError")
    assert one("import os\nos.listdir(os.path.expanduser('~root/.cache'))").status == "failed"
    assert one(f"open({__file__!r}).read()", skip=skip).detail.startswith("PermissionError")


@LINUX
def test_the_environment_holds_no_secret(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    program = "import os\nassert 'HF_TOKEN' not in os.environ and 'PATH' not in os.environ, sorted(os.environ)"
    assert one(program).passed
    assert one("open('/proc/self/environ').read()").status == "failed"
    assert one("import os\nopen(f'/proc/{os.getppid()}/environ').read()").status == "failed"


@LINUX
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


@LINUX
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


@LINUX
@pytest.mark.parametrize("skip", [(), ("namespaces",)])
def test_no_other_process_is_signalled(bounds, skip):
    need(bounds, "seccomp")
    for target in ("os.getppid()", "-1", str(os.getpid())):
        assert one(f"import os\nos.kill({target}, 9)", skip=skip).status != "passed"
    assert one("assert True", skip=skip).passed


@LINUX
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


@LINUX
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


@LINUX
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
