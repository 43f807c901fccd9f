"""Responses as bytes and back: every bit of a number, every character of a text, and a sum that tells damage."""

# A value is one kind byte, a body of that kind, and a CRC-32 over key and body. The kinds:
#
#   S  a continuation's score: log-probability (float64), whether it is greedy
#   R  a whole text's log-probability (float64)
#   T  a generated text in UTF-8 and nothing more: stores of format 1 hold texts so, and they stay readable
#   G  a generated text with what is known of it: why it ended (a number of FINISHES, from 1; 0: unknown), whether its
#      tokens were counted, three counts (uint32), then the text in UTF-8
#
# Weighed and dropped: JSON (half of a surrogate pair has no UTF-8 in it, numbers lose their bits or their type), a
# column per field (a text is one row of millions, and every column would be NULL for scores), and rewriting the texts
# of format 1 when a store is migrated (a store may be large, and nothing is gained).
#
# Invariant: what pack() wrote is given back equal by unpack() of this and every later version; a number of FINISHES
# never changes its meaning, new reasons are added at the end.

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from zlib import crc32

from proctor.types import (
    Finish,
    Generate,
    Loglikelihood,
    Request,
    Response,
    Rolling,
    RollingScore,
    Scores,
    Text,
    Usage,
)

Part: TypeAlias = "tuple[float, bool] | float | Text"
"""What stands under one key: a continuation's score, a text's log-probability, or a generated text."""

_SCORE = struct.Struct("<cd?")
_ROLLING = struct.Struct("<cd")
_TEXT = struct.Struct("<cB?III")
_SUM = struct.Struct("<I")

FINISHES: tuple[Finish, ...] = ("stop", "length", "filter")


def pack(key: bytes, part: Part) -> bytes:
    """One part of a response as bytes.

    Args:
        key: Where it will be stored; it enters the checksum, so that a value under another key counts as damaged.
        part: A score (nats, greedy), a log-probability in nats, or a text.
    """
    if isinstance(part, tuple):
        body = _SCORE.pack(b"S", part[0], part[1])
    elif isinstance(part, Text):
        body = _pack_text(part)
    else:
        body = _ROLLING.pack(b"R", part)
    return body + _SUM.pack(crc32(body, crc32(key)))


def _pack_text(text: Text) -> bytes:
    finish = 0 if text.finish is None else FINISHES.index(text.finish) + 1
    usage = text.usage or Usage(0, 0, 0)
    head = _TEXT.pack(b"G", finish, text.usage is not None, usage.prompt, usage.cached, usage.new)
    return head + text.text.encode("utf-8", "surrogatepass")


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
            return Text(body[1:].decode("utf-8", "surrogatepass"))
        if kind == b"G":
            return _unpack_text(body)
    except (struct.error, TypeError, IndexError) as error:
        raise ValueError("damaged") from error
    raise ValueError(f"of a kind that is not known: {kind!r}")


def _unpack_text(body: bytes) -> Text:
    _, finish, counted, *tokens = _TEXT.unpack_from(body)
    text = body[_TEXT.size :].decode("utf-8", "surrogatepass")
    return Text(text, FINISHES[finish - 1] if finish else None, Usage(*tokens) if counted else None)


def parts_of(response: Response) -> tuple[Part, ...]:
    """The parts of a response, one per key of its request.

    Args:
        response: The whole response.
    """
    return (response,) if isinstance(response, Text) else response.values


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
    elif isinstance(request, Generate) and isinstance(parts[0], Text):
        return parts[0]
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
