"""Names that say of a value that it is a secret: of settings, of headers and parameters, of variables.

A name is cut into its words (``X-Amz-Signature``, ``apiKey``, ``DB_PASS``), because parts of words say nothing:
``author`` and ``passage`` are no secrets, ``auth`` and ``pass`` are. Some words say it whatever stands below
them; others are harmless often enough (``pass``, ``key``) that the value must not look harmless.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STRONG_WORDS = frozenset(
    [
        "secret",
        "secrets",
        "password",
        "passwd",
        "passphrase",
        "authorization",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "bearer",
        "apikey",
        "accesskey",
        "secretkey",
        "privatekey",
        "accountkey",
        "signature",
        "webhook",
        "pwd",
        "userpwd",
        "authtoken",
        "accesstoken",
    ]
)
_STRONG_PAIRS = frozenset(
    [
        "api key",
        "access key",
        "secret key",
        "private key",
        "account key",
        "subscription key",
        "signing key",
        "encryption key",
        "shared key",
        "master key",
        "license key",
        "client secret",
        "connection string",
        "conn string",
        "connection str",
        "conn str",
        "security token",
        "access token",
        "auth token",
        "api token",
        "hub token",
        "hf token",
        "huggingface token",
        "bearer token",
        "refresh token",
        "session token",
        "github token",
        "id token",
        "csrf token",
        "deploy token",
        "bot token",
        "personal token",
        "amz credential",
        "storage key",
        "function key",
        "service key",
        "app key",
        "consumer key",
        *(
            f"{vendor} key"
            for vendor in ("openai", "anthropic", "azure", "gemini", "mistral", "cohere", "wandb", "groq")
        ),
    ]
)
_STRONG_ENDS = re.compile(
    r"\w+(?:password|passwd|passphrase|apikey|apitoken|authtoken|accesstoken|apisecret)|apitoken"
).fullmatch
# Words that are as often harmless ("auth: basic", "pass: 5"): their value must not look harmless, too.
_WEAK_WORDS = frozenset(["auth", "pass", "pat", "sas", "dsn", "sig"])
# "token_count", "password_file": what stands there is about a secret and none itself.
_HARMLESS_TAILS = frozenset(
    [
        "type",
        "method",
        "scheme",
        "mode",
        "enabled",
        "required",
        "count",
        "counts",
        "limit",
        "size",
        "length",
        "len",
        "len",
        "max",
        "min",
        "url",
        "uri",
        "host",
        "port",
        "path",
        "file",
        "dir",
        "folder",
        "name",
        "names",
        "class",
        "id",
        "ids",
        "index",
        "field",
        "column",
        "ratio",
        "rate",
        "version",
        "timeout",
        "expiry",
        "expires",
        "sock",
        "socket",
        "parallelism",
        "bytes",
        "per",
        "num",
        "number",
        "rank",
        "k",
        "at",
        "algorithm",
        "header",
    ]
)
# `xyz_token` names a word of a tokenizer, or a secret that does not look like one.
# "eos_token: </s>" stands in results files; "hub_token: hf_..." must not.
_WORD_OF_A_TOKENIZER = re.compile(
    r"(?:\w+[_-])?(?:bos|eos|pad|unk|sep|cls|mask|eot|end|begin|start|stop|image|audio|video|special|additional|prefix|"
    r"suffix|extra|first|last|next|fim|tool|think|thinking|word|separator|decoder_start|max|min|per|new)[_-]token",
    re.IGNORECASE,
)
_SPECIAL_WORD = re.compile(r".{0,7}|.*[\s<>\[\]|{}].*", re.DOTALL)
# Under a "key" alone: sixteen letters and digits or more, both present, without a space.
_DRAWN_BY_LOT = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_.~+/=-]{16,}")
_HARMLESS_VALUE = re.compile(r"(?i)\s*|true|false|none|null|yes|no|on|off|basic|bearer|digest|[-+\d.e%]{1,11}|\*{3}")


def _words(name: str) -> list[str]:
    words: list[str] = _WORDS.findall(name)
    return " ".join(words).lower().split()


@lru_cache(maxsize=4096)
def weight(name: Any) -> str:
    """What a name says: "strong", "weak" or ""; "token" and "key" of those that only their value decides."""
    if not isinstance(name, str):
        return ""
    words = _words(name)
    if not words or len(name) > 200:
        return ""
    pairs = set(map(" ".join, pairwise(words)))
    harmless = words[-1] in _HARMLESS_TAILS and words[-1] not in ("id",)
    if any(map(_STRONG_ENDS, words)) and not harmless:
        return "strong"
    if words == ["token"] or ((pairs & _STRONG_PAIRS or _STRONG_WORDS.intersection(words)) and not harmless):
        return "strong"
    if "webhook" in words and words[-1] in ("url", "uri"):
        return "strong"
    if harmless:
        return ""
    if words[-1] in _WEAK_WORDS or words[0] in ("auth", "sas", "dsn"):
        return "weak"
    return words[-1] if words[-1] in ("token", "key") else "token" if words[0] == "token" and len(words) == 2 else ""


def is_secret_key(key: Any) -> bool:
    """Whether what stands under ``key`` must not be shown, whatever it is."""
    return isinstance(key, str) and weight(key) == "strong"


def is_secret(key: Any, value: Any) -> bool:
    """``token: true`` asks for the stored token and tells nothing; a container under such a key tells all."""
    if value is None or isinstance(value, bool) or not isinstance(key, str):
        return False
    if isinstance(value, (Mapping, list, tuple)) and not value:
        return False
    kind = weight(key)
    if not kind:
        return False
    if not isinstance(value, str):
        return kind == "strong" or (kind == "weak" and isinstance(value, (Mapping, list, tuple)))
    if kind in ("strong", "weak"):
        harmless = _HARMLESS_VALUE.fullmatch(value) is not None
        return not harmless or (kind == "strong" and value.strip(" 01").isdecimal())
    if kind == "token":
        return _WORD_OF_A_TOKENIZER.fullmatch(key) is None and _SPECIAL_WORD.fullmatch(value) is None
    return _DRAWN_BY_LOT.fullmatch(value) is not None


_VARIABLE_WORDS = frozenset(
    [
        "TOKEN",
        "TOKENS",
        "SECRET",
        "SECRETS",
        "PASS",
        "PASSWORD",
        "PASSWD",
        "PWD",
        "PASSPHRASE",
        "CREDENTIAL",
        "CREDENTIALS",
        "PAT",
        "AUTH",
        "SAS",
        "DSN",
        "COOKIE",
        "BEARER",
        "WEBHOOK",
        "SIGNATURE",
        "APIKEY",
        "KEY",
    ]
)
_PASSWORD_ENDS = ("PASSWORD", "PASSWD", "PASS", "PWD", "PASSPHRASE", "TOKEN", "SECRET", "APIKEY", "WEBHOOK")
_NO_SECRET_ENDS = frozenset(
    [
        "SOCK",
        "FILE",
        "PATH",
        "DIR",
        "HOME",
        "TYPE",
        "METHOD",
        "MODE",
        "NAME",
        "USER",
        "HOST",
        "PORT",
        "TIMEOUT",
        "LIMIT",
        "COUNT",
        "LENGTH",
        "SIZE",
        "MAX",
        "ENABLED",
        "PARALLELISM",
        "VERSION",
        "REGION",
        "PROVIDER",
    ]
)
# PWD is the working directory: to hide it would hide most paths of most messages.
_NO_SECRET_VARIABLES = frozenset({"PWD", "OLDPWD", "BYPASS", "COMPASS", "GIT_ASKPASS", "SSH_ASKPASS", "SUDO_ASKPASS"})


@lru_cache(maxsize=4096)
def is_secret_variable(name: str, value: str) -> bool:
    """Whether a variable of the environment says by its name that it holds a secret, and has one that can be hidden.

    A value of fewer than six letters, or a short number, would be hidden in the middle of other words.
    """
    upper = name.upper()
    words = upper.split("_")
    if upper in _NO_SECRET_VARIABLES or words[-1] in _NO_SECRET_ENDS:
        return False
    certain = words[-1].endswith(_PASSWORD_ENDS) and not words[-1].endswith("ASKPASS")
    if not certain and not _VARIABLE_WORDS.intersection(words) and "CONNECTION_STRING" not in upper:
        return False
    if len(value) < (6 if certain else 8) or (value.isdecimal() and len(value) < 12):
        return False
    if _HARMLESS_VALUE.fullmatch(value):
        return False
    # A path to a file with a secret in it is none itself, and stands in many messages.
    return not (value.startswith("/") and os.path.exists(value))
