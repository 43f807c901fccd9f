"""Secrets: how they are recognised, and how a text is shown without them.

Two ways meet here. What the user gave as a secret, under whatever key, is remembered as long as the process
lives (:func:`note`) and hidden wherever it turns up, whatever it looks like and however it is quoted. And text
is searched for what secrets look like (``token=...``, ``hf_...``, ``Bearer ...``, passwords in addresses).
What has a structure is parsed first and hidden value by value (:func:`proctor.results.redact.redact`), and
quoted last: once ``it'sSECRET`` is quoted for a shell or in JSON, no pattern finds its end.

The borders are errors (each redacts its own sentence), the log, the files of a run, and the store. Documents
and answers are not searched, so nothing here is called per document.
"""

# A text on its way out
# ---------------------
#   known secrets (given, or in the environment), in every form in which they may be quoted
#     -> SUSPECT: one search that most texts do not pass          (messages, log lines and cells are many)
#     -> shapes: hf_..., sk-..., keys in PEM                      hidden wherever they stand
#     -> Bearer, addresses with passwords, webhooks, parameters, cookies, flags
#     -> name=value and "name": "value", where the name says so   (proctor.secret_names)
#     -> sentences of other programs                              (proctor.secret_prose; messages only)
#
# The order matters: what is found whole is hidden before patterns that would find a part of it. The longest known
# secret goes first, for one may contain another.
#
# Both errors cost: a secret that stays is published, a score or a word that is hidden makes a result useless. So names
# decide first, and values where a name is ambiguous ("key", "token").

from __future__ import annotations

import base64
import functools
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from proctor.secret_names import is_secret, is_secret_key, is_secret_variable
from proctor.secret_prose import hide_in_prose

HIDDEN = "***"
LITERAL = frozenset({"true", "false", "none", "null", "yes", "no", "0", "1", HIDDEN, ""})

_KNOWN_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"hf_(?:(?=[a-z]*[0-9A-Z])[A-Za-z0-9]{6,}|[A-Za-z0-9]{16,})"
    r"|sk-(?:(?=[a-z_-]*[0-9A-Z])[A-Za-z0-9_-]{8,}|[A-Za-z0-9_-]{16,})"
    r"|gh[opsur]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}"
    r")|-{4,5} ?BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}.*?"
    r"(?:-{4,5} ?END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)? ?-{4,5}|\Z)",
    re.DOTALL,
)
# "Basic Traditional Chinese Medicine" is a subject: what follows must look drawn by lot.
_BEARER = re.compile(
    r"\b(Bearer|Basic)(\s+)(?![\w.-]+=[^=\s])(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE
)
# `user:password@`, in which a password may hold `@` and `/` though it should not; a name alone, which may be a token.
_IN_ADDRESS = re.compile(
    r"(?<=://)(?P<user>[^\s/@:?#\"'<>]{0,200}):(?!\d+(?:[/\s\"'?#]|$))(?P<password>[^\s\"'<>]{1,500})(?=@)"
    r"|(?<=://)(?!git@)(?P<token>[^\s/:?#\"'<>]{1,500})(?=@)"
)
_WEBHOOK = re.compile(
    r"(?i)(?<=://)(hooks\.slack\.com/\w+/|(?:\w+\.)?discord(?:app)?\.com/api/webhooks/"
    r"|[\w.-]+\.webhook\.office\.com/\w+/)[^\s\"'<>]+"
)
# One parameter of an address or of a connection string: `?sig=...`, `&X-Amz-Signature=...`, `;AccountKey=...`.
_PARAMETER = re.compile(r"(?P<head>[?&;](?P<name>[\w.-]{1,60})=)(?P<value>[^\s&;\"'<>]+)")
_SHORT_PARAMETERS = frozenset({"sig", "code", "key", "auth", "sas", "hash", "st"})
_SCHEME = r"(?P<scheme>(?:(?:Bearer|Basic|Token)\s+)?)"
# Quoted: in JSON, in headers and in program text. Bare: in `key=value` lists and in headers.
_QUOTED = re.compile(
    rf"(?P<head>(?<![A-Za-z0-9])(?P<name>[A-Za-z][\w.-]{{0,60}})[\"']?\s*[=:]\s*[bBrRuU]{{0,2}}(?P<quote>[\"'])){_SCHEME}"
    r"(?P<value>(?:\\.|(?!(?P=quote))[^\\\n])*)",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?P<head>(?<![A-Za-z0-9])(?P<name>[A-Za-z][\w.-]{{0,60}})[\"']?\s*(?P<sign>[=:])\s*){_SCHEME}"
    r"(?P<value>[^\s,;&{\[(<$\"'][^\s,;&]*(?:,[^\s,;&=:]+(?=$|[,\s\"']))*)",
    re.IGNORECASE,
)
# What other programs write without a sign of assignment: a header of cookies, a line of .netrc, a flag.
_IN_WORDS = re.compile(
    r"(?P<cookie>(?i:\b(?:set-)?cookie:\s*[\w.-]{1,60}=))[^\s;\"']+"
    r"|(?P<netrc>\blogin\s+\S{1,200}\s+password\s+)\S+"
    r"|(?P<flag>(?<!\S)--(?P<name>[A-Za-z][\w-]{0,60})\s+)(?P<value>[^\s\"'-]\S*)"
)
_AFTER_COLON = re.compile(r"(?i)(?:.*[_-])?(?:authorization|(?:api|access|secret|private|subscription)[_-]?key)")
# Most texts hold nothing of all this, which one search tells.
SUSPECT = re.compile(
    rf"{_KNOWN_SHAPES.pattern}|(?i:tok|key|secret|pass|pwd|auth|cookie|cred|bearer|basic|webhook|conn|sig|dsn|sas|pat)"
    r"|://|[?&;]\w+=",
    re.DOTALL,
)

_given: set[str] = set()


def note(value: Any) -> None:
    """Remember the secrets in what a user gave: a mapping, a list, or a text such as a flag's value."""
    for secret in _secrets_in(value):
        # A short number would be hidden in the middle of other numbers.
        if len(secret) >= (12 if secret.isdecimal() else 6) and secret.lower() not in LITERAL:
            _given.add(secret)


def remember(secret: str) -> None:
    """Remember a text as a secret, whatever its name and form.

    Args:
        secret: The text; fewer than six characters are not hidden, since they stand in other words.
    """
    if len(secret) >= 6:
        _given.add(secret)


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _secrets_in_text(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item) if is_secret(key, item) else _secrets_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _secrets_in(item)


def _secrets_in_text(text: str) -> Iterator[str]:
    for match in _IN_ADDRESS.finditer(text):
        secret = match["password"] or match["token"]
        yield from (secret, unquote(secret))
    for match in (*_QUOTED.finditer(text), *_BARE.finditer(text)):
        if is_secret(match["name"], match["value"]):
            yield match["value"]
            yield from match["value"].split(",")[1:]  # what a comma cut off


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _leaves(item)
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        # Numbers, too: a password of digits is read as an int by YAML.
        yield str(value)
        # "Bearer abc" is hidden whole, and abc by itself; of an address its password too.
        yield from str(value).split()[1:]
        yield from _secrets_in_text(str(value))


def redact_text(text: str) -> str:
    """A text such as a message without the secrets that can be recognised in it."""
    return hide_in_prose(hide(text, known_secrets(), assigned=True), HIDDEN)


def hide_shapes(text: str, known: re.Pattern[str] | None) -> str:
    """A prompt without ``known`` and what can be nothing but a secret; ``Token: x`` in it is its text."""
    if known is not None:
        text = known.sub(HIDDEN, text)
    return _KNOWN_SHAPES.sub(HIDDEN, text)


def hide(text: str, known: re.Pattern[str] | None, *, assigned: bool) -> str:
    """``text`` without ``known`` and without what looks like a secret; ``assigned``: in ``key=value`` too."""
    if known is not None:
        text = known.sub(HIDDEN, text)
    if SUSPECT.search(text) is None:
        return text
    text = _KNOWN_SHAPES.sub(HIDDEN, text)
    text = _BEARER.sub(rf"\1\2{HIDDEN}", text)
    if "://" in text:
        text = _WEBHOOK.sub(rf"\1{HIDDEN}", _IN_ADDRESS.sub(HIDDEN, text))
    text = _PARAMETER.sub(_hide_parameter, text)
    text = _IN_WORDS.sub(_hide_in_words, text)
    text = _QUOTED.sub(_hide_value, text)
    return _BARE.sub(_hide_bare, text) if assigned else text


def _hide_parameter(match: re.Match[str]) -> str:
    name, value = match["name"].lower(), match["value"]
    secret = is_secret(name, value) or (name in _SHORT_PARAMETERS and len(value) >= 8)
    return f"{match['head']}{HIDDEN}" if secret and value.lower() not in LITERAL else match[0]


def _hide_value(match: re.Match[str]) -> str:
    value = match["value"]
    if value.lower() in LITERAL or not is_secret(match["name"], value):
        return match[0]
    return f"{match['head']}{match['scheme']}{HIDDEN}"


def _hide_in_words(match: re.Match[str]) -> str:
    if match["flag"] and not is_secret(match["name"], match["value"]):
        return match[0]
    return f"{match['cookie'] or match['netrc'] or match['flag']}{HIDDEN}"


def _hide_bare(match: re.Match[str]) -> str:
    # "Bad token: it ended" is prose; "authorization: abc" is a header.
    if match["sign"] == ":" and _AFTER_COLON.fullmatch(match["name"]) is None:
        return match[0]
    return _hide_value(match)


def known_secrets() -> re.Pattern[str] | None:
    """What finds the secrets that the user gave or that the environment holds, the longest first."""
    # The whole environment is the cache's key: a variable may be set at any time, by --env_file for one.
    return _finder(tuple(os.environb.items()), frozenset(_given))


@functools.lru_cache(maxsize=8)
def _finder(environment: tuple[tuple[bytes, bytes], ...], given: frozenset[str]) -> re.Pattern[str] | None:
    variables = [(os.fsdecode(name), os.fsdecode(value)) for name, value in environment]
    values = {value for name, value in variables if is_secret_variable(name, value)}
    values |= {secret for _, value in variables if "://" in value for secret in _secrets_in(value) if len(secret) >= 6}
    forms = {form for secret in values | given for form in _forms(secret)}
    if not forms:
        return None
    return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, and as it stands in JSON, in Python, in an address, in base64 and in a shell's command."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="", errors="surrogateescape")
    yield quote(secret, errors="surrogateescape")
    yield quote_plus(secret, errors="surrogateescape")
    yield base64.b64encode(secret.encode("utf-8", "surrogateescape")).decode("ascii").rstrip("=")
    yield secret.replace("'", "'\"'\"'")


__all__ = [
    "HIDDEN",
    "SUSPECT",
    "hide",
    "hide_shapes",
    "is_secret",
    "is_secret_key",
    "known_secrets",
    "note",
    "redact_text",
]
