"""Archives as if they were hostile: what is taken of them, and what ends the unpacking."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest
from stock_packages import VERSION, digest, make_sdist, make_wheel, remains

from proctor.errors import DataError
from proctor.stock import archive
from proctor.stock.fetch import fetch_file

MAKERS = pytest.mark.parametrize("make", [make_wheel, make_sdist])


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
