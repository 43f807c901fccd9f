"""Getting lm-eval by the user's own installer, whose words are quoted without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from stock_packages import FILES, VERSION, digest, make_wheel, remains

from proctor.errors import DataError, MissingExtraError
from proctor.stock import installers
from proctor.stock.fetch import fetch_version
from proctor.stock.location import downloaded_root

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
