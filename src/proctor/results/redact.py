"""Secrets stay out of result files: they are read, copied and published.

lm-eval merges ``--model_args`` into every task's metadata and so writes tokens and headers
down once per task.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from proctor.refs import Ref

HIDDEN = "***"

_STRONG = (
    r"api[_-]?key|access[_-]key(?:[_-]id)?|secret[_-]key|subscription[_-]key|client[_-]secret"
    r"|(?:hf|hub|huggingface|auth|access|api|bearer|refresh|session|github)[_-]token"
)
_WEAK = r"token|secret|password|passwd|passphrase"
_SECRET_KEY = re.compile(
    rf"(?:\w+[_-])?(?:{_STRONG}|authorization|secret|password)"
    rf"|{_WEAK}|authorization|cookie|credentials?|private[_-]key",
    re.IGNORECASE,
)
# `eos_token` and `key` are harmless names, unless what they hold looks drawn by lot.
_DOUBTFUL_KEY = re.compile(r"(?:\w+[_-])?(?:token|key)", re.IGNORECASE)
_DRAWN_BY_LOT = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_.~+/=-]{16,}")
_SECRET_VARIABLE = re.compile(r"(?:^|_)(?:TOKEN|API_?KEY|SECRET|PASSWORD|SECRET_KEY|ACCESS_KEY)$", re.IGNORECASE)

_KNOWN_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"hf_(?:(?=[a-z]*[0-9A-Z])[A-Za-z0-9]{6,}|[A-Za-z0-9]{16,})"
    r"|sk-(?:(?=[a-z_-]*[0-9A-Z])[A-Za-z0-9_-]{8,}|[A-Za-z0-9_-]{16,})"
    r"|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*"
    r")"
)
# "Basic Traditional Chinese Medicine" is a subject: what follows must look drawn by lot.
_BEARER = re.compile(r"\b(Bearer|Basic)(\s+)(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)")
_NAMED = rf"(?P<name>(?<![A-Za-z0-9])(?:{_STRONG}|authorization|(?<![_-])(?:{_WEAK}))[\"']?\s*"
_SCHEME = r"(?P<scheme>(?:(?:Bearer|Basic|Token)\s+)?)"
# Quoted: in JSON, in headers and in program text. Bare: in `key=value` lists and in headers.
_QUOTED = re.compile(rf"{_NAMED}[=:]\s*[\"']){_SCHEME}(?P<value>[^\"'\n]{{6,}})(?=[\"'])", re.IGNORECASE)
_BARE = re.compile(
    rf"{_NAMED}(?:=|(?<!token)(?<!secret)(?<!password)(?<!passwd)(?<!passphrase):)\s*){_SCHEME}"
    r"(?P<value>[^\s\"',;&{\[(<$][^\s\"',;&]*)",
    re.IGNORECASE,
)
_LITERAL = frozenset({"true", "false", "none", "null", "0", "1", HIDDEN})


def redact(value: Any, *, source: Callable[[Any], str] | None = None) -> Any:
    """A copy of ``value`` with secrets replaced by ``***``.

    Hidden are values under keys such as ``token`` or ``api_key``, and text of known shapes.
    ``source`` turns functions into text; program text is searched for known shapes only.
    """
    known = _environment_secrets()
    return _walk(value, known, source, ())


def redact_text(text: str) -> str:
    """A text without the secrets that can be recognised in it."""
    return _hide(text, _environment_secrets(), assigned=True)


def is_secret_key(key: Any) -> bool:
    """Whether what stands under ``key`` must not be shown."""
    return isinstance(key, str) and _SECRET_KEY.fullmatch(key.strip()) is not None


def _walk(value: Any, known: tuple[str, ...], source: Callable[[Any], str] | None, above: tuple[int, ...]) -> Any:
    if isinstance(value, str):
        return _hide(value, known, assigned=True)
    if isinstance(value, bytes):
        return _hide(str(value), known, assigned=True)
    if isinstance(value, (Mapping, list, tuple)):
        if id(value) in above:
            return "..."
        within = (*above, id(value))
        if isinstance(value, Mapping):
            return {
                key: HIDDEN if _is_secret(key, item) else _walk(item, known, source, within)
                for key, item in value.items()
            }
        return [_walk(item, known, source, within) for item in value]
    if source is not None and (callable(value) or isinstance(value, Ref)):
        return _hide(source(value), known, assigned=False)
    return value


def _is_secret(key: Any, value: Any) -> bool:
    """``token: true`` asks for the stored token and tells nothing; a container under such a key tells all."""
    if value is None or isinstance(value, bool) or (isinstance(value, (Mapping, list, tuple)) and not value):
        return False
    if not isinstance(value, str):
        return is_secret_key(key)
    if is_secret_key(key):
        return bool(value) and value.lower() not in _LITERAL
    return (
        isinstance(key, str) and _DOUBTFUL_KEY.fullmatch(key) is not None and _DRAWN_BY_LOT.fullmatch(value) is not None
    )


def _hide(text: str, known: tuple[str, ...], *, assigned: bool) -> str:
    for secret in known:
        if secret in text:
            text = text.replace(secret, HIDDEN)
    text = _KNOWN_SHAPES.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1\2{HIDDEN}", text)
    text = _IN_ADDRESS.sub(HIDDEN, text)
    text = _QUOTED.sub(_hide_value, text)
    return _BARE.sub(_hide_value, text) if assigned else text


def _hide_value(match: re.Match[str]) -> str:
    if match["value"].lower() in _LITERAL:
        return match[0]
    return f"{match['name']}{match['scheme']}{HIDDEN}"


def _environment_secrets() -> tuple[str, ...]:
    return _secrets_of(tuple(item for item in os.environ.items() if _SECRET_VARIABLE.search(item[0])))


@functools.lru_cache(maxsize=8)
def _secrets_of(variables: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(sorted({value for _, value in variables if len(value) >= 12}, key=len, reverse=True))
