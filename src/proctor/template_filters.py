"""Filters of jinja within the bounds: what one is given and makes is measured, what it costs is paid.

A filter stays jinja's; around it stands as little as can be, since ``trim`` alone runs for each message of a chat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from proctor.template_limits import (
    CALL,
    CONTAINERS,
    ITEMS_A_STEP,
    LEFT,
    SHORT,
    CountedIterable,
    bounded_value,
    budget,
    searched,
    turns,
)
from proctor.template_sizes import FILTERS, written_size

_STRUCTURAL = frozenset(
    [
        *("attr", "batch", "count", "d", "default", "dictsort", "first", "groupby", "items", "last", "length", "list"),
        *("map", "max", "min", "random", "reject", "rejectattr", "reverse", "select", "selectattr", "slice", "sort"),
        *("sum", "tojson", "unique"),
    ]
)
"""Filters that write nothing out, or that say in FILTERS how much."""
_AT_A_GLANCE = frozenset(["attr", "count", "d", "default", "first", "last", "length", "random"])
"""Filters that take no longer for a long value than for a short one."""
_BY_ARGUMENT = frozenset(["trim"])
"""Filters that cost more by their arguments alone."""
_EACH = frozenset(["map", "select", "reject", "selectattr", "rejectattr"])
"""Filters that call something for each item."""


def bounded_filter(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that says beforehand how large its result is."""
    from jinja2.filters import do_trim

    prepare = _taker(name)
    if getattr(function, "jinja_pass_arg", None) is not None:  # its value is the second that jinja hands to it

        @wraps(function)
        def bounded(passed: Any, value: Any, /, *args: Any, **kwargs: Any) -> Any:
            value = prepare(value, args, kwargs)
            return _result(function(passed, value, *args, **kwargs), value)

        return bounded

    if name in FILTERS and name not in _BY_ARGUMENT:

        @wraps(function)
        def bounded_by_size(value: Any, /, *args: Any, **kwargs: Any) -> Any:
            value = prepare(value, args, kwargs)
            return _result(function(value, *args, **kwargs), value)

        return bounded_by_size

    # do_trim() of jinja converts and checks; of a plain text without arguments str.strip gives the same.
    short = str.strip if function is do_trim else function

    @wraps(function)
    def bounded_text(value: Any, /, *args: Any, **kwargs: Any) -> Any:
        if type(value) is not str or args or kwargs:
            prepare(value, args, kwargs)
            return _result(function(value, *args, **kwargs), value)
        left = LEFT.get()
        # budget.spend() written out: this runs for each message of each chat.
        left.steps -= CALL * left.step
        if left.steps < 0:
            left.pay(0)
        result = short(value)
        if result is value or (type(result) is str and len(result) <= SHORT):
            return result
        return _result(result, value)

    return bounded_text


def _taker(name: str) -> Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Any]:
    """What checks a filter's arguments beforehand, and gives its value."""
    size, written = FILTERS.get(name), name not in _STRUCTURAL

    def prepare(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        budget.spend(CALL)
        if type(value) is not str and name not in _AT_A_GLANCE:
            if written:
                budget.make(written_size(value))
            else:
                searched(value)
        if size is not None:
            check_size(size, (value, *args), kwargs)
        return _each(value, args) if name in _EACH else value

    return prepare


def _each(value: Any, others: tuple[Any, ...]) -> Any:
    """The value of a filter that calls something for each item, which may search the other arguments."""
    lengths = [len(other) for other in others if isinstance(other, CONTAINERS)]
    steps = CALL + sum(lengths) // ITEMS_A_STEP
    if hasattr(value, "__len__"):
        return CountedIterable(value, steps)
    return turns(value, steps) if hasattr(value, "__next__") else value


def _result(result: Any, value: Any) -> Any:
    """What a filter made of ``value``."""
    if isinstance(result, str):
        budget.make(len(result))
    elif type(result) is list:
        budget.work_through(len(result))
    elif type(result) is int:
        bounded_value(result)
        if type(value) is str and len(value) > SHORT:
            LEFT.get().pay(len(value) // SHORT)
    return result


def check_size(size: Callable[..., int], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Refuse a call that makes too large a value, by what ``size`` says of its arguments."""
    try:
        budget.make(size(*args, **kwargs))
    except (AttributeError, TypeError, ValueError):
        return  # arguments that do not fit, which the filter or the method says itself
