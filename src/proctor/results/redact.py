"""Secrets stay out of result files: they are read, copied and published.

lm-eval merges ``--model_args`` into every task's metadata and so writes tokens and headers
down once per task.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from proctor import secrets
from proctor.refs import Ref
from proctor.secret_names import is_secret, weight
from proctor.secrets import HIDDEN, SUSPECT, hide, hide_shapes, known_secrets, redact_text

__all__ = ["redact", "redact_repeated", "redact_text"]

_Known = re.Pattern[str] | None
_PLAIN = frozenset({int, float, bool, type(None)})
_MOST_REMEMBERED = 512
PROMPT_KEYS = frozenset(
    {
        *("description", "doc_to_text", "doc_to_target", "doc_to_choice", "fewshot_delimiter", "target_delimiter"),
        *(
            "gen_prefix",
            "system_instruction",
            "fewshot_config",
            "filter_list",
            "until",
            "use_prompt",
            "question_suffix",
        ),
    }
)
"""Keys of settings below which stands text of prompts. ``Token:`` and ``Password: {{x}}`` are no secrets there, and
a reader must see what the model saw; only what was given as a secret, and known shapes, are hidden."""
_redacted: dict[tuple[int, str], Any] = {}


def redact(value: Any, *, source: Callable[[Any], str] | None = None) -> Any:
    """A copy of ``value`` with secrets replaced by ``***``.

    Hidden are values under keys such as ``token`` or ``api_key``, and text of known shapes.
    ``source`` turns functions into text; program text is searched for known shapes only.
    """
    known = known_secrets()
    return _walk(value, known, source, ())


def redact_repeated(value: Any) -> Any:
    """:func:`redact` of settings that stand in line after line, such as ``gen_kwargs``: each is searched once."""
    # With the number of known secrets in the key: what was redacted before a secret was known must be redacted again.
    key = (len(secrets._given), repr(value))  # read here: this is called for every document
    if key not in _redacted:
        if len(_redacted) >= _MOST_REMEMBERED:
            _redacted.clear()
        _redacted[key] = redact(value)
    return _redacted[key]


def _walk(value: Any, known: _Known, source: Callable[[Any], str] | None, above: tuple[int, ...]) -> Any:
    if isinstance(value, (str, bytes)):
        text = value if isinstance(value, str) else str(value)
        # Most texts are harmless, which two searches tell; and there are many.
        if SUSPECT.search(text) is None and (known is None or known.search(text) is None):
            return text
        return hide(text, known, assigned=True)
    if isinstance(value, (Mapping, list, tuple)):
        # A value that contains itself: model arguments of a script can be any objects.
        if id(value) in above:
            return "..."
        within = (*above, id(value))
        if isinstance(value, Mapping):
            return _mapping(value, known, source, within)
        return [item if type(item) in _PLAIN else _walk(item, known, source, within) for item in value]
    if source is not None and (callable(value) or isinstance(value, Ref)):
        return hide(source(value), known, assigned=False)
    return value


def _mapping(
    value: Mapping[Any, Any], known: _Known, source: Callable[[Any], str] | None, within: tuple[int, ...]
) -> dict[Any, Any]:
    shown: dict[Any, Any] = {}
    for key, item in value.items():
        if known is not None and isinstance(key, str) and known.search(key):
            key = known.sub(HIDDEN, key)
        if key in PROMPT_KEYS:
            shown[key] = _prompt(item, known, source, within)
        elif weight(key) and is_secret(key, item):
            shown[key] = HIDDEN
        else:
            shown[key] = item if type(item) in _PLAIN else _walk(item, known, source, within)
    return shown


def _prompt(value: Any, known: _Known, source: Callable[[Any], str] | None, above: tuple[int, ...]) -> Any:
    """What stands below a key of prompts: texts keep all that may be a word of them."""
    if isinstance(value, str):
        return hide_shapes(value, known)
    if isinstance(value, (Mapping, list, tuple)):
        if id(value) in above:
            return "..."
        within = (*above, id(value))
        if isinstance(value, Mapping):
            return {key: _prompt(item, known, source, within) for key, item in value.items()}
        return [_prompt(item, known, source, within) for item in value]
    return _walk(value, known, source, above)
