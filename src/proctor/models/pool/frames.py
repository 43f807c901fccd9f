"""What the processes of a pool send each other, as bytes and back."""

# A frame is one JSON object with its kind. Requests and responses are written field by field, and read by the names of
# the classes below: what arrives can make these values and nothing else. Pickle was weighed: it is shorter, and whoever
# reaches the port could run what he likes. The codec of the store was weighed: it has no requests, and keeps no NaN of
# a response that shall not be stored.
#
# JSON keeps every bit of a float (Python writes the shortest text that gives it back), NaN and infinities by their
# names, and half of a surrogate pair as an escape.
#
# Invariant: ``decode(encode(frame)) == frame``; whatever else decode is given is a FrameError.

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias, get_args

from proctor.messages import Message
from proctor.types import (
    Choice,
    Choose,
    Generate,
    Loglikelihood,
    Refusal,
    Request,
    Response,
    Rolling,
    RollingScore,
    Scores,
    Text,
    Usage,
)


class FrameError(ValueError):
    """Bytes that are no frame, or a value that no frame can hold."""


@dataclass(frozen=True, slots=True)
class BeatFrame:
    """Nothing but a sign of life."""


@dataclass(frozen=True, slots=True)
class OpenFrame:
    """Open a model: ``settings`` are what :func:`proctor.models.open_model` takes; an error carries ``number``."""

    settings: Mapping[str, Any]
    number: int = 0


@dataclass(frozen=True, slots=True)
class LoadFrame:
    """Read the weights; an error carries ``number``."""

    number: int = 0


@dataclass(frozen=True, slots=True)
class WorkFrame:
    """Respond to requests.

    Attributes:
        number: Of this piece of work; its responses carry it.
        requests: A share of the requests of the run.
        missing: The places of those that are wanted.
        seed: For whatever is drawn.
        digest: Of the identity of rank 0's model; empty: it has none.
        silent: Whether another rank of the same team sends the responses.
    """

    number: int
    requests: tuple[Request, ...]
    missing: tuple[int, ...]
    seed: int
    digest: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class CloseFrame:
    """Free the model."""


@dataclass(frozen=True, slots=True)
class EndFrame:
    """The run is over. ``failed``: without a result."""

    failed: bool


@dataclass(frozen=True, slots=True)
class ResponsesFrame:
    """Some responses to a piece of work, each with its place in it."""

    number: int
    pairs: tuple[tuple[int, Response], ...]


@dataclass(frozen=True, slots=True)
class DoneFrame:
    """A piece of work is done. ``report``: of the model, since it was opened."""

    number: int
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorFrame:
    """An error. ``request``: the place of the request that cannot be answered; None: it is another error."""

    number: int
    message: str
    hint: str | None = None
    request: int | None = None


@dataclass(frozen=True, slots=True)
class StopFrame:
    """A signal has stopped this process."""


@dataclass(frozen=True, slots=True)
class ByeFrame:
    """The last frame of a process."""


Frame: TypeAlias = (
    BeatFrame
    | OpenFrame
    | LoadFrame
    | WorkFrame
    | CloseFrame
    | EndFrame
    | ResponsesFrame
    | DoneFrame
    | ErrorFrame
    | StopFrame
    | ByeFrame
)

_FRAMES: Mapping[str, type[Any]] = {one.__name__: one for one in get_args(Frame)}
_VALUES: Mapping[str, type[Any]] = {
    one.__name__: one
    for one in (Loglikelihood, Rolling, Generate, Choose, Message, Scores, RollingScore, Text, Choice, Refusal, Usage)
}
_CLASS = "class"
_PLAIN = "plain"


def encode(frame: Frame) -> bytes:
    """A frame as bytes.

    Args:
        frame: The frame.

    Raises:
        FrameError: It holds what JSON cannot.
    """
    try:
        return json.dumps(_written(frame), separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise FrameError(f"{type(frame).__name__} cannot be sent: {error}") from error


def decode(data: bytes) -> Frame:
    """The frame again.

    Args:
        data: What :func:`encode` made.

    Raises:
        FrameError: It is something else.
    """
    try:
        value = json.loads(data)
        if not isinstance(value, dict) or value.get(_CLASS) not in _FRAMES:
            raise FrameError("no frame")
        return _frame_of(value)
    except FrameError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FrameError(f"no frame: {error}") from error


def _written(value: Any) -> Any:
    if type(value).__name__ in _FRAMES or type(value).__name__ in _VALUES:
        return {_CLASS: type(value).__name__, **{one.name: _written(getattr(value, one.name)) for one in fields(value)}}
    if isinstance(value, Mapping):
        # What a task or a user wrote: its own lists stay lists, and its own keys may be called as ours.
        return {_PLAIN: dict(value)}
    return [_written(one) for one in value] if isinstance(value, tuple | list) else value


def _frame_of(value: dict[str, Any]) -> Frame:
    name = value.pop(_CLASS)
    frame = _FRAMES[name](**{key: _read(one) for key, one in value.items()})
    for one in fields(frame):
        _check(frame, one.name)
    return frame


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "settings": dict,
    "number": int,
    "requests": tuple,
    "missing": tuple,
    "seed": int,
    "digest": str,
    "silent": bool,
    "failed": bool,
    "pairs": tuple,
    "report": dict,
    "message": str,
    "hint": (str, type(None)),
    "request": (int, type(None)),
}
"""What the fields of frames must be."""
_REQUESTS = (Loglikelihood, Rolling, Generate, Choose)
_RESPONSES = (Scores, RollingScore, Text, Choice, Refusal)


def _check(frame: Frame, name: str) -> None:
    value = getattr(frame, name)
    right = isinstance(value, _TYPES[name])
    if right and name == "requests":
        right = all(isinstance(one, _REQUESTS) for one in value)
    elif right and name == "missing":
        right = all(type(one) is int for one in value)
    elif right and name == "pairs":
        right = all(
            isinstance(one, tuple) and len(one) == 2 and type(one[0]) is int and isinstance(one[1], _RESPONSES)
            for one in value
        )
    if not right:
        raise FrameError(f"no frame: {name} of {type(frame).__name__}")


def _read(value: Any) -> Any:
    if isinstance(value, list):
        return tuple([_read(one) for one in value])
    if not isinstance(value, dict):
        return value
    if value.keys() == {_PLAIN}:
        return value[_PLAIN]
    name = value.pop(_CLASS)
    return _VALUES[name](**{key: _read(one) for key, one in value.items()})
