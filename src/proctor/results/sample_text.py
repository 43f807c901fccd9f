"""A line of a samples file as text, at once: what ``dumps(sample_line(record))`` gives, in a third of its time."""

# Why not the dictionary
# ----------------------
# :func:`proctor.results.schema.sample_line` says what is in a line. Of all that a run does with a document once it has
# its responses, to make that dictionary and write it as JSON was half. Here the same text is put together from pieces:
#
#   "doc"             its JSON is made together with the indented one, of which the hash is taken
#   "arguments"       a prompt that stands in four requests is written as JSON once
#   "resps"           pairs of a log-probability and a flag have a form of their own, and a filter that hands a response
#                     on has its text again
#   names of metrics  written once for each set of them
#
# Weighed: orjson (no dependency of proctor's, and it writes floats and lone surrogates otherwise than lm-eval's json),
# and json's compiled encoder over the dictionary (the dictionary is what costs).
#
# Invariant: byte for byte the text of the dictionary. Whatever is not plain (a metric named like another key, a value
# that JSON does not know) is written by the dictionary itself. A test compares both on generated records.

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from proctor.records import Record
from proctor.results.encode import as_text, dumps, fallback, json_text, text_leaves
from proctor.results.hashes import document_and_hashes
from proctor.results.schema import argument, further_keys, sample_line

HASHES = ("doc_hash", "prompt_hash", "target_hash")
_KEYS = frozenset(
    {
        *("doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", *HASHES),
        *("error", "variant", "order", "formulation", "tokens"),
    }
)
_plain = json.JSONEncoder(ensure_ascii=False, default=fallback).encode


def sample_text(record: Record) -> tuple[bytes, str]:
    """One line of a samples file and its three hashes, one after the other.

    Args:
        record: One document after one filter.

    Returns:
        UTF-8 that ends with a line break; and 192 hexadecimal digits.
    """
    try:
        document, hashes = document_and_hashes(record)
        # A lone surrogate, which UTF-8 cannot hold, is written as its JSON escape.
        return _line(record, document, hashes).encode("utf-8", "backslashreplace"), "".join(hashes)
    except (TypeError, ValueError, RecursionError):
        line = sample_line(record)
        return dumps(line).encode("utf-8") + b"\n", "".join([line[key] for key in HASHES])


def _line(record: Record, document: str, hashes: tuple[str, str, str]) -> str:
    """The text of a plain record.

    Raises:
        TypeError: It is none.
        ValueError: It is none.
    """
    if type(record.doc_id) is not int:
        raise TypeError(record.doc_id)
    names, keys = _metric_keys(tuple(record.metrics))
    values = "".join([f", {key}: {_value(value)}" for key, value in zip(keys, record.metrics.values(), strict=True)])
    further = further_keys(record)
    responses = list(map(_repeats, record.responses))
    doc_hash, prompt_hash, target_hash = hashes
    return (
        f'{{"doc_id": {record.doc_id}, "doc": {document}, "target": {json_text(as_text(record.target))}, '
        f'"arguments": {{{_arguments(record.arguments)}}}, "resps": [{", ".join(responses)}], '
        f'"filtered_resps": [{_filtered(record, responses)}], "filter": {json_text(record.filter)}, '
        f'"metrics": {names}, "doc_hash": "{doc_hash}", "prompt_hash": "{prompt_hash}", '
        f'"target_hash": "{target_hash}"{values}{f", {_plain(further)[1:-1]}" if further else ""}}}\n'
    )


@lru_cache(maxsize=256)
def _metric_keys(names: tuple[str, ...]) -> tuple[str, Sequence[str]]:
    """The names of metrics as a list in JSON, and each as a key."""
    if not _KEYS.isdisjoint(names) or not all(type(name) is str for name in names):
        raise ValueError("a metric named like another key of the line")
    return _plain(list(names)), list(map(json_text, names))


def _value(value: Any) -> str:
    return repr(value) if type(value) is float and value - value == 0.0 else _plain(value)


def _arguments(requests: Sequence[Sequence[Any]]) -> str:
    shown: list[str] = []
    # Options of one question stand after one and the same prompt: it is one object.
    last, written = None, ""
    for index, arguments in enumerate(requests):
        texts: list[str] = []
        for place, value in enumerate(arguments):
            if value is not last or place:
                text = json_text(value) if type(value) is str else _plain(argument(value))
                if not place:
                    last, written = value, text
            else:
                text = written
            texts.append(f'"arg_{place}": {text}')
        shown.append(f'"gen_args_{index}": {{{", ".join(texts)}}}')
    return ", ".join(shown)


def _repeats(responses: Sequence[Any]) -> str:
    if len(responses) == 1 and (pair := _pair(responses[0])) is not None:
        return f"[{pair}]"
    return _plain(text_leaves(responses))


def _pair(value: Any) -> str | None:
    """A log-probability and whether it is greedy, as text both; None: it is something else."""
    if type(value) is tuple and len(value) == 2 and type(value[0]) is float and type(value[1]) is bool:
        return f'["{value[0]!r}", "{value[1]!r}"]'
    return None


def _filtered(record: Record, responses: Sequence[str]) -> str:
    """What filters left: of a response that was handed on as it came, the text is there."""
    shown: list[str] = []
    for value, repeats, text in zip(record.filtered, record.responses, responses, strict=True):
        if len(repeats) == 1 and value is repeats[0]:
            shown.append(text[1:-1])
        else:
            shown.append(_plain(text_leaves((value,)))[1:-1])
    return ", ".join(shown)
