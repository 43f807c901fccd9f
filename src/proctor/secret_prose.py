"""Secrets in sentences and commands of other programs: what a task's exception quotes.

``password: X``, ``Password is 'X'``, ``curl -u me:X``, ``<password>X</password>``: no sign of assignment, and any
word may follow a colon. So a value is one that ends its clause, stands in quotes, or looks like no word. Only messages
are searched for these; what a task file says is no message.
"""

from __future__ import annotations

import re
from functools import cache

from proctor.secret_names import is_secret, weight

_HINTS = "[a-z]{0,20}[_ -]"
_PASSWORD = (
    rf"(?:(?:{_HINTS})?(?:password|passwd|passphrase|passcode|pwd|secret|credentials?)|passwort|contraseña|mot de passe"
    r"|(?:api|access|secret|private|auth|account)[_ -]?key|비밀번호|암호|인증\s?키|비밀\s?키|파스워드|패스워드)"
)
_TOKEN = rf"(?:(?:{_HINTS})?token|토큰|sig|signature|pat|sas)"
_SIGN = r"\s{0,3}(?::|->|=>)\s{1,8}"
_LIKE_NO_WORD = r"(?=[^\s,;\"']{0,200}\d)(?=[^\s,;\"']{0,200}[A-Za-z])"
_VALUE = r"[^\s,;\"'{}<>*]"
_COMMON = r"(?!(?:required|missing|invalid|expected|wrong|incorrect|empty|none|null|denied|failed|unknown|\w+ed)\b)"
_QUOTED_AFTER = r"(?:\s{1,3}(?:is|was|by))?\s{0,3}(?::|->|=>)?\s{1,3}[\"'`]"
_ENDS = r"(?=[.,;)\]]*(?:\s*\Z|[ \t]*\n|[,;]\s))"
_IN_PROSE = (
    rf"(?P<head>(?<![\w-]){_PASSWORD}{_SIGN})(?:{_COMMON}{_VALUE}{{4,200}}?{_ENDS}|{_LIKE_NO_WORD}{_VALUE}{{6,200}})"
    rf"|(?P<token>(?<![\w-]){_TOKEN}(?:{_SIGN}|\s{{1,3}}is\s{{1,3}})){_LIKE_NO_WORD}[\w.~+/=-]{{8,500}}"
    rf"|(?P<quoted>(?<![\w-])(?:{_PASSWORD}|identified by){_QUOTED_AFTER})[^\"'`\n{{}}*]{{4,200}}(?=[\"'`])"
    r"|(?P<user>(?<!\S)(?:-u|-U|--user|--proxy-user)[ =]?[\"']?[^\s:\"']{1,100}:)(?!\d+(?:\s|\Z))[^\s\"'/][^\s\"']*"
    r"|(?P<command>\bsshpass\s{1,3}-p\s{0,3}|\b(?:mysql|mysqldump|mariadb)\s(?:[^\n]{0,200}?\s)?-p(?=\S))\S+"
    rf"|(?P<element><(?:\w{{1,20}}:)?{_PASSWORD}>)[^<>\n{{}}]{{1,500}}(?=</)"
    r"|(?P<pair>\bauth\s{0,3}=\s{0,3}[(\[]\s{0,3}(?P<first>[\"'])[^\"'\n]{0,200}(?P=first)\s{0,3},\s{0,3}[\"'])[^\"'\n]+"
)
# `AWS_SECRET_ACCESS_KEY wJalr...`, `Authorization Bearer 0a1b...`: a name, blanks, and what no word looks like. Digits
# and letters must alternate within one part of the value: `Qwen2.5-7B` and `requirements2023` are words of a sentence.
_AFTER_BLANKS = (
    r"(?P<head>(?<![\w-])(?P<name>(?:(?:api|access|secret|private|account|auth)[ ])?[A-Za-z][\w-]{2,60})"
    r"[ \t]{1,8}(?:(?:is|was|to|bearer|basic|token)[ \t]{1,8}){0,2})"
    r"(?P<value>(?=[\w.~+/=-]{0,200}?(?:[A-Za-z]\d{1,40}[A-Za-z]|\d[A-Za-z]{1,40}\d))[A-Za-z0-9][\w.~+/=-]{15,500})"
    r"(?![\w(:])"
)
_HEADS = ("head", "token", "quoted", "user", "command", "element", "pair")
_SUSPECT = re.compile(
    r"(?i)pass|pwd|secret|cred|key|tok|sig|pat|sas|auth|identified|contrase|mysql|mariadb|(?<!\S)--?(?:u|proxy)"
    r"|비밀|암호|인증|워드|토큰"
)


@cache
def _in_prose() -> re.Pattern[str]:
    """The pattern; to compile it takes longer than to load most modules, and few commands meet such a sentence."""
    return re.compile(_IN_PROSE, re.IGNORECASE)


@cache
def _after_blanks() -> re.Pattern[str]:
    return re.compile(_AFTER_BLANKS, re.IGNORECASE)


def _hide_after_blanks(match: re.Match[str], hidden: str) -> str:
    # "key" alone, in "the key 0a1b...", is too often that of a row.
    secret = weight(match["name"]) in ("strong", "weak", "token") and is_secret(match["name"], match["value"])
    return match["head"] + hidden if secret else match[0]


def hide_in_prose(text: str, hidden: str) -> str:
    """``text`` with ``hidden`` in the place of what its sentences and commands say is a password, a key or a token."""
    if _SUSPECT.search(text) is None:
        return text
    text = _in_prose().sub(lambda match: next(match[name] for name in _HEADS if match[name]) + hidden, text)
    return _after_blanks().sub(lambda match: _hide_after_blanks(match, hidden), text)
