"""Archives that strangers send: they are unpacked below one folder, without links, and not without end."""

from __future__ import annotations

import gc
import io
import lzma
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
