"""The hashes of documents, prompts and targets in samples files, as lm-eval takes them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from proctor.messages import chat_text, is_chat
from proctor.records import Record
from proctor.results.encode import as_text, both_forms


def task_hash(records: Iterable[Record]) -> str:
    """One hash over all documents, prompts and targets of a task, in order.

    Args:
        records: The task's records.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for record in records:
        digest.update("".join(record_hashes(record)).encode("ascii"))
    return digest.hexdigest()


def sha256(text: str) -> str:
    """SHA-256 of a text's UTF-8, in hex; lone surrogates are hashed as they are.

    Args:
        text: The text.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def doc_hash(doc: Any) -> str:
    """``doc_hash`` of a document, by which it is found in other runs.

    Args:
        doc: The document.
    """
    # lm-eval: the hash is taken from indented JSON.
    return _digest(both_forms(doc)[1])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def record_hashes(record: Record) -> tuple[str, str, str]:
    """The hashes of a record's document, first prompt and target, as a line of a samples file has them.

    Args:
        record: The record.
    """
    return doc_hash(record.doc), *_other_hashes(record)


def document_and_hashes(record: Record) -> tuple[str, tuple[str, str, str]]:
    """A record's document as JSON in one line, and its :func:`record_hashes`.

    Args:
        record: The record.
    """
    short, long = both_forms(record.doc)
    return short, (_digest(long), *_other_hashes(record))


def _other_hashes(record: Record) -> tuple[str, str]:
    prompt = record.arguments[0][0] if record.arguments and record.arguments[0] else ""
    text = chat_text(prompt) if is_chat(prompt) else as_text(prompt)
    target = as_text(record.target)
    return sha256(text), _short_hash(target) if len(target) < SHORT else sha256(target)


SHORT = 32
"""Characters of a target, often the number of an option, of which the hash is likely to be needed again."""
_short_hash = lru_cache(maxsize=1024)(sha256)
