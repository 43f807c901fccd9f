"""``key=value`` text as a dictionary: what ``--model_args``, ``--gen_kwargs`` and the like are written in.

There are two readings of a value, because lm-eval has two: the command line's
(:func:`flag_scalar`) and the one for a string where a configuration file or the Python API
expects a mapping (:func:`text_scalar`). Both split at commas outside brackets and quotes.
"""

# Two readings of one text
# ------------------------
#   text          flag_scalar (command line)   text_scalar (YAML, Python)
#   "5"           5                            5
#   "-5"          -5.0                         -5
#   "none"        "none"                       None
#   "[1, 2]"      [1, 2]                       [1, 2]
#   "'5'"         "5"                          "5"
#
# Both are lm-eval's, and results files show the difference (-5.0), so neither may be replaced by the other.

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any

from proctor.secrets import is_secret_key

logger = logging.getLogger("proctor")

_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSE = frozenset(_OPEN.values())
_SIGNED_INT = re.compile(r"[+-]?\d+")


def split_pieces(text: str) -> list[str]:
    """Split at commas outside brackets and quotes; empty pieces are dropped.

    A quote or bracket that is never closed holds the rest of the text, as in lm-eval; that
    is seldom meant, so it is said.
    """
    pieces: list[str] = []
    start, depth, quote, escaped = 0, 0, "", False
    # By character and not by a pattern: brackets nest. Quotes hide brackets and commas, a backslash hides a quote.
    for place, char in enumerate(text):
        if quote:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif char == "," and depth == 0:
            pieces.append(text[start:place])
            start = place + 1
    pieces.append(text[start:])
    if (quote or depth) and "," in pieces[-1]:
        what = f"The quote {quote}" if quote else "A bracket"
        logger.warning("%s is never closed in %r, so the commas after it belong to the value.", what, pieces[-1])
    return [piece for piece in pieces if piece.strip()]


def flag_scalar(text: str) -> Any:
    """Read one value as the command line does: ``true``, whole number, number, Python literal, else text."""
    lowered = text.lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    # lm-eval: a sign makes a float of a whole number: -5 is -5.0.
    if text.isdecimal():
        return int(text)
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def text_scalar(text: str) -> Any:
    """Read one value as lm-eval reads strings outside the command line: ``none`` is None, ``-5`` whole.

    Lists, tuples and dictionaries are read too, which lm-eval cuts into pieces.
    """
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    known = {"true": True, "false": False, "none": None}
    if text.lower() in known:
        return known[text.lower()]
    if _SIGNED_INT.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return flag_scalar(text) if text[:1] in _OPEN else text


def parse_pairs(text: str, scalar: Callable[[str], Any] = text_scalar) -> dict[str, Any]:
    """Read ``key=value,key=value``; a ValueError is a sentence. Of a key given twice the last value stands."""
    values: dict[str, Any] = {}
    key = ""
    for piece in split_pieces(text):
        before = key
        key, equals, value = piece.partition("=")
        key = key.strip()
        if not equals or not key:
            if is_secret_key(before):  # what follows the comma belongs to the secret
                raise ValueError(f"the value of {before} holds a comma: put it in quotes, or write a JSON object")
            raise ValueError(f"expected key=value, got {piece.strip()!r}")
        if key in values:
            logger.warning("'%s' is given twice; the last value stands: %r.", key, value)
        values[key] = scalar(value)
    return values


def parse_tokens(tokens: Sequence[str]) -> dict[str, Any]:
    """Read the shell words after a flag, each of them ``key=value,...`` or a JSON object; they are merged."""
    values: dict[str, Any] = {}
    for token in tokens:
        new = _parse_object(token) if token.lstrip().startswith("{") else parse_pairs(token, flag_scalar)
        for key in new.keys() & values.keys():
            logger.warning("'%s' is given twice; the last value stands: %r.", key, new[key])
        values.update(new)
    return values


def _parse_object(text: str) -> dict[str, Any]:
    """Read a JSON object, or the same in Python's notation."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"{text[:100]!r}... nests too deep") from None
    except json.JSONDecodeError as error:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            where = f"character {error.colno}" if error.lineno == 1 else f"line {error.lineno}"
            raise ValueError(
                f"{text!r} is not valid JSON ({error.msg} at {where}); names and text stand in double quotes there"
            ) from error
    if not isinstance(value, dict):
        raise ValueError(f"expected key=value or a JSON object, got {text!r}")
    return value
