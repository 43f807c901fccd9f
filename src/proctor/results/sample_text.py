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
    responses, filtered = _responses(record)
    doc_hash, prompt_hash, target_hash = hashes
    return (
        f'{{"doc_id": {record.doc_id}, "doc": {document}, "target": {json_text(as_text(record.target))}, '
        f'"arguments": {{{_arguments(record.arguments)}}}, "resps": [{responses}], '
        f'"filtered_resps": [{filtered}], "filter": {json_text(record.filter)}, '
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
    last, prompt = _NOTHING, ""
    for index, arguments in enumerate(requests):
        if len(arguments) == 2 and type(arguments[1]) is str:
            first, text = arguments
            if first is not last:
                last, prompt = first, _argument(first)
            shown.append(f'"gen_args_{index}": {{"arg_0": {prompt}, "arg_1": {json_text(text)}}}')
        else:
            texts = [f'"arg_{place}": {_argument(value)}' for place, value in enumerate(arguments)]
            shown.append(f'"gen_args_{index}": {{{", ".join(texts)}}}')
    return ", ".join(shown)


_NOTHING = object()


def _argument(value: Any) -> str:
    return json_text(value) if type(value) is str else _plain(argument(value))


def _responses(record: Record) -> tuple[str, str]:
    """The responses, and what filters left of them: one that was handed on as it came is written once.

    Raises:
        ValueError: Filters left something of more or of fewer requests.
    """
    every: list[str] = []
    filtered: list[str] = []
    for repeats, left in zip(record.responses, record.filtered, strict=True):
        if len(repeats) != 1:
            every.append(_plain(text_leaves(repeats)))
            filtered.append(_response(left))
            continue
        [value] = repeats
        text = _response(value)
        every.append(f"[{text}]")
        filtered.append(text if left is value else _response(left))
    return ", ".join(every), ", ".join(filtered)


def _response(value: Any) -> str:
    """A response as lists of texts; that to most requests is a log-probability and whether it is greedy."""
    if type(value) is tuple and len(value) == 2 and type(value[0]) is float and type(value[1]) is bool:
        return f'["{value[0]!r}", "{value[1]!r}"]'
    return _plain(text_leaves((value,)))[1:-1]
