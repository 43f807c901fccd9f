"""Responses as bytes and back: every bit of a number, every character of a text, and a sum that tells damage."""

# A value is one kind byte, a body of that kind, and a CRC-32 over key and body. The kinds:
#
#   S  a continuation's score: log-probability (float64), whether it is greedy
#   N  the same with the number of its tokens (uint32)
#   R  a whole text's log-probability (float64)
#   T  a generated text in UTF-8 and nothing more: stores of format 1 hold texts so, and they stay readable
#   G  a generated text with what is known of it: why it ended (a number of FINISHES, from 1; 0: unknown), whether its
#      tokens were counted, three counts (uint32), then the text in UTF-8
#   C  a choice: the fields of G without the text, the route (a number of ROUTES), the probability of all labels (NaN:
#      not known), the number of labels with a log-probability (0: not known), for each a float64 and whether it was
#      unseen, then the reply in UTF-8. What was chosen is not in it: it is read from the rest again
#   H, D  G and C with five counts: reasoning and written tokens, where a model counts some
#
# Weighed and dropped: JSON (half of a surrogate pair has no UTF-8 in it, numbers lose their bits or their type), a
# column per field (a text is one row of millions, and every column would be NULL for scores), and rewriting the texts
# of format 1 when a store is migrated (a store may be large, and nothing is gained).
#
# Invariant: what pack() wrote is given back equal by unpack() of this and every later version; a number of FINISHES
# or of ROUTES never changes its meaning, new ones are added at the end.

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias
from zlib import crc32

from proctor.answers import read_choice
from proctor.types import (
    Choice,
    ChoiceRoute,
    Choose,
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

Part: TypeAlias = "tuple[float, bool] | tuple[float, bool, int] | float | Text | Choice"
"""What stands under one key: a continuation's score, where they are known with its tokens; a text's log-probability, a
generated text, or a choice."""

_SCORE = struct.Struct("<cd?")
_COUNTED_SCORE = struct.Struct("<cd?I")
_ROLLING = struct.Struct("<cd")
_TEXT = struct.Struct("<cB?III")
_CHOICE = struct.Struct("<BdH")
_LABEL = struct.Struct("<d?")
_COUNTED_TEXT = struct.Struct("<cB?IIIII")
_COUNTED = {b"G": b"H", b"C": b"D"}
_SUM = struct.Struct("<I")

FINISHES: tuple[Finish, ...] = ("stop", "length", "filter")
ROUTES: tuple[ChoiceRoute, ...] = ("letters", "constrained", "text")


def pack(key: bytes, part: Part) -> bytes:
    """One part of a response as bytes.

    Args:
        key: Where it will be stored; it enters the checksum, so that a value under another key counts as damaged.
        part: A score (nats, greedy, tokens where known), a log-probability in nats, a text, or a choice.
    """
    if isinstance(part, tuple):
        body = _SCORE.pack(b"S", *part) if len(part) == 2 else _COUNTED_SCORE.pack(b"N", *part)
    elif isinstance(part, Text):
        body = _pack_head(b"G", part) + _encoded(part.text)
    elif isinstance(part, Choice):
        body = _pack_choice(part)
    else:
        body = _ROLLING.pack(b"R", part)
    return body + _SUM.pack(crc32(body, crc32(key)))


def pack_response(keys: Sequence[bytes], response: Response) -> list[tuple[bytes, bytes]]:
    """A response as rows of the store, without what is NaN.

    Args:
        keys: Those of its request.
        response: The whole response.
    """
    if isinstance(response, Scores) and response.tokens is not None:
        return _pack_counted(keys, response.values, response.tokens)
    parts = parts_of(response)
    return [(key, pack(key, part)) for key, part in zip(keys, parts, strict=False) if not _is_nan(part)]


def _pack_counted(
    keys: Sequence[bytes], values: Sequence[tuple[float, bool]], tokens: Sequence[int]
) -> list[tuple[bytes, bytes]]:
    """What :func:`pack` gives for each continuation, in one loop: nearly all that a run stores."""
    rows: list[tuple[bytes, bytes]] = []
    for key, ((logprob, greedy), count) in zip(keys, zip(values, tokens, strict=True), strict=False):
        if logprob == logprob:
            body = _COUNTED_SCORE.pack(b"N", logprob, greedy, count)
            rows.append((key, body + _SUM.pack(crc32(body, crc32(key)))))
    return rows


def _is_nan(part: Part) -> bool:
    number = part[0] if isinstance(part, tuple) else part
    return number != number


def _pack_head(kind: bytes, part: Text | Choice) -> bytes:
    finish = 0 if part.finish is None else FINISHES.index(part.finish) + 1
    usage = part.usage or Usage(0, 0, 0)
    counts = (usage.prompt, usage.cached, usage.new)
    if usage.reasoning or usage.written:
        return _COUNTED_TEXT.pack(_COUNTED[kind], finish, True, *counts, usage.reasoning, usage.written)
    return _TEXT.pack(kind, finish, part.usage is not None, *counts)


def _pack_choice(choice: Choice) -> bytes:
    logprobs = choice.logprobs or ()
    mass = math.nan if choice.label_mass is None else choice.label_mass
    labels = b"".join([_LABEL.pack(logprob, at in choice.unseen) for at, logprob in enumerate(logprobs)])
    about = _CHOICE.pack(ROUTES.index(choice.route), mass, len(logprobs))
    return _pack_head(b"C", choice) + about + labels + _encoded(choice.text)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


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
        if kind == b"N":
            _, logprob, greedy, tokens = _COUNTED_SCORE.unpack(body)
            return logprob, greedy, tokens
        if kind == b"R":
            return _ROLLING.unpack(body)[1]
        if kind == b"T":
            return Text(body[1:].decode("utf-8", "surrogatepass"))
        if kind in (b"G", b"H"):
            return _unpack_text(body)
        if kind in (b"C", b"D"):
            return _unpack_choice(body)
    except (struct.error, TypeError, IndexError) as error:
        raise ValueError("damaged") from error
    raise ValueError(f"of a kind that is not known: {kind!r}")


def _head_of(body: bytes) -> struct.Struct:
    return _COUNTED_TEXT if body[:1] in _COUNTED.values() else _TEXT


def _unpack_head(body: bytes) -> tuple[Finish | None, Usage | None]:
    _, finish, counted, *tokens = _head_of(body).unpack_from(body)
    return FINISHES[finish - 1] if finish else None, Usage(*tokens) if counted else None


def _unpack_text(body: bytes) -> Text:
    return Text(body[_head_of(body).size :].decode("utf-8", "surrogatepass"), *_unpack_head(body))


def _unpack_choice(body: bytes) -> Choice:
    """A choice that is not read yet: what was picked is for :func:`join`, which knows the request."""
    finish, usage = _unpack_head(body)
    size = _head_of(body).size
    route, mass, count = _CHOICE.unpack_from(body, size)
    start = size + _CHOICE.size
    labels = [_LABEL.unpack_from(body, start + at * _LABEL.size) for at in range(count)]
    return Choice(
        None,
        "",
        ROUTES[route],
        body[start + count * _LABEL.size :].decode("utf-8", "surrogatepass"),
        finish,
        usage,
        tuple([logprob for logprob, _ in labels]) or None,
        tuple([at for at, (_, unseen) in enumerate(labels) if unseen]),
        None if math.isnan(mass) else mass,
    )


def parts_of(response: Response) -> tuple[Part, ...]:
    """The parts of a response, one per key of its request.

    Args:
        response: The whole response.
    """
    if isinstance(response, Scores) and response.tokens is not None:
        return tuple([(*pair, count) for pair, count in zip(response.values, response.tokens, strict=True)])
    return (response,) if isinstance(response, (Text, Choice)) else response.values


def join(request: Request, parts: Sequence[Part]) -> Response:
    """The response to a request from its parts.

    Args:
        request: The request.
        parts: All its parts, in the order of its keys.

    Raises:
        ValueError: The parts are not of its kind.
    """
    if isinstance(request, Loglikelihood):
        scores = [part for part in parts if isinstance(part, tuple)]
        if len(scores) == len(parts):
            counts = [part[2] for part in scores if len(part) == 3]
            tokens = tuple(counts) if len(counts) == len(scores) else None
            return Scores(tuple([(part[0], part[1]) for part in scores]), tokens)
    elif isinstance(request, Rolling) and isinstance(parts[0], float):
        return RollingScore(parts[0])
    elif isinstance(request, Generate) and isinstance(parts[0], Text):
        return parts[0]
    elif isinstance(request, Choose) and isinstance(parts[0], Choice):
        return _read_again(request, parts[0])
    raise ValueError("of another kind than the request")


def _read_again(request: Choose, choice: Choice) -> Choice:
    return read_choice(
        request,
        choice.route,
        choice.text,
        finish=choice.finish,
        usage=choice.usage,
        logprobs=choice.logprobs,
        unseen=choice.unseen,
        label_mass=choice.label_mass,
    )


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
