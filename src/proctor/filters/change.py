"""Filters that change each response: white space, case, a mapping, a function, named entities."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from proctor.errors import UsageError
from proctor.filters.base import Filter, each


class RemoveWhitespace(Filter):
    """No white space at either end. Source: lm-eval's ``remove_whitespace``."""

    def __init__(self) -> None:
        super().__init__()

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Strip each response."""
        return each(resps, lambda response: response.strip())


class Lowercase(Filter):
    """Lower case. Source: lm-eval's ``lowercase``."""

    def __init__(self) -> None:
        super().__init__()

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Lower each response."""
        return each(resps, lambda response: response.lower())


class Uppercase(Filter):
    """Upper case. Source: lm-eval's ``uppercase``."""

    def __init__(self) -> None:
        super().__init__()

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Raise each response."""
        return each(resps, lambda response: response.upper())


class MapValues(Filter):
    """What ``mapping_dict`` has for a response, else ``default_value``. Source: lm-eval's ``map``."""

    def __init__(self, mapping_dict: Mapping[Any, Any] | None = None, default_value: Any = None) -> None:
        super().__init__()
        if mapping_dict is not None and not isinstance(mapping_dict, Mapping):
            raise UsageError(f"The filter 'map' takes a mapping as mapping_dict, not {mapping_dict!r}.")
        self.mapping_dict = dict(mapping_dict or {})
        self.default_value = default_value

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Look each response up."""
        # Keys are compared as they are: 1 of a YAML file is not the text "1".
        return each(resps, lambda response: self.mapping_dict.get(response, self.default_value))


class Custom(Filter):
    """A function of the task: ``filter_fn(resps, docs)``. Source: lm-eval's ``custom``."""

    def __init__(self, filter_fn: Callable[[Any, Any], Iterable[Any]]) -> None:
        super().__init__()
        if not callable(filter_fn):
            raise UsageError(
                f"The filter 'custom' takes a function as filter_fn, not {filter_fn!r}.",
                hint="Write 'filter_fn: !function utils.my_filter'.",
            )
        self.filter_fn = filter_fn

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Hand everything to the function."""
        return self.filter_fn(resps, docs)


_ENTITIES: Mapping[str, str] = {
    "person": "PER",
    "location": "LOC",
    "organization": "ORG",
    "counties": "LOC",
    "places": "LOC",
    "people": "PER",
    "persons": "PER",
    "company": "ORG",
    "country": "LOC",
    "continent": "LOC",
    "time": "DATE",
    "date": "DATE",
    "per": "PER",
    "loc": "LOC",
    "org": "ORG",
}
_ENTITY_LABEL = re.compile(rf"\b({'|'.join(sorted(_ENTITIES, key=len, reverse=True))})\s*:")
_ENTITY_SPAN = re.compile(r"\b(PER|LOC|ORG|DATE):\s*([^$]+)")


class FormatSpan(Filter):
    """Named entities in one form, ``per: ada $ loc: paris``, whatever labels the model used.

    Source: lm-eval's ``format_span`` (MasakhaNER, https://arxiv.org/abs/2103.11811).
    """

    def __init__(self) -> None:
        super().__init__()

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Rewrite each response."""
        return each(resps, format_span)


def format_span(text: str) -> str:
    """The entities of an answer such as ``PER: Ada $$ location: Paris, Rome $$ date: none``."""
    labelled = _ENTITY_LABEL.sub(lambda match: f"{_ENTITIES[match[1]]}:", text.lower())
    # The data set's separator is " $ "; models write "$$" or a new line.
    flat = labelled.replace("$$", "$").rstrip("$").replace("\n", "$").strip()
    entities: list[str] = []
    for label, values in _ENTITY_SPAN.findall(flat):
        stripped = [value.strip() for value in values.split(",")]
        entities += [f"{label.lower()}: {value}" for value in stripped if value.lower() != "none"]
    return " $ ".join(entities)
