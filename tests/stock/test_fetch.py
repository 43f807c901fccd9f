"""Getting lm-eval's tasks: what is checked, what is unpacked, and that it is there whole or not at all."""

from __future__ import annotations

import errno
import io
import stat
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from proctor.errors import DataError, MissingExtraError, OutputError, UsageError
from proctor.stock import archive, fetch, installers
from proctor.stock.fetch import fetch_file, fetch_version, remove_versions
from proctor.stock.location import current_version, downloaded_root, downloaded_versions, versions_folder
from proctor.stock.record import read_record

from .conftest import FILES, VERSION, digest, make_sdist, make_wheel

MAKERS = pytest.mark.parametrize("make", [make_wheel, make_sdist])


def remains() -> set[str]:
    """What is in the folder of versions beside the lock."""
    return {entry.name for entry in versions_folder().iterdir()} - {".lock"}


@MAKERS
def test_a_checked_archive_becomes_a_root(make, tmp_path):
    path = make(tmp_path)
    fetched = fetch_file(path, sha256=digest(path).upper())
    root = downloaded_root()
    assert root is not None
    assert (fetched.version, fetched.new, root.version) == (VERSION, True, VERSION)
    unpacked = {file.relative_to(root.path.parents[1]).as_posix() for file in root.path.rglob("*") if file.is_file()}
    engine = {"lm_eval/__init__.py", *(f"lm_eval/tasks/{name}.py" for name in ("__init__", "_index", "manager"))}
    assert unpacked == FILES.keys() - engine
    record = read_record(fetched.folder)
    assert record is not None
    assert (record.sha256, record.archive, record.files) == (digest(path), path.name, len(unpacked))
    assert remains() == {VERSION, "current"}


def test_another_archive_is_refused_and_leaves_nothing(tmp_path):
    path = make_wheel(tmp_path)
    with pytest.raises(DataError) as caught:
        fetch_file(path)
    assert f"its SHA-256 is {digest(path)}. Nothing was unpacked" in caught.value.message
    assert "--sha256" in (caught.value.hint or "")
    with pytest.raises(DataError, match="is not what was expected"):
        fetch_file(path, sha256="0" * 64)
    assert remains() == set()


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "0" * 63, "sha256:" + "0" * 64])
def test_a_digest_that_is_none_is_refused(text, tmp_path):
    with pytest.raises(UsageError, match=r"64 digits|digests"):
        fetch_version(VERSION, sha256=text)


def test_a_version_that_cannot_be_checked_is_not_fetched(monkeypatch):
    monkeypatch.setattr(fetch, "download", lambda *_: pytest.fail("asked an index"))
    with pytest.raises(UsageError) as caught:
        fetch_version("0.3.0")
    assert "cannot be checked" in caught.value.message
    assert "0.4.13" in (caught.value.hint or "")


@pytest.mark.parametrize("version", ["", "--index-url=x", "../up", "1/2", "1 2", "v1", "1" * 99])
def test_a_version_is_no_flag_and_no_path(version):
    with pytest.raises(UsageError, match="is no version"):
        fetch_version(version)


def test_the_version_of_the_archive_must_be_the_one_asked_for(tmp_path):
    path = make_wheel(tmp_path)
    with pytest.raises(DataError, match=f"it is of version {VERSION}, not 1.0"):
        fetch_file(path, version="1.0", sha256=digest(path))
    assert remains() == set()


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(UsageError, match="is no file"):
        fetch_file(tmp_path)


# ---------------------------------------------------------------- hostile archives


def _zip_name(name: str):
    return lambda wheel: wheel.writestr(name, "x")


def _zip_link(wheel: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("lm_eval/tasks/fruit/link.yaml")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    wheel.writestr(info, "/etc/passwd")


def _tar_entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = ""):
    def change(file: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(f"lm_eval-{VERSION}/{name}")
        info.type, info.linkname = kind, link
        file.addfile(info, io.BytesIO() if kind == tarfile.REGTYPE else None)

    return change


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("make", "change", "sentence"),
    [
        (make_wheel, _zip_name("lm_eval/tasks/../../../evil.yaml"), "leads elsewhere"),
        (make_wheel, _zip_name("lm_eval/tasks//etc/evil.yaml"), "leads elsewhere"),
        (make_wheel, _zip_name("lm_eval/tasks/a\\..\\evil.yaml"), "leads elsewhere"),
        (make_wheel, _zip_name("lm_eval/tasks/C:/evil.yaml"), "leads elsewhere"),
        (make_wheel, _zip_name("lm_eval/tasks/./evil.yaml"), "leads elsewhere"),
        (make_wheel, _zip_name("lm_eval/tasks/fruit/apple.yaml"), "is in it twice"),
        (make_wheel, _zip_link, "is no regular file"),
        (make_sdist, _tar_entry("lm_eval/tasks/../../../evil.yaml"), "leads elsewhere"),
        (make_sdist, _tar_entry("lm_eval/tasks/link.yaml", tarfile.SYMTYPE, "/etc/passwd"), "is no regular file"),
        (make_sdist, _tar_entry("lm_eval/tasks/link.yaml", tarfile.LNKTYPE, "../up"), "is no regular file"),
        (make_sdist, _tar_entry("lm_eval/tasks/pipe.yaml", tarfile.FIFOTYPE), "is no regular file"),
    ],
)
def test_a_hostile_archive_is_refused_and_leaves_nothing(make, change, sentence, tmp_path):
    path = make(tmp_path / "given", change=change)
    with pytest.raises(DataError, match=sentence):
        fetch_file(path, sha256=digest(path))
    assert remains() == set()
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    ("bound", "value", "sentence"), [("MOST_BYTES", 300, "are larger than"), ("MOST_FILES", 3, "more than 3")]
)
@MAKERS
def test_an_archive_without_end_is_stopped(make, bound, value, sentence, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, bound, value)
    path = make(tmp_path)
    with pytest.raises(DataError, match=sentence):
        fetch_file(path, sha256=digest(path))
    assert remains() == set()


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"PK\x03\x04" + b"\0" * 50, b"\x1f\x8b\x08\0" + b"\0" * 50],
    ids=["0", "text", "zip", "gz"],
)
def test_what_is_no_archive_is_a_sentence(content, tmp_path):
    path = tmp_path / "lm_eval-1.whl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"lm_eval-1\.whl cannot be used: "):
        fetch_file(path, sha256=digest(path))


@MAKERS
def test_a_damaged_archive_is_a_sentence(make, tmp_path):
    path = make(tmp_path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:100] + bytes(60) + whole[160:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be used"):
            fetch_file(path, sha256=digest(path))
    assert remains() == set()


@pytest.mark.parametrize("make", [make_wheel, make_sdist])
def test_an_archive_without_tasks_is_a_sentence(make, tmp_path):
    path = make(tmp_path, files={"lm_eval/__init__.py": ""})
    with pytest.raises(DataError, match="no task files"):
        fetch_file(path, sha256=digest(path))


def test_a_package_of_another_name_is_a_sentence(tmp_path):
    path = tmp_path / "x.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("other-1.0.dist-info/METADATA", "")
    with pytest.raises(DataError, match="no wheel of lm_eval"):
        fetch_file(path, sha256=digest(path))


# ---------------------------------------------------------------- stopped, twice at once, no room


def test_whoever_is_stopped_leaves_nothing(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)
    write = archive._write

    def stopped(content, target: Path, room: int) -> int:
        if target.name == "pear.yaml":
            raise KeyboardInterrupt
        return write(content, target, room)

    monkeypatch.setattr(archive, "_write", stopped)
    with pytest.raises(KeyboardInterrupt):
        fetch_file(path, sha256=digest(path))
    assert remains() == set()
    assert downloaded_root() is None


def test_what_a_killed_process_left_goes_with_the_next(tmp_path):
    path = make_wheel(tmp_path)
    left = versions_folder() / ".unpacking-killed" / "whole"
    left.mkdir(parents=True)
    assert downloaded_versions() == []
    fetch_file(path, sha256=digest(path))
    assert remains() == {VERSION, "current"}


def test_a_folder_without_its_record_is_no_version(tmp_path):
    (versions_folder() / VERSION / "lm_eval" / "tasks").mkdir(parents=True)
    assert downloaded_versions() == []
    path = make_wheel(tmp_path)
    assert fetch_file(path, sha256=digest(path)).new
    assert downloaded_versions() == [VERSION]


def test_two_at_once_do_so_one_after_the_other(tmp_path):
    path = make_wheel(tmp_path)
    done: list[bool] = []
    with fetch._locked():
        other = threading.Thread(target=lambda: done.append(fetch_file(path, sha256=digest(path)).new))
        other.start()
        other.join(0.2)
        assert done == []
        assert remains() == set()
    other.join()
    assert done == [True]
    assert remains() == {VERSION, "current"}


def test_a_disk_without_room_is_a_sentence_and_nothing_is_left(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive, "_write", full)
    with pytest.raises(OutputError, match=r"There is no room for .*: No space left on device") as caught:
        fetch_file(path, sha256=digest(path))
    assert "PROCTOR_CACHE" in (caught.value.hint or "")
    assert remains() == set()


def test_a_cache_folder_that_cannot_be_is_a_sentence(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PROCTOR_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match="Nothing can be written to"):
        fetch_file(path, sha256=digest(path))


def test_what_is_here_is_used_without_writing_or_asking(tmp_path, monkeypatch):
    path = make_wheel(tmp_path)
    fetch_file(path, sha256=digest(path))
    for name in ("_locked", "download"):
        monkeypatch.setattr(fetch, name, lambda *_: pytest.fail("wrote or asked"))
    assert not fetch_version(VERSION, sha256=digest(path)).new


def test_the_version_got_last_is_used_and_removing_it_leaves_the_other(tmp_path):
    for version in ("1.0", "2.0"):
        path = make_wheel(tmp_path, version)
        fetch_file(path, sha256=digest(path))
    assert (downloaded_versions(), current_version()) == (["1.0", "2.0"], "2.0")
    assert not fetch_version("1.0", sha256=digest(tmp_path / "lm_eval-1.0-py3-none-any.whl")).new
    assert current_version() == "1.0"
    assert remove_versions(["1.0"]) == ["1.0"]
    assert current_version() == "2.0"
    assert remove_versions([]) == ["2.0"]
    assert current_version() is None
    assert remains() == set()
    with pytest.raises(UsageError, match=r"no unpacked version '3\.0'"):
        remove_versions(["3.0"])


# ---------------------------------------------------------------- pip and uv


def local_pip(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip finds packages in a folder alone."""
    for name in [name for name in __import__("os").environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


needs_pip = pytest.mark.skipif(
    next(installers.installers(), None) is None or next(installers.installers()).name != "pip",
    reason="this environment has no pip",
)


@needs_pip
def test_pip_gets_it_by_the_users_own_settings(tmp_path, monkeypatch):
    path = make_wheel(tmp_path / "mirror")
    local_pip(path.parent, monkeypatch)
    assert fetch_version(VERSION, sha256=digest(path)).new
    assert remains() == {VERSION, "current"}
    with pytest.raises(DataError, match=r"pip could not get lm-eval 1\.2\.3"):
        fetch_version("1.2.3", sha256=digest(path))


@needs_pip
def test_what_pip_says_is_quoted_without_secrets(tmp_path, monkeypatch):
    local_pip(tmp_path, monkeypatch)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://me:Passw0rdOfMine@127.0.0.1:9/t0ken4711abcdefgh/simple")
    with pytest.raises(DataError) as caught:
        fetch_version("0.4.13")
    assert "pip could not get lm-eval 0.4.13" in caught.value.message
    assert "127.0.0.1" in caught.value.message
    for secret in ("Passw0rdOfMine", "t0ken4711abcdefgh"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Looking in indexes: https://host/a/simple", "Looking in indexes: https://host/***"),
        ("https://user@host:81/x?y=z, and", "https://host:81/***, and"),
        ("at https://host/", "at https://host"),
        ("exceeded with url: /a/simple/lm-eval/ (x)", "exceeded with url: *** (x)"),
        ("Looking in links: file:///srv/wheels", "Looking in links: file:///srv/wheels"),
    ],
)
def test_addresses_are_cut_to_their_hosts(text, quoted):
    assert installers.quotable(text) == quoted


def test_without_an_installer_the_way_by_hand_is_said(monkeypatch):
    monkeypatch.setattr(installers, "installers", lambda: iter(()))
    with pytest.raises(MissingExtraError, match="Neither pip nor uv") as caught:
        fetch_version("0.4.13")
    assert "--from FILE" in (caught.value.hint or "")


def test_uv_unpacks_what_has_the_digest(tmp_path, monkeypatch):
    """A program that takes uv's words: it has to get the digest, and leaves a package."""
    program = tmp_path / "uv"
    files = tmp_path / "files"
    for name, text in FILES.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_text(text)
    program.write_text(
        "#!/bin/sh\n"
        "while [ $# -gt 0 ]; do\n"
        "  case $1 in --target) target=$2;; --requirements) wanted=$2;; esac; shift\n"
        "done\n"
        f"grep -q '^lm_eval==9.9.9 --hash=sha256:{'a' * 64}$' \"$wanted\" || exit 3\n"
        f'cp -r {files}/lm_eval "$target"\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(installers, "installers", lambda: iter([installers.Installer("uv", (str(program),))]))
    assert fetch_version(VERSION, sha256="a" * 64).new
    root = downloaded_root()
    assert root is not None
    assert not list(root.path.glob("*.py"))
    assert (root.path / "fruit" / "utils.py").is_file()
    with pytest.raises(DataError, match=r"uv could not get lm-eval 9.9.9 \(exit code 3\)"):
        fetch_version(VERSION, sha256="b" * 64)
