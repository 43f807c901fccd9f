"""``proctor compat``: the hook is written and removed, and what cannot be done is a sentence."""

from __future__ import annotations

import pytest

from proctor.cli.main import main
from proctor.compat import install as hook


@pytest.fixture(autouse=True)
def site_packages(tmp_path, monkeypatch):
    """A folder that stands for site-packages."""
    monkeypatch.setattr(hook, "path_of_hook", lambda: tmp_path / "proctor_compat.pth")


def test_the_command(tmp_path, capsys):
    assert main(["compat", "install"]) == 0
    assert str(tmp_path / "proctor_compat.pth") in capsys.readouterr().out
    assert main(["compat", "uninstall"]) == 0
    assert main(["compat", "nothing"]) == 2


def test_the_file_is_there_after_install_and_gone_after_uninstall(tmp_path, capsys):
    for word, there in (("install", True), ("install", True), ("uninstall", False), ("uninstall", False)):
        assert main(["compat", word]) == 0
        assert (tmp_path / "proctor_compat.pth").exists() is there
    assert capsys.readouterr().out.splitlines()[-1].startswith("There is nothing to remove: ")


def test_without_a_word_what_to_do_is_an_error(capsys):
    assert main(["compat"]) == 2
    assert "what" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(hook, "path_of_hook", lambda: tmp_path / "none" / "x.pth")
    assert main(["compat", "install"]) == 1
    assert "cannot be written" in capsys.readouterr().err
