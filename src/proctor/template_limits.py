"""Bounds for Jinja templates of strangers: what one rendering may compute, make and print.

Jinja's sandbox keeps a template from the harness's objects, not from the machine: ``'x' * 10**10`` fills the
memory, ``9**9**9`` and four nested loops never end, and nothing in Python interrupts one long call in C. A child
process with limits would cost more than the rendering, and a clock would make results depend on the machine. So
the work is counted, as deterministic as the rendering itself:

- each turn of a loop and each call is a step, and dearer once a large value exists, because anything may be done
  with it in a step; :data:`STEPS` are allowed;
- what makes a value larger than its parts (``*``, ``**``, ``%``, ``+``, ``~``, ``center``, ``join``, ``replace``,
  ``format``, ``batch``, ``indent``, ...) says beforehand how large it will be; :data:`LARGEST` is allowed for one
  value, :data:`TOTAL` for all of them together;
- what a list holds counts as often as it is written out: ``[x, x]`` made forty times in a row is small in memory
  and endless as text.

Everything else of Jinja gives at most a constant times what it takes, and a template is finite. The invariant:
a template within the bounds renders to the same string as without them. It holds for task templates and, by
:func:`bounded_like`, for chat templates in the environment that transformers makes.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, wraps
from typing import Any

from proctor.template_sizes import FILTERS, LARGEST, METHODS, OPERATORS, TemplateTooLarge, lorem_size, written_size

TOTAL = 500_000_000
"""Letters of all values of one rendering together."""
STEPS = 10_000_000
"""Turns of loops, and calls at :data:`CALL` steps each, of one rendering."""
CALL = 20
_BYTES_A_STEP = 256
_ITEMS_A_STEP = 16
_WIDE_FIELD = re.compile(r"%[-_^#+0]*\d{4,}")


class _Budget(threading.local):
    """What is left of the bounds to the rendering of this thread."""

    steps = STEPS
    step = 1
    made = 0

    def renew(self) -> None:
        self.steps, self.step, self.made = STEPS, 1, 0

    def spend(self, steps: int = 1) -> None:
        self.steps -= steps * self.step
        if self.steps < 0:
            raise TemplateTooLarge(f"a template may not take more than {STEPS:,} steps")

    def make(self, size: int) -> None:
        """A value of ``size`` letters or items is about to be made."""
        if size > LARGEST:
            raise TemplateTooLarge(f"a template may not make something of more than {LARGEST:,} letters or items")
        if size > _BYTES_A_STEP:
            self.made += size
            if self.made > TOTAL:
                raise TemplateTooLarge(f"a template may not make more than {TOTAL:,} letters in all")
            self.step = max(self.step, size // _BYTES_A_STEP)


budget = _Budget()


def counted(items: Iterable[Any]) -> Iterable[Any]:
    """What a loop runs over, each turn a step."""
    return _Counted(items) if hasattr(items, "__len__") else _turns(items)


def _turns(items: Iterable[Any]) -> Iterator[Any]:
    spend = budget.spend
    for item in items:
        spend()
        yield item


class _Counted:
    """A sized iterable whose turns are counted: ``loop.length`` needs the size."""

    __slots__ = ("items",)

    def __init__(self, items: Any) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return _turns(self.items)


def bounded_value(value: Any) -> Any:
    """``value``, if it is not too large as it is written out."""
    if type(value) is not str or len(value) > _BYTES_A_STEP:  # nearly everything that is printed is short
        budget.make(written_size(value))
    return value


def compared(value: Any) -> Any:
    """``value``, one side of a comparison, which may look at each item of it."""
    if isinstance(value, (str, bytes)):
        budget.spend(len(value) // _BYTES_A_STEP)
    elif isinstance(value, range):
        budget.spend(len(value) // _ITEMS_A_STEP)
    elif isinstance(value, (list, tuple, dict, set)):
        budget.spend(written_size(value) // _ITEMS_A_STEP)
    return value


_STRUCTURAL = frozenset(
    [
        *("attr", "batch", "count", "d", "default", "dictsort", "first", "groupby", "items", "last", "length", "list"),
        *("map", "max", "min", "random", "reject", "rejectattr", "reverse", "select", "selectattr", "slice", "sort"),
        *("sum", "unique"),
    ]
)
"""Filters that write nothing out."""


def _bounded_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that says beforehand how large its result is; what jinja hands to it first is not its value."""
    size = FILTERS.get(name)
    skipped = 1 if getattr(function, "jinja_pass_arg", None) is not None else 0

    @wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        budget.spend(CALL)
        given = args[skipped:]
        if name not in _STRUCTURAL and given and not isinstance(given[0], str):
            budget.make(written_size(given[0]))
        if size is not None:
            with suppress(AttributeError, TypeError):  # arguments that do not fit, which the filter says itself
                budget.make(size(*given, **kwargs))
        result = function(*args, **kwargs)
        if isinstance(result, int):
            budget.make(written_size(result))
        elif isinstance(result, (str, list)) and len(result) > _BYTES_A_STEP:
            budget.make(len(result))
        return result

    return bounded


# -- an environment with bounds


@cache
def _bounded_class(base: type) -> type:
    from jinja2.runtime import LoopContext
    from jinja2.utils import generate_lorem_ipsum

    class Bounded(base):
        """A sandboxed environment of jinja whose templates keep to the bounds."""

        intercepted_binops = frozenset(OPERATORS)

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            budget.make(OPERATORS[operator](left, right))
            return super().call_binop(context, operator, left, right)

        def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
            budget.spend(CALL)
            if isinstance(__obj, LoopContext):
                args = (counted(args[0]), *args[1:]) if args else args
            elif __obj is generate_lorem_ipsum:
                budget.make(lorem_size(*args, **kwargs))
            else:
                _check_method(__obj, args, kwargs)
            return super().call(__context, __obj, *args, **kwargs)

        def _generate(self, source: Any, *args: Any, **kwargs: Any) -> str:
            return super()._generate(_with_counters(source), *args, **kwargs)

        @staticmethod
        def concat(parts: Iterable[str]) -> str:
            """The text of its parts, if that is not too long."""
            listed = list(parts)
            budget.make(sum(map(len, listed)))
            return "".join(listed)

    return Bounded


def _check_method(called: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Whether a method of a text or a number, such as ``center``, makes too large a value."""
    method = getattr(called, "__wrapped__", called)  # the sandbox wraps str.format
    size = METHODS.get(getattr(method, "__name__", ""))
    owner = getattr(method, "__self__", None)
    if size is not None and isinstance(owner, (str, bytes, int)):
        try:
            budget.make(size(owner, *args, **kwargs))
        except (AttributeError, TypeError, ValueError):
            return  # arguments that do not fit, which the method says itself


@cache
def _counters() -> Any:
    from jinja2 import nodes
    from jinja2.visitor import NodeTransformer

    def through(name: str, node: Any) -> Any:
        return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)

    class Counters(NodeTransformer):
        """Sends through the bounds what no hook of jinja's sandbox sees: loops, comparisons, ``~``, lists and more."""

        def visit_For(self, node: Any) -> Any:
            self.generic_visit(node)
            node.iter = through("_counted", node.iter)
            return node

        def visit_Compare(self, node: Any) -> Any:
            self.generic_visit(node)
            node.expr = _weighed(node.expr)
            for operand in node.ops:
                operand.expr = _weighed(operand.expr)
            return node

        def visit_Concat(self, node: Any) -> Any:
            self.generic_visit(node)
            node.nodes = [part if _is_text(part) else through("_bounded", part) for part in node.nodes]
            return through("_bounded", node)

        def visit_Output(self, node: Any) -> Any:
            self.generic_visit(node)
            node.nodes = [part if _is_text(part) else through("_bounded", part) for part in node.nodes]
            return node

        def visit_List(self, node: Any) -> Any:
            self.generic_visit(node)
            return through("_bounded", node) if node.items else node

        visit_Dict = visit_List

        def visit_Tuple(self, node: Any) -> Any:
            self.generic_visit(node)
            return through("_bounded", node) if node.items and node.ctx == "load" else node

        def visit_Assign(self, node: Any) -> Any:
            self.generic_visit(node)
            if isinstance(node.target, nodes.NSRef):
                node.node = through("_bounded", node.node)
            return node

    def _weighed(node: Any) -> Any:
        return node if isinstance(node, nodes.Const) else through("_compared", node)

    def _is_text(node: Any) -> bool:
        return isinstance(node, (nodes.TemplateData, nodes.Const))

    return Counters()


def _with_counters(source: Any) -> Any:
    tree = _counters().visit(source)
    if tree.environment is not None:
        tree.set_environment(tree.environment)
    return tree


def bound(environment: Any) -> Any:
    """Let a sandboxed environment of jinja keep to the bounds; templates compiled from now on do."""
    environment.__class__ = _bounded_class(type(environment))
    for name, function in list(environment.filters.items()):
        environment.filters[name] = _bounded_filter(name, function)
    environment.filters.update(_counted=counted, _bounded=bounded_value, _compared=compared)
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
    return bound(environment).from_string(source)
