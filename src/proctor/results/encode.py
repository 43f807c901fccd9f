"""Any value as JSON text: documents hold whatever a data set held, and writing them must not fail.

Numpy, sets and unknown objects become what lm-eval makes of them, because document hashes are
taken from this text.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring as json_text
from typing import Any

from proctor.errors import ProctorError
from proctor.refs import Ref

LONGEST_INTEGER = 14_000
"""Bits beyond which Python refuses to write an integer in decimal."""


def dumps(value: Any, *, indent: int | None = None) -> str:
    """``value`` as JSON that can be written as UTF-8; NaN and infinities as Python's json writes them.

    A lone surrogate, which UTF-8 cannot hold, is written as its JSON escape.
    """
    try:
        # The plain way first: nearly all values are JSON's own, and this is called for every document.
        text = json.dumps(value, indent=indent, ensure_ascii=False, default=fallback)
    except (TypeError, ValueError, RecursionError):
        # Keys that JSON does not know, or a value that contains itself.
        text = json.dumps(_plain(value, ()), indent=indent, ensure_ascii=False, default=fallback)
    return text if text.isascii() else _escaped(text)


def both_forms(value: Any) -> tuple[str, str]:
    """``dumps(value)`` and ``dumps(value, indent=2)``, made together: a line holds the one, its hash is of the other.

    Python's json has no compiled form for indented text, which is most of what a hash costs.

    Args:
        value: Any value.
    """
    try:
        short, long = _both(value, "\n")
    except (TypeError, ValueError, RecursionError):
        return dumps(value), dumps(value, indent=2)
    if short.isascii():
        return short, long
    return _escaped(short), _escaped(long)


def _escaped(text: str) -> str:
    # In a text of JSON, "\ud800" as a backslash escape is JSON's own form of it.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _number(value: float) -> str:
    if value - value != 0.0:
        raise ValueError("NaN or infinite")  # the long way knows what json writes for them
    return repr(value)


_WRITTEN: Mapping[type, Callable[[Any], str]] = {
    str: json_text,
    int: repr,
    float: _number,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
}
"""How a value of exactly this type is written; a type derived from one of them may be written in another way."""


def _both(value: Any, line: str) -> tuple[str, str]:
    """Both texts of a value that stands at the indentation ``line``, a line break and spaces.

    Raises:
        TypeError: Something in it is not of JSON's own types.
    """
    write = _WRITTEN.get(type(value))
    if write is not None:
        text = write(value)
        return text, text
    inner = line + "  "
    if type(value) is dict:
        short, long = [], []
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(key)
            name, write = json_text(key), _WRITTEN.get(type(item))
            one, other = _both(item, inner) if write is None else (write(item),) * 2
            short.append(f"{name}: {one}")
            long.append(f"{name}: {other}")
        return _within("{", "}", short, long, line)
    if type(value) is not list:
        raise TypeError(type(value))
    if set(map(type, value)) == {str}:  # the options of most documents
        short = long = list(map(json_text, value))
    else:
        pairs = [_both(item, inner) for item in value]
        short, long = [one for one, _ in pairs], [other for _, other in pairs]
    return _within("[", "]", short, long, line)


def _within(left: str, right: str, short: list[str], long: list[str], line: str) -> tuple[str, str]:
    """Items within brackets: in one line, and in a line each."""
    if not short:
        return left + right, left + right
    inner = line + "  "
    return f"{left}{', '.join(short)}{right}", f"{left}{inner}{f',{inner}'.join(long)}{line}{right}"


def fallback(value: Any) -> Any:
    """What stands in JSON for a value that JSON does not know."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set):
        # Sorted, so that a document has one hash whatever the order of a set is today.
        return sorted(value, key=as_text)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.bool_, numpy.integer, numpy.floating)):
        return value.item() if not isinstance(value, numpy.longdouble) else float(value)
    if isinstance(value, Ref) or callable(value):
        return source_text(value)
    return as_text(value)


def as_text(value: Any) -> str:
    """``str(value)``; an object that cannot even be shown is named by its type."""
    try:
        return str(value)
    except (Exception, SystemExit, GeneratorExit):  # noqa: BLE001 - a foreign __str__ may raise anything
        return f"<{type(value).__name__}>"


_TEXT_OF_ITS_OWN = frozenset({str, float, bool, int})


def text_leaves(value: Any) -> Any:
    """A response as samples files have it: lists stay, whatever else stands in them becomes text.

    Args:
        value: A text, a number, or lists of them at any depth.
    """
    if isinstance(value, (list, tuple)):
        return [str(item) if type(item) in _TEXT_OF_ITS_OWN else text_leaves(item) for item in value]
    return as_text(value)


def source_text(function: Ref | Callable[..., Any]) -> str:
    """The source of a function or class, as lm-eval records it in ``configs``."""
    if isinstance(function, Ref):
        try:
            loaded = function.resolve()
        except ProctorError:
            return str(function)
        return source_text(loaded) if callable(loaded) else as_text(loaded)
    try:
        return _source(function)
    except TypeError:
        return as_text(function)


@functools.lru_cache(maxsize=512)
def _source(function: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(function)
    except (TypeError, OSError):
        return as_text(function)


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    """A copy with text keys only and without the places where a value contains itself."""
    if id(value) in above or len(above) > 100:
        return "..."
    within = (*above, id(value))
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, within) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, within) for item in value]
    if isinstance(value, set):
        return [_plain(item, within) for item in sorted(value, key=as_text)]
    if isinstance(value, int) and value.bit_length() > LONGEST_INTEGER:
        return hex(value)
    return value


def _key(key: Any) -> Any:
    return key if key is None or isinstance(key, (str, int, float, bool)) else as_text(key)
