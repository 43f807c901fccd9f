"""Jinja templates, each compiled once a process.

The environment is sandboxed and otherwise lm-eval's: an undefined variable is an error, the
trailing newline stays, and ``regex_replace`` is a filter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from proctor.errors import error_line
from proctor.regex_limits.bounded import compiled, sub
from proctor.template_environment import bound, renderer
from proctor.template_limits import budget

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

Renderer = Callable[[Mapping[str, Any]], str]

UNREADABLE = (ArithmeticError, MemoryError, RecursionError, SyntaxError, ValueError)
"""What jinja and Python raise of a template that nests too deep or holds a number of thousands of digits."""


def regex_replace(string: str, pattern: str, repl: str, count: int = 0) -> str:
    """The filter ``regex_replace``: :func:`re.sub` with its arguments in template order."""
    return sub(compiled(pattern), repl, string, count)


@cache
def _environment() -> SandboxedEnvironment:
    from jinja2 import BaseLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(loader=BaseLoader(), undefined=StrictUndefined, keep_trailing_newline=True)
    # lm-eval: sandboxed as task files of strangers need it, with StrictUndefined, so that a misspelt column is an
    # error.
    environment.filters["regex_replace"] = regex_replace
    return bound(environment)


@cache
def compile_template(source: str) -> Renderer:
    """A function from a document to text; raises ``jinja2.TemplateSyntaxError`` for a broken template."""
    template = _environment().from_string(source)
    quick = renderer(template, source) or template.render

    def render(doc: Mapping[str, Any]) -> str:
        # Bounds are for one rendering: a large task must not use up what its first documents left.
        budget.renew()
        return quick(doc)

    return render


@cache
def template_error(source: str) -> str | None:
    """What is wrong with a template's syntax, with the line within it; nothing is rendered."""
    if "{" not in source:
        return None
    from jinja2 import TemplateSyntaxError

    try:
        _environment().compile(source, raw=True)
    except TemplateSyntaxError as error:
        where = f" (its line {error.lineno})" if "\n" in source.strip("\n") else ""
        return f"{error.message}{where}"
    except UNREADABLE as error:
        return f"it cannot be read: {error_line(error)}"
    return None
