"""Archives that strangers send: they are unpacked below one folder, without links, and not without end."""

from __future__ import annotations

import gc
import io
import lzma
import shutil
import struct
import tarfile
import zipfile

import pytest

from proctor.errors import DataError
from proctor.results import archives


def tar_of(path, **members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            if content is None:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            member.size = len(content or b"")
            tar.addfile(member, io.BytesIO(content or b""))
    return path


def test_members_cannot_leave_the_folder(tmp_path):
    path = tar_of(tmp_path / "x.tar.gz", **{"..__..__results_a.json": b"1", "__etc__results_b.json": b"2"})
    folder = archives.unpack(path)
    names = sorted(str(file.relative_to(folder.path)) for file in folder.path.rglob("*.json"))
    assert names == ["etc/results_b.json", "results_a.json"]


def test_only_files_of_results_are_unpacked(tmp_path):
    path = tar_of(tmp_path / "x.tgz", **{"results_link.json": None, "model.safetensors": b"0", "results_a.json": b"1"})
    folder = archives.unpack(path)
    assert [file.name for file in folder.path.iterdir()] == ["results_a.json"]


def test_samples_of_every_form_are_unpacked(tmp_path):
    names = [f"samples_t_2026-01-02T03-04-05.678901.{end}" for end in ("jsonl", "jsonl.gz", "parquet")]
    folder = archives.unpack(tar_of(tmp_path / "x.tgz", **dict.fromkeys(names, b"1")))
    assert sorted(file.name for file in folder.path.iterdir()) == names


@pytest.mark.parametrize("error", [lzma.LZMAError("damaged"), struct.error("short"), OSError(28, "No space left")])
def test_whatever_is_damaged_is_one_sentence(tmp_path, monkeypatch, error):
    def members(archive):
        raise error

    monkeypatch.setattr(archives, "_members", members)
    with pytest.raises(DataError, match=r"x.tgz cannot be unpacked: .+\.$"):
        archives.unpack(tar_of(tmp_path / "x.tgz", **{"results_a.json": b"1"}))


def test_the_folder_goes_with_its_object(tmp_path):
    folder = archives.unpack(tar_of(tmp_path / "x.tgz", **{"results_a.json": b"1"}))
    path = folder.path
    assert path.exists()
    del folder
    gc.collect()
    assert not path.exists()


def test_an_archive_that_is_none_or_too_large_or_doubled(tmp_path, monkeypatch):
    for name in ("broken.zip", "broken.tar.gz"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 no archive")
        with pytest.raises(DataError, match="cannot be unpacked") as raised:
            archives.unpack(tmp_path / name)
        assert "\n" not in raised.value.message
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        archives.unpack(tmp_path / "folder.zip")
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as packed:
        packed.writestr("results_a.json", "1")
        packed.writestr("./results_a.json", "2")
    with pytest.raises(DataError, match=r"holds the file results_a\.json twice"):
        archives.unpack(tmp_path / "twice.zip")
    monkeypatch.setattr(archives, "LARGEST_UNPACKED", 3)
    with pytest.raises(DataError, match="hold more than"):
        archives.unpack(tar_of(tmp_path / "big.tgz", **{"results_a.json": b"1234"}))
    with pytest.raises(DataError, match="hold more than"):
        archives.unpack(tar_of(tmp_path / "sum.tgz", **{"results_a.json": b"12", "results_b.json": b"34"}))


def zip_of(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "/"), content)
    return path


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """The folder below which is unpacked; whatever is written there is seen."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(archives.tempfile, "tempdir", str(folder))
    written = []
    target = archives._target
    monkeypatch.setattr(archives, "_target", lambda *given: written.append(given) or target(*given))
    return written


def test_an_archive_for_which_the_disk_has_no_room_is_not_unpacked(tmp_path, monkeypatch, temporary):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    members = {"results_a.json": b"1" * 600, "results_b.json": b"1" * 500}
    for path in (zip_of(tmp_path / "x.zip", **members), tar_of(tmp_path / "x.tgz", **members)):
        with pytest.raises(DataError, match=r"nine tenths of the 0 MB that are free in .+tmp, which TMPDIR names\.$"):
            archives.unpack(path)
    # Of the zip file nothing was written; of the tar file its first member.
    assert [name for _, name in temporary] == ["results_a.json"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_no_results_could_be_compressed_to_is_not_unpacked(tmp_path, monkeypatch, temporary):
    bomb = zip_of(tmp_path / "bomb.zip", **{"results_a.json": b"0" * 3_000_000})
    monkeypatch.setattr(archives, "UNSUSPICIOUS", 1_000_000)
    assert archives.MOST_TIMES * bomb.stat().st_size < 3_000_000
    with pytest.raises(DataError, match="500 times as much as itself"):
        archives.unpack(bomb)
    assert temporary == []
    monkeypatch.setattr(archives, "UNSUSPICIOUS", 3_000_000)
    assert len(list(archives.unpack(bomb).path.iterdir())) == 1


def test_a_zip_file_that_says_too_little_gives_no_more_than_it_says(tmp_path):
    path = zip_of(tmp_path / "lie.zip", **{"results_a.json": b"0" * 5000})
    data = path.read_bytes()
    assert data.count(struct.pack("<I", 5000)) == 2
    path.write_bytes(data.replace(struct.pack("<I", 5000), struct.pack("<I", 50)))
    with pytest.raises(DataError, match="cannot be unpacked"):
        archives.unpack(path)
