"""Templates and column names where they stay the letters that they are.

lm-eval renders ``description``, ``doc_to_text``, ``doc_to_target``, ``doc_to_choice`` and ``gen_prefix``
where they are one text. The items of a list, and the delimiters, are taken as they are, so that a
prompt shows ``{{opt1}}`` to the model. A name without braces is a text too, unless it is a column.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from proctor.errors import did_you_mean

KeyPath = tuple[str | int, ...]

_TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_NAME = re.compile(r"\{\{\s*([A-Za-z_][\w.]*(?:\[[^\]]*\])*)\s*\}\}")
# "{question}", but not "{{question}}", "\frac{a}" or "${x}": LaTeX is frequent in prompts.
_SINGLE = re.compile(r"(?<![\w{}\\$])\{([A-Za-z_]\w*)\}(?!\})")
_PATH = re.compile(r"([A-Za-z_]\w*)(?:\.\w+|\[[^\]]*\])+")
_RENDERED = ("description", "doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix")
_VERBATIM = ("target_delimiter", "fewshot_delimiter")


class Literal(NamedTuple):
    """A text that was probably meant to be rendered: what is wrong, at which key, and the form that works."""

    message: str
    path: KeyPath
    hint: str
    is_note: bool = False


def unrendered(config: Mapping[str, Any]) -> Iterator[Literal]:
    """Templates of a task's configuration where none is rendered; no data is needed.

    Args:
        config: The task's keys and values.
    """
    yield from _of_prompt(config, ())
    own = config.get("fewshot_config")
    if isinstance(own, Mapping):
        yield from _of_prompt(own, ("fewshot_config",))


def _of_prompt(config: Mapping[str, Any], base: KeyPath) -> Iterator[Literal]:
    for key in ("doc_to_choice", "doc_to_target"):
        value = config.get(key)
        items = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
        literal = [item for item in items if isinstance(item, str) and _TEMPLATE.search(item)]
        if literal:
            message = f"{key} is a list, whose items are not rendered: the model sees {literal[0]!r} as it stands."
            yield Literal(message, (*base, key), f"Write one template that gives the list: {_as_template(items)}.")
    for key in _VERBATIM:
        value = config.get(key)
        if isinstance(value, str) and _TEMPLATE.search(value):
            message = f"{key} is not rendered: {value!r} stands in the prompt as it is."
            yield Literal(message, (*base, key), "Write the text itself, or put it into doc_to_text.")


def _as_template(items: list[Any]) -> str:
    """The items within one template: a bare name where an item is no more, its parts joined by ``~`` else."""
    written = []
    for item in map(str, items):
        parts = [part for part in re.split(r"(\{\{.*?\}\})", item) if part]
        written.append(" ~ ".join(part[2:-2].strip() if part.startswith("{{") else repr(part) for part in parts))
    return f"'{{{{ [{', '.join(written)}] }}}}'" if all(written) else "'{{ [a, b] }}'"


def unbraced(config: Mapping[str, Any], columns: Collection[str]) -> Iterator[Literal]:
    """Names of columns that a task's prompt writes in single braces, or in none.

    Args:
        config: The task's keys and values.
        columns: The columns of its documents.
    """
    for key in _RENDERED:
        value = config.get(key)
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, str) and item not in columns:
                yield from _single(key, item, columns)
        if isinstance(value, str) and value not in columns and key in ("doc_to_text", "doc_to_target"):
            yield from _bare(key, value.strip(), columns)
    yield from _named_options(config, columns)


def _named_options(config: Mapping[str, Any], columns: Collection[str]) -> Iterator[Literal]:
    """Options that are names of columns: ``[opt1, opt2]`` shows the model these names.

    Not where they may be labels: 'A', or what the prompt itself spells out.
    """
    options, prompt = config.get("doc_to_choice"), config.get("doc_to_text")
    if not isinstance(options, list) or len(options) < 2 or not isinstance(prompt, str):
        return
    # One letter is a label more often than a column.
    if all(isinstance(one, str) and len(one) > 1 and one in columns and one not in prompt for one in options):
        message = f"the options are the texts {', '.join(map(repr, options[:3]))}, which are names of columns."
        hint = f"For what these columns hold, write one template: '{{{{ [{', '.join(options)}] }}}}'."
        yield Literal(message, ("doc_to_choice",), hint)


def _single(key: str, text: str, columns: Collection[str]) -> Iterator[Literal]:
    name = next((word for word in _SINGLE.findall(text) if word in columns), None)
    if name is not None:
        message = f"{key} writes {{{name}}} in single braces, which stay as they are; {name!r} is a column."
        yield Literal(message, (key,), f"Write '{{{{{name}}}}}'.")


def _bare(key: str, text: str, columns: Collection[str]) -> Iterator[Literal]:
    if not text or "{" in text:
        return
    path = _PATH.fullmatch(text)
    if path is not None and path[1] in columns:
        message = f"{key} is the text {text!r}, the same for every document."
        yield Literal(message, (key,), f"Write '{{{{{text}}}}}' for what the column {path[1]!r} holds there.")
    # A word that is close to a column's name; short words are close to too many.
    elif text.isidentifier() and len(text) > 3 and (hint := did_you_mean(text, map(str, columns))):
        message = f"{key} is the text {text!r}, the same for every document, and no column."
        yield Literal(message, (key,), hint, is_note=True)
