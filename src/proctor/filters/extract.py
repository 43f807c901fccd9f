"""Filters that find the answer in what the model wrote."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from proctor.errors import DataError, UsageError, value_text
from proctor.filters.base import Filter, FilterFailure, each, each_in_time
from proctor.regex_limits.bounded import compiled, findall, sub

_log = logging.getLogger("proctor")
_TAGGED = re.compile(r"\('([^']*)', '([^']*)'\)")


class Regex(Filter):
    """What a regular expression finds, the ``group_select``-th match; else ``fallback``.

    Of several groups the first that is not empty counts. A response that is no text is taken
    for an empty one. Where there are fewer matches than ``group_select`` asks for, the fallback
    is taken and said so (lm-eval stops with an IndexError there). Source: lm-eval's ``regex``.
    """

    def __init__(
        self, regex_pattern: str = r"#### (\-?[0-9\.\,]+)", group_select: int = 0, fallback: Any = "[invalid]"
    ) -> None:
        super().__init__()
        self.regex_pattern = regex_pattern
        self.regex = _compiled(regex_pattern)
        if not isinstance(group_select, int):
            raise UsageError(f"group_select is the number of a match, such as 0 or -1, not {group_select!r}.")
        self.group_select = group_select
        self.fallback = fallback

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Extract from each response."""
        # The pattern is the task file's: a document on which it backtracks without end fails alone.
        return each_in_time(resps, lambda request: [self._extract(response) for response in request])

    def _extract(self, response: Any) -> Any:
        match = self._selected(findall(self.regex, response if isinstance(response, str) else ""))
        if match is None:
            return self.fallback
        if isinstance(match, tuple):
            # lm-eval: findall() gives a tuple where the pattern has several groups; the first that is not empty counts.
            match = next((part for part in match if part), self.fallback)
        return match.strip() if isinstance(match, str) else match

    def _selected(self, matches: list[Any]) -> Any:
        if not matches:
            return None
        try:
            return matches[self.group_select]
        except IndexError:
            _log.warning(
                "The regular expression %r matches %d times; group_select asks for number %d: fallback taken.",
                self.regex_pattern,
                len(matches),
                self.group_select,
            )
            return None


def _compiled(pattern: Any) -> re.Pattern[str]:
    try:
        return compiled(pattern)
    except ValueError as error:
        raise UsageError(str(error)) from error


class RegexPos(Filter):
    """The tags of the ``('token', 'TAG')`` pairs in a response, else ``fallback``.

    The other settings are accepted and not used. Source: lm-eval's ``regex_pos``.
    """

    def __init__(
        self, regex_pattern: str = r"\['(.*?)'\]", group_select: int = 0, fallback: Sequence[str] | None = None
    ) -> None:
        super().__init__()
        self.fallback = ["invalid"] if fallback is None else fallback

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """List the tags of each response."""
        return each(resps, self._tags)

    def _tags(self, response: Any) -> Any:
        pairs = _TAGGED.findall(response) if isinstance(response, str) else response
        return [tag for _, tag in pairs] or self.fallback


class _Punctuation(dict[int, int | None]):
    """A table for ``str.translate`` that drops Unicode's categories P*, filled as it is asked."""

    def __missing__(self, code: int) -> int | None:
        # A table for str.translate that fills itself: few of the 1.1 million code points are ever met.
        replacement = None if unicodedata.category(chr(code)).startswith("P") else code
        self[code] = replacement
        return replacement


_PUNCTUATION = _Punctuation()


class MultiChoiceRegex(Regex):
    """The letter of the chosen answer as ``(A)``: by the expression, by the choice's text, by ``: A``.

    Reads ``doc["choices"]``. Tried in turn: the regular expression on the response; the texts of
    the choices (longest first) on the response, both without what is to be ignored; a bare
    letter after a colon. ``group_select`` picks the match each time. Source: lm-eval's
    ``multi_choice_regex``.
    """

    def __init__(
        self,
        regex_pattern: str = r"#### (\-?[0-9\.\,]+)",
        group_select: int = 0,
        fallback: Any = "[invalid]",
        ignore_case: bool = False,
        ignore_punctuation: bool = False,
        regexes_to_ignore: Sequence[str] | None = None,
    ) -> None:
        super().__init__(regex_pattern, group_select, fallback)
        self.ignore_case = ignore_case
        self.ignore_punctuation = ignore_punctuation
        self.regexes_to_ignore = regexes_to_ignore
        self._ignored = [_compiled(pattern) for pattern in regexes_to_ignore or ()]

    def apply(self, resps: Iterable[Any], docs: Sequence[Mapping[str, Any]]) -> Iterable[Any]:
        """Name the choice of each response."""
        return each_in_time(resps, self._request, docs)

    def _request(self, request: Iterable[Any], doc: Mapping[str, Any]) -> list[Any] | FilterFailure:
        if "choices" not in doc:
            raise DataError(
                "The filter 'multi_choice_regex' reads the column 'choices', which this task's documents lack.",
                hint=f"Columns: {', '.join(map(str, doc))}. Add 'choices' in process_docs.",
            )
        choices = doc["choices"]
        if not isinstance(choices, list | tuple) or not all(isinstance(choice, str) for choice in choices):
            return FilterFailure(f"the column 'choices' holds {value_text(choices)}, not a list of texts.")
        letters = [chr(ord("A") + i) for i in range(len(choices))]
        texts = [self._reduced(choice.strip()) for choice in choices]
        by_text = {text: f"({letter})" for text, letter in zip(texts, letters, strict=True)}
        # Longest first: of "Paris" and "Paris, Texas" the alternation takes the first that matches.
        text_regex = re.compile("|".join(sorted(map(re.escape, texts), key=len, reverse=True)))
        letter_regex = re.compile(rf":[\s]*({'|'.join(map(re.escape, letters))})")
        by_letter = {letter: f"({letter})" for letter in letters}
        return [
            self._found(self.regex, response, {})
            or self._found(text_regex, self._reduced(response) if isinstance(response, str) else "", by_text)
            or self._found(letter_regex, response, by_letter)
            or self.fallback
            for response in request
        ]

    def _reduced(self, text: str) -> str:
        for pattern in self._ignored:
            text = sub(pattern, "", text)
        if self.ignore_case:
            text = text.lower()
        return text.translate(_PUNCTUATION) if self.ignore_punctuation else text

    def _found(self, regex: re.Pattern[str], response: Any, names: Mapping[str, str]) -> str:
        match = self._selected(findall(regex, response if isinstance(response, str) else ""))
        if isinstance(match, tuple):
            match = next((part for part in match if part), "")
        stripped = (match or "").strip()
        return names.get(stripped, stripped) if stripped else ""
