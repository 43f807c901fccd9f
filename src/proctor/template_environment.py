"""A sandboxed environment of jinja whose templates keep to the bounds of :mod:`proctor.template_limits`."""

# Where templates are intercepted
# -------------------------------
#   what a template does          how it is met
#   a * b, a ** b, a % b          call_binop: jinja's sandbox calls it for the operators in ``intercepted_binops``
#   f(x), text.center(9)          call: every call of a template goes through the environment
#   x | filter                    the functions in ``environment.filters``, wrapped once
#   for, +, ~, [..], {{ x }}, ==  no hook of jinja: filters put into the syntax tree (proctor.template_tree)
#   the whole text                concat
#
# A subclass of the environment's own class, and not a new environment: transformers makes one with tags and globals of
# its own, which chat templates need. The environment's class is changed in place for the same reason.

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from types import BuiltinMethodType
from typing import Any

from proctor.regex_limits.bounded import SlowPatternError
from proctor.template_filters import bounded_filter, check_size
from proctor.template_limits import CALL, LEFT, SHORT, bounded_value, budget, counted, printed, searched
from proctor.template_sizes import (
    BOUNDED,
    COUNTED,
    METHODS,
    OPERATORS,
    PRINTED,
    SEARCHED,
    TemplateTooLarge,
    lorem_size,
)

_WIDE_FIELD = re.compile(r"%[-_^#+0]*\d{4,}")
_OF_DICTS = frozenset(dir(dict))
_OF_JINJA = ("_block_vars", "_loop_vars")
_CALLING = ("call", "is_safe_callable")


@cache
def _bounded_class(base: Any) -> type:
    from jinja2.sandbox import SandboxedEnvironment

    from proctor.template_tree import with_counters

    base_call, base_getattr, base_binop = base.call, base.getattr, base.call_binop
    calls_as_jinja = all(getattr(base, name) is getattr(SandboxedEnvironment, name) for name in _CALLING)
    looks_up_as_jinja = base.getattr is SandboxedEnvironment.getattr

    class BoundedEnvironment(base):
        """A sandboxed environment of jinja whose templates keep to the bounds."""

        # Not "+" and "-": jinja would call Python for each, while the tree measures a chain of them once.
        intercepted_binops = frozenset(OPERATORS)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            budget.make(OPERATORS[operator](left, right))
            return base_binop(self, context, operator, left, right)

        def call(__self: Any, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
            left = LEFT.get()
            left.pay(CALL * left.step)
            # Built-in methods, such as those of texts, take the short way below; chat templates call few others.
            if type(__obj) is not BuiltinMethodType:
                args = _check_call(__obj, args, kwargs)
                return base_call(__self, __context, __obj, *args, **kwargs)
            for name in _OF_JINJA:
                kwargs.pop(name, None)
            if (args or kwargs) and __obj.__name__ in METHODS:
                _check_method(__obj, args, kwargs)
            if calls_as_jinja and type(__obj.__self__) is str:  # safe, and takes nothing of jinja's
                return __obj(*args, **kwargs)
            return base_call(__self, __context, __obj, *args, **kwargs)

        def getattr(self, obj: Any, attribute: str) -> Any:
            """As jinja's; but what is no attribute of any dictionary is looked up at once."""
            if type(obj) is dict and looks_up_as_jinja and attribute in obj and attribute not in _OF_DICTS:
                return obj[attribute]
            return base_getattr(self, obj, attribute)

        def _generate(self, source: Any, *args: Any, **kwargs: Any) -> str:
            if LEFT.get(None) is None:
                budget.renew()
            return super()._generate(with_counters(source), *args, **kwargs)

        @staticmethod
        def concat(parts: Iterable[str]) -> str:
            """The text of its parts, if that is not too long; each of them has been measured."""
            text = "".join(parts)
            if len(text) > SHORT:
                budget.make(len(text))
            return text

    return BoundedEnvironment


def _check_call(called: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The arguments for what a template calls, if it makes no too large a value."""
    from jinja2.runtime import LoopContext
    from jinja2.utils import generate_lorem_ipsum

    if isinstance(called, LoopContext):
        return (counted(args[0]), *args[1:]) if args else args
    if called is generate_lorem_ipsum:
        named = {name: value for name, value in kwargs.items() if not name.startswith("_")}
        budget.make(lorem_size(*args, **named))
    else:
        _check_method(called, args, kwargs)
    return args


def _check_method(called: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Whether a method of a text or a number, such as ``center``, makes too large a value."""
    method = getattr(called, "__wrapped__", called)  # the sandbox wraps str.format
    size = METHODS.get(getattr(method, "__name__", ""))
    owner = getattr(method, "__self__", None)
    if size is not None and isinstance(owner, (str, bytes, int)):
        check_size(size, (owner, *args), kwargs)


def bound(environment: Any) -> Any:
    """Let a sandboxed environment of jinja keep to the bounds; templates compiled from now on do."""
    environment.__class__ = _bounded_class(type(environment))
    for name, function in list(environment.filters.items()):
        environment.filters[name] = bounded_filter(name, function)
    environment.filters.update({COUNTED: counted, BOUNDED: bounded_value, PRINTED: printed, SEARCHED: searched})
    if "strftime_now" in environment.globals:
        environment.globals["strftime_now"] = _bounded_clock(environment.globals["strftime_now"])
    return environment


def _bounded_clock(strftime_now: Callable[[str], str]) -> Callable[[str], str]:
    @wraps(strftime_now)
    def clock(format: str) -> str:
        # The C library pads "%999999999d" to as many letters.
        if len(format) > 1000 or _WIDE_FIELD.search(format):
            raise TemplateTooLarge("strftime_now takes at most 1,000 letters and widths of three digits")
        return strftime_now(format)

    return clock


def bounded_like(template: Any, source: str) -> Any:
    """``template`` compiled anew from its source, with its own environment's tags, filters and globals, in bounds."""
    environment = template.environment.overlay()
    environment.filters, environment.globals = dict(environment.filters), dict(environment.globals)
    made = bound(environment).from_string(source)
    render = renderer(made, source)
    if render is not None:
        made.render = lambda *args, **kwargs: render(dict(*args, **kwargs))
    return made


def renderer(template: Any, source: str) -> Callable[[Mapping[str, Any]], str] | None:
    """``template.render``, less what jinja sets up alike for every rendering: two thirds of a short text's time.

    None where a template may leave traces in what is set up: a block, or a change of escaping.
    """
    from jinja2.runtime import Context

    alike = vars(template.new_context())
    # Blocks and autoescape keep state in the context that jinja makes anew for each rendering.
    if template.blocks or "autoescape" in source:
        return None
    constants = dict(template.globals)
    root, concat, slowly = template.root_render_func, template.environment.concat, template.render

    def render(values: Mapping[str, Any]) -> str:
        try:
            context = Context.__new__(Context)
            # At once: to write into the dictionary that the context has takes twice as long.
            context.__dict__ = {**alike, "parent": {**constants, **values}, "vars": {}, "exported_vars": set()}
            return concat(root(context))
        except (SlowPatternError, TemplateTooLarge):
            raise
        except Exception:  # noqa: BLE001 - jinja's own way says it with the template's lines
            return slowly(values)

    return render
