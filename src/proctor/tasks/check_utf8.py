"""What no tokenizer and no server takes is found before a model is asked, with task and document."""

from __future__ import annotations

from collections.abc import Iterable

from proctor.errors import TaskError
from proctor.tasks.spec import TaskSpec
from proctor.types import Request


def check_utf8(spec: TaskSpec, doc_id: int, requests: Iterable[Request], key: str) -> None:
    """Raise :class:`TaskError` if a text holds half of a character, which UTF-8 cannot write."""
    for request in requests:
        for text in request.texts:
            if not text.isascii():
                _check(spec, doc_id, text, key)


def _check(spec: TaskSpec, doc_id: int, text: str, key: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 20) : error.start + 20]
        message = (
            f"the prompt or answer of document {doc_id} holds half of a character (a lone surrogate) at "
            f"letter {error.start}, which no model can be given: {around!a}."
        )
        hint = "Mend the text in process_docs: text.encode('utf-8', 'replace').decode('utf-8')."
        raise TaskError(spec.error(message, key, hint=hint)) from None
