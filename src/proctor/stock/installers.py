"""lm-eval's archive by the user's own installer, so that index, proxy, certificates and passwords are theirs.

pip of this environment is asked first, then uv (environments that uv makes have no pip), then
whatever ``pip`` is on the path. Only a wheel is taken from an index, and nothing is installed:
no code of the package runs. What an installer prints is quoted only when it failed, and then
without what may be secret: an address is cut to its host, for tokens stand in paths as well.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from proctor.errors import DataError, MissingExtraError
from proctor.secrets import note, redact_text
from proctor.stock.location import PACKAGE

_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^\s/@\"'<>]*@)?(?P<host>[^\s/\"'<>,;)]*)[^\s\"'<>,;)]*", re.I
)
_BARE_PATH = re.compile(r"(\burl: )\S+")
_LIKE_A_TOKEN = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w.~+=-]{16,}")
_LAST_LINES = 12
_BY_HAND = "Get the wheel elsewhere and say: proctor tasks get --from FILE"


class Installer(NamedTuple):
    """A program that downloads wheels. ``words``: how it is called, up to its own arguments."""

    name: str
    words: tuple[str, ...]


def installers() -> Iterator[Installer]:
    """What there is, in the order to try."""
    if importlib.util.find_spec("pip") is not None:
        yield Installer("pip", (sys.executable, "-m", "pip"))
    uv = shutil.which("uv")
    if uv:
        yield Installer("uv", (uv,))
    pip = shutil.which("pip") or shutil.which("pip3")
    if pip:
        yield Installer("pip", (pip,))


def download(version: str, digests: Sequence[str], folder: Path) -> tuple[Path, str]:
    """Let an installer put lm-eval into the empty ``folder``; what it is now, and the installer's name.

    pip leaves the wheel itself. uv leaves the unpacked package, after it has compared the wheel with
    ``digests``, of which there is at least one. Raises :class:`DataError` with what the installer
    said, :class:`MissingExtraError` where there is none.
    """
    installer = next(installers(), None)
    if installer is None:
        raise MissingExtraError(
            f"Neither pip nor uv is there to get lm-eval {version} with.", hint=f"Install one of them. {_BY_HAND}"
        )
    arguments = _pip_arguments if installer.name == "pip" else _uv_arguments
    _call(installer, arguments(version, digests, folder), f"lm-eval {version}")
    wheels = sorted(folder.glob("*.whl"))
    if wheels:
        return wheels[0], installer.name
    if (folder / PACKAGE).is_dir():
        return folder, installer.name
    raise DataError(f"{installer.name} got no wheel of lm-eval {version}.", hint=_BY_HAND)


def _pip_arguments(version: str, digests: Sequence[str], folder: Path) -> list[str]:
    quiet = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    return ["download", *quiet, "--no-deps", "--only-binary", ":all:", "--dest", str(folder), f"{PACKAGE}=={version}"]


def _uv_arguments(version: str, digests: Sequence[str], folder: Path) -> list[str]:
    # uv cannot keep a wheel; it compares digests itself, if they stand in a file of requirements.
    wanted = folder / "requirements.txt"
    wanted.write_text(" ".join([f"{PACKAGE}=={version}", *(f"--hash=sha256:{one}" for one in digests)]) + "\n")
    quiet = ["--no-progress", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy", "--no-python-downloads"]
    target = ["--python", sys.executable, "--target", str(folder), "--require-hashes", "--requirements", str(wanted)]
    return ["pip", "install", *quiet, *target]


def _call(installer: Installer, arguments: Sequence[str], what: str) -> None:
    command = [*installer.words, *arguments]
    try:
        done = subprocess.run(
            command,
            # An index that wants a password must fail, and not wait for somebody to type one.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise DataError(f"{installer.name} cannot be started: {error.strerror or error}.", hint=_BY_HAND) from error
    if done.returncode:
        # Now, and only now: to ask pip for its settings takes a second, and nothing is quoted of a success.
        _note_index_settings(installer)
        lines = quotable(done.stdout).splitlines()[-_LAST_LINES:]
        said = "".join(f"\n  {line}" for line in lines)
        raise DataError(f"{installer.name} could not get {what} (exit code {done.returncode}):{said}", hint=_hint())


def _hint() -> str:
    return f"The index, the proxy and certificates are those of your own settings. {_BY_HAND}"


def quotable(text: str) -> str:
    """What an installer printed, without secrets, and with no more of an address than its host."""
    text = redact_text(text)
    text = _ADDRESS.sub(lambda match: match[0] if match["scheme"] == "file" else _host_only(match), text)
    return _BARE_PATH.sub(r"\1***", text)


def _host_only(match: re.Match[str]) -> str:
    whole = f"{match['scheme']}://{match['host']}"
    return whole if match[0].rstrip("/") == whole else f"{whole}/***"


def _note_index_settings(installer: Installer) -> None:
    """Remember users, passwords and tokens of the configured addresses, wherever they turn up in a message."""
    texts = [value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_")) or "proxy" in name.lower()]
    if installer.name == "pip":
        command = [*installer.words, "config", "list", "--disable-pip-version-check"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.SubprocessError):
            pass
        else:
            texts.append(done.stdout.decode("utf-8", "replace"))
    for address in re.findall(r"[a-z][a-z0-9+.-]*://[^\s'\"]+", "\n".join(texts), re.I):
        note({"token": _private_parts(address)})


def _private_parts(address: str) -> list[str]:
    """The user, the password, and what looks drawn by lot in the path and the query of an address."""
    try:
        parts = urlsplit(address)
        user, password = parts.username, parts.password
    except ValueError:
        return []
    if parts.scheme == "file":
        return []
    words = re.split(r"[/?&=#]", f"{parts.path}?{parts.query}")
    return [word for word in (user, password, *filter(_LIKE_A_TOKEN.fullmatch, words)) if word]
