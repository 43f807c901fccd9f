"""The words of a report in a language: strings with places for values, plural forms, numbers."""

# One JSON file a language, by key. A value is a text, or one text for each plural category of CLDR that the language
# has for whole numbers ("one" and "other" of English; Korean has "other" alone). The place {n} decides which.
#
# Both files are read by Python and, the part under "page.", by the page's script. A key that is missing is an error
# here, so that a test finds it, and not an empty place that nobody sees.

from __future__ import annotations

import json
import locale
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from proctor.analysis.wording import MINUS
from proctor.html_report.markup import Child, Html, escape, joined
from proctor.stats.intervals import Interval

Code: TypeAlias = Literal["en", "ko"]
LANGUAGES: tuple[Code, ...] = ("en", "ko")
PAGE = "page."
"""What keys begin with that the page's script needs."""
_SPACE = "\N{NO-BREAK SPACE}"
_PLACE = re.compile(r"\{(\w+)\}")


@cache
def read_web(name: str) -> str:
    """A packaged file of the page.

    Args:
        name: Its name in ``web``.
    """
    return files("proctor.html_report").joinpath("web", name).read_text(encoding="utf-8")


@dataclass(frozen=True)
class Language:
    """One language: its code, and its strings by key."""

    code: Code
    strings: Mapping[str, str | Mapping[str, str]]

    def text(self, key: str, **values: str | int) -> str:
        """A string with its values.

        Args:
            key: The string.
            values: By place; whole numbers get separators of thousands, ``n`` decides the plural.
        """
        return _PLACE.sub(lambda match: _shown(values[match[1]]), self._template(key, values))

    def html(self, key: str, **values: Child | int) -> Html:
        """The same, where values may be HTML.

        Args:
            key: The string.
            values: By place.
        """
        parts = _PLACE.split(self._template(key, values))
        return joined(*[_part(part, values) if place % 2 else escape(part) for place, part in enumerate(parts)])

    def _template(self, key: str, values: Mapping[str, object]) -> str:
        found = self.strings[key]
        if not isinstance(found, str):
            found = found["one"] if values.get("n") == 1 and "one" in found else found["other"]
        return found.replace(" %", f"{_SPACE}%")

    def named(self, names: Sequence[str], most: int) -> str:
        """Names with commas, the first ones of many: ``anatomy, astronomy and 55 more``.

        Args:
            names: All of them.
            most: How many are named.
        """
        more = self.text("and_more", n=len(names) - most) if len(names) > most else ""
        return ", ".join(names[:most]) + more

    def points(self, value: float, *, sign: bool = False) -> str:
        """A difference of shares: ``1.4 points``.

        Args:
            value: The difference, as a share.
            sign: Whether a positive one has its sign.
        """
        text = signed_points(value) if sign else f"{100 * value:.1f}".replace("-", MINUS)
        return self.text("points_one" if text.lstrip(f"+{MINUS}") == "1.0" else "points", value=text)

    def range_of_points(self, interval: Interval) -> str:
        """``0.6 to 2.1`` of points.

        Args:
            interval: Lower and upper end.
        """
        low, high = (f"{100 * end:.1f}".replace("-", MINUS) for end in interval)
        return self.text("range", low=low, high=high)

    def page_strings(self) -> Mapping[str, str | Mapping[str, str]]:
        """The strings that the page's script needs, without their prefix."""
        return {key.removeprefix(PAGE): value for key, value in self.strings.items() if key.startswith(PAGE)}


def signed_points(value: float) -> str:
    """``+1.4``, ``−0.3``, ``0.0``.

    Args:
        value: A difference of shares.
    """
    text = f"{100 * value:+.1f}".replace("-", MINUS)
    return "0.0" if text in ("+0.0", f"{MINUS}0.0") else text


def percent(share: float, digits: int = 0) -> str:
    """A share of a hundred: ``51 %``, with a space that does not break.

    Args:
        share: From 0 to 1.
        digits: Decimals.
    """
    return f"{100 * share:.{digits}f}{_SPACE}%"


def in_one_line(text: str) -> str:
    """A short text whose spaces do not break: ``p = 0.53``.

    Args:
        text: The text.
    """
    return text.replace(" ", _SPACE)


def _shown(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _part(name: str, values: Mapping[str, Child | int]) -> Child:
    value = values[name]
    return f"{value:,}" if isinstance(value, int) else value


def language_of(code: str | None) -> Language:
    """A language by its code; None: the locale's, else English.

    Args:
        code: "en" or "ko".
    """
    return _language(code if code in LANGUAGES else _of_locale())


@cache
def _language(code: str) -> Language:
    return Language("ko" if code == "ko" else "en", json.loads(read_web(f"{code}.json")))


def _of_locale() -> str:
    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), None)
    return "ko" if (named or locale.getlocale()[0] or "").startswith("ko") else "en"
