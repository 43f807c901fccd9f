"""SHA-256 of lm-eval's archives on PyPI: what is unpacked is what was published, whichever server it came from."""

from __future__ import annotations

from collections.abc import Mapping

DIGESTS: Mapping[str, tuple[str, str]] = {
    "5daaa1973bf874005f64f28d3834b875f6886f0d6475878e6a6c821994a5286a": ("0.4.13", "wheel"),
    "f592269f21a5e173d7993ae01267f61fc84be393cee1f51779e3e104a70c967e": ("0.4.13", "sdist"),
    "02971ff68284dd14cfa7fce9310a58452c4162e8d413ba96aa7988a0ff9352ef": ("0.4.12", "wheel"),
    "9c9945475a715558649a38ffcb90f46e7bd23a849524a5e838f249161b030517": ("0.4.11", "wheel"),
    "e9e52d44d95cdc62ca92b449d53197148d34aadad0ba949e4e68a77c8dcd3c23": ("0.4.10", "wheel"),
}
"""Digest -> version, and kind of archive."""


def known_digests(version: str) -> tuple[str, ...]:
    """The digests of a version's archives, wheels first; empty for a version that is not known."""
    return tuple(digest for digest, (known, _) in DIGESTS.items() if known == version)


def known_versions() -> tuple[str, ...]:
    """Versions with known digests, the newest first."""
    return tuple(dict.fromkeys(version for version, _ in DIGESTS.values()))
