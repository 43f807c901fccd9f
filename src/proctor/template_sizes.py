"""How large a value of a template is, and how large what makes it says that it will be.

Sizes are letters, or items as they are written out: what two lists share counts as often as it is written.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

COUNTED, BOUNDED, PRINTED, SEARCHED = "<counted>", "<bounded>", "<printed>", "<searched>"
"""Names of the filters that count, which no template can write: :mod:`proctor.template_tree` puts them into a tree."""
LARGEST = 10_000_000
"""Letters, or items as they are written out, of one value."""
MOST_BITS = 1 << 14
"""Bits of a whole number; one of more than 14,000 cannot be written out anyway."""
_TEXTS_ALONE = {str}
_AT_ONCE = 64
"""Letters that a search compares in the time in which one letter is made."""
_WIDTH = re.compile(r"\d+")
_FORMAT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d+)?(?:\.(\*|\d+))?")


class TemplateTooLarge(OverflowError):
    """A template makes or does more than one rendering may."""


def written_size(value: Any) -> int:
    """Letters or items of a value as it is written out: what two lists share counts twice."""
    if isinstance(value, str):
        return len(value)
    if type(value) is list and set(map(type, value)) == _TEXTS_ALONE:
        return 1 + sum(map(len, value))
    return _walk(value, {}, 0)


def number_size(bits: int) -> int:
    """What computing a whole number, or writing it out, costs in letters: it grows as the square of its length."""
    return LARGEST + 1 if bits > MOST_BITS else bits * bits >> 11


@lru_cache(maxsize=256)
def _is_namespace(kind: type) -> bool:
    return any(base.__name__ == "Namespace" for base in kind.__mro__)


def _walk(value: Any, known: dict[int, int], depth: int) -> int:
    if type(value) is dict:
        short = _size_of_texts(value)
        if short:
            return short
    elif isinstance(value, (str, bytes)):
        return len(value)
    elif isinstance(value, int):
        return 1 + number_size(value.bit_length())
    parts = value if type(value) is list else _parts(value)
    if parts is None:
        return 1
    if depth > 200:
        raise TemplateTooLarge("a template may not nest lists more than 200 deep")
    mark = id(value)
    if mark not in known:
        # Memoised by identity: [x, x] of [y, y] of ... has 2^n items as text and n as objects.
        known[mark] = total = 1  # within itself: Python writes it as [...]
        for part in parts:
            total += len(part) if type(part) is str else _walk(part, known, depth + 1)
            # Enough to refuse it; to go on would take the time that is to be saved.
            if total > LARGEST:
                break
        known[mark] = total
    return known[mark]


def _size_of_texts(value: dict[Any, Any]) -> int:
    """Letters of a dictionary of texts alone, such as a message of a chat; 0 for any other."""
    total = 1
    for key, part in value.items():
        if type(key) is not str or type(part) is not str:
            return 0
        total += len(key) + len(part)
    return total


def _parts(value: Any) -> Iterable[Any] | None:
    """What is written out of a list, a dictionary or a namespace of jinja."""
    if isinstance(value, (list, tuple, set)):
        return value
    if isinstance(value, dict):
        return (*value, *value.values())
    if not _is_namespace(type(value)):
        return None
    # jinja's namespace answers every attribute with a template's own value.
    attributes = object.__getattribute__(value, "_Namespace__attrs")
    return (*attributes, *attributes.values())


def _product(left: Any, right: Any) -> int:
    if isinstance(left, int):
        left, right = right, left
    if not isinstance(right, int):
        return 0
    if isinstance(left, int):
        return number_size(left.bit_length() + right.bit_length())
    return written_size(left) * max(0, right) if hasattr(left, "__len__") else 0


def _divided(left: Any, right: Any) -> int:
    whole = isinstance(left, int) and isinstance(right, int)
    return number_size(max(left.bit_length(), right.bit_length())) if whole else 0


def _power(left: Any, right: Any) -> int:
    whole = isinstance(left, int) and isinstance(right, int)
    return number_size(left.bit_length() * max(0, right)) if whole else 0


def _filled(left: Any, right: Any) -> int:
    """``'%30d' % 1``: the widths, and what is filled in as often as the text asks for it."""
    if not isinstance(left, str):
        return _divided(left, right)
    stars = right if isinstance(right, tuple) else (right,)
    widths = [part for match in _FORMAT.finditer(left) for part in match.groups() if part]
    # Twelve digits are more than is allowed; int() of a million digits would take the time that is to be saved.
    padding = sum(int(width[:12]) for width in widths if width != "*")
    padding += sum(abs(value) for value in stars if isinstance(value, int)) if "*" in widths else 0
    return len(left) + padding + written_size(right) * max(1, left.count("%("))


OPERATORS: Mapping[str, Callable[[Any, Any], int]] = {
    "*": _product,
    "**": _power,
    "%": _filled,
    "/": _divided,
    "//": _divided,
}


def _width(value: Any, width: Any = 80, *_: Any, **__: Any) -> int:
    return max(len(value) if hasattr(value, "__len__") else 1, width if isinstance(width, int) else 0)


def _padded(text: Any, width: Any = 8, *_: Any, **__: Any) -> int:
    return len(text) + text.count("\t" if isinstance(text, str) else b"\t") * (width if isinstance(width, int) else 8)


def _joined(separator: Any, items: Any, *_: Any) -> int:
    if not isinstance(items, (list, tuple, set, dict, str)):
        return 0
    written = written_size(items) if type(items) is list else sum(map(written_size, items))
    return written + len(separator) * len(items)


def _replaced(text: Any, old: Any, new: Any, *_: Any, **__: Any) -> int:
    text, old, new = str(text), str(old), str(new)
    return len(text) + text.count(old) * len(new)


def _translated(text: Any, table: Any, *_: Any) -> int:
    values = table.values() if isinstance(table, Mapping) else ()
    return len(text) * max([1, *(len(value) for value in values if isinstance(value, str))])


def _formatted(text: Any, *args: Any, **kwargs: Any) -> int:
    """``'{:30}{}'.format(...)``: widths, and each value as often as a field names it."""
    values = [*args, *kwargs.values()]
    size, largest = len(text), max([0, *map(written_size, values)])
    for _, field, spec, _ in string.Formatter().parse(str(text)):
        if field is None:
            continue
        size += largest + sum(int(width[:12]) for width in _WIDTH.findall(spec or ""))
        if "{" in (spec or ""):
            size += max([0, *(abs(value) for value in values if isinstance(value, int))])
    return size


def _searched(text: Any, wanted: Any = None, *_: Any) -> int:
    """A search from the right, and a strip of given letters, may compare each letter with each."""
    if not isinstance(text, (str, bytes)) or not isinstance(wanted, (str, bytes)):
        return 0
    return len(text) * len(wanted) // _AT_ONCE


METHODS: Mapping[str, Callable[..., int]] = {
    **dict.fromkeys(("rfind", "rindex", "rsplit", "rpartition", "strip", "lstrip", "rstrip"), _searched),
    **dict.fromkeys(("center", "ljust", "rjust", "zfill", "to_bytes"), _width),
    "expandtabs": _padded,
    "join": _joined,
    "replace": _replaced,
    "translate": _translated,
    "format": _formatted,
    "format_map": lambda text, values: _formatted(text, **{str(key): value for key, value in dict(values).items()}),
}


def _count(_: Any, count: Any = 1, *__: Any, **named: Any) -> int:
    counts = [count, named.get("linecount"), named.get("slices")]
    return max([0, *(number for number in counts if isinstance(number, int))])


def _indented(text: Any, width: Any = 4, *_: Any, **__: Any) -> int:
    step = len(width) if isinstance(width, str) else width if isinstance(width, int) else 0
    return len(str(text)) + (str(text).count("\n") + 1) * step


def _rounded(value: Any, precision: Any = 0, *_: Any, **__: Any) -> int:
    return _power(10, precision)


def _joined_filter(value: Any, d: Any = "", attribute: Any = None) -> int:
    return _joined(str(d), value) if attribute is None else 0


def _as_json(value: Any, *args: Any, **kwargs: Any) -> int:
    indents = [number for number in (*args, kwargs.get("indent")) if isinstance(number, int)]
    return written_size(value) * (1 + max([0, *indents]))


def lorem_size(n: Any = 5, html: Any = True, min: Any = 20, max: Any = 100) -> int:
    """Letters that jinja's ``lipsum`` gives."""
    return 10 * n * max if isinstance(n, int) and isinstance(max, int) else 0


def _wrapped(text: Any, width: Any = 79, *args: Any, wrapstring: Any = None, **_: Any) -> int:
    """Jinja cuts a long word line by line, and copies what is left of it each time."""
    text, width = str(text), max(1, width if isinstance(width, int) else 79)
    between = args[1] if len(args) > 1 else wrapstring
    lines = len(text) // width + 1 + text.count("\n")
    longest = max(map(len, text.split()), default=0)
    # n/width lines, each of which copies what is left: n^2 / (2 width) letters.
    copied = longest * longest // (2 * width) // _AT_ONCE
    return len(text) + copied + lines * (len(between) if isinstance(between, str) else 1)


def _stripped(text: Any, *_: Any) -> int:
    """Markupsafe cuts comments out one by one, and copies the rest each time."""
    text = str(text)
    return len(text) + text.count("<!--") * len(text) // _AT_ONCE


FILTERS: Mapping[str, Callable[..., int]] = {
    "center": _width,
    "batch": _count,
    "slice": _count,
    "indent": _indented,
    "round": _rounded,
    "join": _joined_filter,
    "replace": _replaced,
    "format": lambda text, *args, **kwargs: _filled(str(text), kwargs or args),
    "tojson": _as_json,
    "wordwrap": _wrapped,
    "striptags": _stripped,
    "trim": _searched,
    "pprint": lambda value, *_: 20 * written_size(value),
}
