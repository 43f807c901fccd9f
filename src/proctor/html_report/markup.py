"""HTML as text: elements from their names, attributes and children; whatever is no HTML is escaped."""

# A report shows texts that anybody may have written: documents, responses, names of models. So text is escaped
# unless it has the type Html, and only this module makes Html of a text. What no page can hold (NUL, lone surrogates,
# other control characters) becomes the replacement character, visibly.
#
# Pages have thousands of cells and marks, so an element takes no more bytes than HTML asks for: end tags that the next
# tag implies are left out, shapes of SVG end themselves, and a plain attribute has no quotes.

from __future__ import annotations

import re
from typing import TypeAlias

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_PLAIN = re.compile(r"[\w.:#%,-]+", re.ASCII)
"""Values of attributes that need no quotes."""
_VOID = frozenset({"br", "hr", "input", "meta", "wbr"})
"""Elements of HTML without an end tag."""
_IMPLIED = frozenset({"li", "td", "th", "tr"})
"""Elements that end where the next of their kind begins or the one around them ends; nothing else may follow them."""
_SHAPES = frozenset({"line", "path", "rect", "use"})
"""Elements of SVG that hold nothing."""


class Html(str):
    """Text that is HTML."""

    __slots__ = ()


Child: TypeAlias = "str | list[Child] | tuple[Child, ...] | None"
"""A text, HTML, several of them, or nothing."""
Attribute: TypeAlias = str | int | float | bool | None


def escape(text: str) -> Html:
    """A text as HTML that shows it, between tags and in quoted attributes.

    Args:
        text: Any text.
    """
    return Html(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text).translate(_ESCAPES))


def element(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element: ``element("td", "a < b", class_="num")``.

    Args:
        name: Its tag.
        children: Texts, which are escaped, and HTML, which is not; None is left out.
        attributes: Underscores are hyphens, one at the end is dropped; None and False are left out, True has no value.
    """
    start = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}"
    if name in _SHAPES:
        # After a value without quotes, the slash would be a part of it.
        return Html(f"{start}/>" if start.endswith('"') else f"{start} />")
    end = "" if name in _VOID or name in _IMPLIED else f"</{name}>"
    return Html(f"{start}>{joined(*children)}{end}")


def joined(*children: Child) -> Html:
    """Children one after the other.

    Args:
        children: As of :func:`element`.
    """
    return Html("".join(_child(child) for child in children))


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, str):
        return child if isinstance(child, Html) else escape(child)
    return "".join(_child(one) for one in child)


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    if value is True:
        return f" {name}"
    if isinstance(value, float):
        value = f"{value:.2f}".rstrip("0").rstrip(".")
    text = str(value)
    return f" {name}={text}" if _PLAIN.fullmatch(text) else f' {name}="{escape(text)}"'


def isolated(text: str) -> Html:
    """A name of somebody's own, whose direction of writing touches nothing around it.

    Args:
        text: The name.
    """
    return element("bdi", text)
