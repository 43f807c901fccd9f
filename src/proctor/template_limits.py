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
import string
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, wraps
from typing import Any

LARGEST = 10_000_000
"""Letters, or items as they are written out, of one value."""
TOTAL = 500_000_000
"""Letters of all values of one rendering together."""
STEPS = 10_000_000
"""Turns of loops, and calls at :data:`CALL` steps each, of one rendering."""
CALL = 20
MOST_BITS = 1 << 20
"""Bits of a whole number; one of more than 14,000 cannot be written out anyway."""
_BYTES_A_STEP = 256
_WIDTH = re.compile(r"\d+")
_WIDE_FIELD = re.compile(r"%[-_^#+0]*\d{4,}")
_FORMAT = re.compile(r"%(?:\([^)]*\))?[-+ #0]*(\*|\d+)?(?:\.(\*|\d+))?")


class TemplateTooLarge(OverflowError):
    """A template makes or does more than one rendering may."""


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


# -- how large a value is, and how large an operation makes it


def written_size(value: Any) -> int:
    """Letters or items of a value as it is written out: what two lists share counts twice."""
    if isinstance(value, str):
        return len(value)
    return _walk(value, {}, 0)


def _walk(value: Any, known: dict[int, int], depth: int) -> int:
    if isinstance(value, (str, bytes)):
        return len(value)
    attributes = None
    if not isinstance(value, (list, tuple, dict, set)):
        if not any(base.__name__ == "Namespace" for base in type(value).__mro__):
            return 1
        attributes = object.__getattribute__(value, "_Namespace__attrs")
    if depth > 200:
        raise TemplateTooLarge("a template may not nest lists more than 200 deep")
    mark = id(value)
    if mark not in known:
        known[mark] = 1  # within itself: Python writes it as [...]
        items = attributes if attributes is not None else value
        parts = [*items.keys(), *items.values()] if isinstance(items, Mapping) else items
        total = 1
        for part in parts:
            total += _walk(part, known, depth + 1)
            if total > LARGEST:
                break
        known[mark] = total
    return known[mark]


def bounded_value(value: Any) -> Any:
    """``value``, if it is not too large as it is written out."""
    if type(value) is not str or len(value) > _BYTES_A_STEP:  # nearly everything that is printed is short
        budget.make(written_size(value))
    return value


def _product(left: Any, right: Any) -> int:
    if isinstance(left, int):
        left, right = right, left
    if not isinstance(right, int):
        return 0
    if isinstance(left, int):
        return _of_bits(left.bit_length() + right.bit_length())
    return written_size(left) * max(0, right) if hasattr(left, "__len__") else 0


def _of_bits(bits: int) -> int:
    return LARGEST + 1 if bits > MOST_BITS else bits // 8


def _power(left: Any, right: Any) -> int:
    whole = isinstance(left, int) and isinstance(right, int)
    return _of_bits(left.bit_length() * max(0, right)) if whole else 0


def _sum(left: Any, right: Any) -> int:
    if isinstance(left, str):
        return len(left) + len(right) if isinstance(right, str) else 0
    return written_size(left) + written_size(right) if isinstance(left, (list, tuple)) else 0


def _filled(left: Any, right: Any) -> int:
    """``'%30d' % 1``: the widths, and what is filled in as often as the text asks for it."""
    if not isinstance(left, str):
        return 0
    stars = right if isinstance(right, tuple) else (right,)
    widths = [part for match in _FORMAT.finditer(left) for part in match.groups() if part]
    asked = sum(int(width[:12]) for width in widths if width != "*")
    asked += sum(abs(value) for value in stars if isinstance(value, int)) if "*" in widths else 0
    return len(left) + asked + written_size(right) * max(1, left.count("%("))


OPERATORS: Mapping[str, Callable[[Any, Any], int]] = {"*": _product, "**": _power, "+": _sum, "%": _filled}


def _width(value: Any, width: Any = 80, *_: Any, **__: Any) -> int:
    return max(len(value) if hasattr(value, "__len__") else 1, width if isinstance(width, int) else 0)


def _padded(text: Any, width: Any = 8, *_: Any, **__: Any) -> int:
    return len(text) + text.count("\t" if isinstance(text, str) else b"\t") * (width if isinstance(width, int) else 8)


def _joined(separator: Any, items: Any, *_: Any) -> int:
    if not isinstance(items, (list, tuple, set, dict, str)):
        return 0
    return sum(map(written_size, items)) + len(separator) * len(items)


def _replaced(text: Any, old: Any, new: Any, *_: Any, **__: Any) -> int:
    text, old, new = str(text), str(old), str(new)
    return len(text) + text.count(old) * len(new)


def _translated(text: Any, table: Any, *_: Any) -> int:
    values = table.values() if isinstance(table, Mapping) else ()
    return len(text) * max([1, *(len(value) for value in values if isinstance(value, str))])


def _formatted(text: Any, *args: Any, **kwargs: Any) -> int:
    """``'{:30}{}'.format(...)``: widths, and each value as often as a field names it."""
    values = [*args, *kwargs.values()]
    size, largest = len(text), max([0, *map(written_size, values)])
    for _, field, spec, _ in string.Formatter().parse(str(text)):
        if field is None:
            continue
        size += largest + sum(int(width[:12]) for width in _WIDTH.findall(spec or ""))
        if "{" in (spec or ""):
            size += max([0, *(abs(value) for value in values if isinstance(value, int))])
    return size


METHODS: Mapping[str, Callable[..., int]] = {
    **dict.fromkeys(("center", "ljust", "rjust", "zfill", "to_bytes"), _width),
    "expandtabs": _padded,
    "join": _joined,
    "replace": _replaced,
    "translate": _translated,
    "format": _formatted,
    "format_map": lambda text, values: _formatted(text, **{str(key): value for key, value in dict(values).items()}),
}


def _count(_: Any, count: Any = 1, *__: Any, **named: Any) -> int:
    counts = [count, named.get("linecount"), named.get("slices")]
    return max([0, *(number for number in counts if isinstance(number, int))])


def _indented(text: Any, width: Any = 4, *_: Any, **__: Any) -> int:
    step = len(width) if isinstance(width, str) else width if isinstance(width, int) else 0
    return len(str(text)) + (str(text).count("\n") + 1) * step


def _rounded(value: Any, precision: Any = 0, *_: Any, **__: Any) -> int:
    return _power(10, precision)


def _joined_filter(value: Any, d: Any = "", attribute: Any = None) -> int:
    return _joined(str(d), value) if attribute is None else 0


def _as_json(value: Any, *args: Any, **kwargs: Any) -> int:
    indents = [number for number in (*args, kwargs.get("indent")) if isinstance(number, int)]
    return written_size(value) * (1 + max([0, *indents]))


def _lorem(n: Any = 5, html: Any = True, min: Any = 20, max: Any = 100) -> int:
    return 10 * n * max if isinstance(n, int) and isinstance(max, int) else 0


FILTERS: Mapping[str, Callable[..., int]] = {
    "center": _width,
    "batch": _count,
    "slice": _count,
    "indent": _indented,
    "round": _rounded,
    "join": _joined_filter,
    "replace": _replaced,
    "format": lambda text, *args, **kwargs: _filled(str(text), kwargs or args),
    "tojson": _as_json,
}
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
        if isinstance(result, str) and len(result) > _BYTES_A_STEP:
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
                budget.make(_lorem(*args, **kwargs))
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
        """Sends through the bounds what no hook of jinja's sandbox sees: loops, ``~``, lists, namespaces."""

        def visit_For(self, node: Any) -> Any:
            self.generic_visit(node)
            node.iter = through("_counted", node.iter)
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
    environment.filters.update(_counted=counted, _bounded=bounded_value)
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
