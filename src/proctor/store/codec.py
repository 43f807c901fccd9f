"""Answers as bytes and back: every bit of a number, every character of a text, and a sum that tells damage."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from zlib import crc32

from proctor.types import Generate, Loglikelihood, Request, Response, Rolling, RollingScore, Scores, Text

Part: TypeAlias = "tuple[float, bool] | float | str"
"""What stands under one key: a continuation's score, a text's log-probability, or a generated text."""

_SCORE = struct.Struct("<cd?")
_ROLLING = struct.Struct("<cd")
_SUM = struct.Struct("<I")


def pack(key: bytes, part: Part) -> bytes:
    """One part of a response as bytes.

    Args:
        key: Where it will be stored; it enters the checksum, so that a value under another key counts as damaged.
        part: A score (nats, greedy), a log-probability in nats, or a text.
    """
    if isinstance(part, tuple):
        body = _SCORE.pack(b"S", part[0], part[1])
    elif isinstance(part, str):
        body = b"T" + part.encode("utf-8", "surrogatepass")
    else:
        body = _ROLLING.pack(b"R", part)
    return body + _SUM.pack(crc32(body, crc32(key)))


def unpack(key: bytes, value: bytes) -> Part:
    """The part again, equal in every bit.

    Args:
        key: Where the value was stored.
        value: What :func:`pack` made.

    Raises:
        ValueError: The bytes are not what was stored under ``key``.
    """
    if not isinstance(value, bytes):  # a damaged row can come out as a number
        raise ValueError("damaged")
    body = value[:-4]
    kind = body[:1]
    try:
        if _SUM.unpack(value[-4:])[0] != crc32(body, crc32(key)):
            raise ValueError("damaged")
        if kind == b"S":
            _, logprob, greedy = _SCORE.unpack(body)
            return logprob, greedy
        if kind == b"R":
            return _ROLLING.unpack(body)[1]
        if kind == b"T":
            return body[1:].decode("utf-8", "surrogatepass")
    except (struct.error, TypeError) as error:
        raise ValueError("damaged") from error
    raise ValueError(f"of a kind that is not known: {kind!r}")


def parts_of(response: Response) -> tuple[Part, ...]:
    """The parts of a response, one per key of its request.

    Args:
        response: The whole response.
    """
    if isinstance(response, Scores):
        return response.values
    return (response.logprob,) if isinstance(response, RollingScore) else (response.text,)


def join(request: Request, parts: Sequence[Part]) -> Response:
    """The response to a request from its parts.

    Args:
        request: The request.
        parts: All its parts, in the order of its keys.

    Raises:
        ValueError: The parts are not of its kind.
    """
    if isinstance(request, Loglikelihood):
        scores = tuple(part for part in parts if isinstance(part, tuple))
        if len(scores) == len(parts):
            return Scores(scores)
    elif isinstance(request, Rolling) and isinstance(parts[0], float):
        return RollingScore(parts[0])
    elif isinstance(request, Generate) and isinstance(parts[0], str):
        return Text(parts[0])
    raise ValueError("of another kind than the request")


def assemble(keys: Sequence[bytes], stored: Mapping[bytes, bytes]) -> list[Part | None]:
    """What is stored of each part.

    Args:
        keys: The keys of a request.
        stored: Packed values by key.

    Returns:
        Per key the part, or None where nothing undamaged is stored.
    """
    parts: list[Part | None] = []
    for key in keys:
        value = stored.get(key)
        try:
            parts.append(None if value is None else unpack(key, value))
        except ValueError:
            parts.append(None)
    return parts
