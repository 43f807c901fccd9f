"""Bounds for Jinja templates of strangers: what one rendering may compute, make and print.

Jinja's sandbox keeps a template from the harness's objects, not from the machine: ``'x' * 10**10`` fills the
memory, ``9**9**9`` and four nested loops never end, and nothing in Python interrupts one long call in C. A child
process with limits would cost more than the rendering, and a clock would make results depend on the machine. So
the work is counted, as deterministic as the rendering itself:

- each turn of a loop and each call is a step, and dearer once a large value exists, because anything may be done
  with it in a step; :data:`STEPS` are allowed;
- what makes a value much larger than its parts (``*``, ``**``, ``%``, ``center``, ``join``, ``replace``, ``format``,
  ``batch``, ``indent``, ...) says beforehand how large it will be, and what adds parts (``+``, ``-``, ``~``, lists)
  is measured afterwards, a chain of additions once; :data:`LARGEST` is allowed for one value, :data:`TOTAL` for all
  of them together;
- what a filter works through, and a list that is searched or compared, costs steps by its length;
- what a list holds counts as often as it is written out: ``[x, x]`` made forty times in a row is small in memory
  and endless as text.

Everything else of Jinja gives at most a constant times what it takes, and a template is finite. The invariant:
a template within the bounds renders to the same string as without them. It holds for task templates and, by
:func:`proctor.template_environment.bounded_like`, for chat templates in the environment that transformers makes.

A prompt is rendered for every request, so the checks stand where a template is compiled
(:mod:`proctor.template_tree`) wherever that can be, and each begins with the case that nearly always holds: a
short text, a small number, a short list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from proctor.template_sizes import LARGEST, TemplateTooLarge, number_size, written_size

TOTAL = 500_000_000
"""Letters of all values of one rendering together."""
STEPS = 10_000_000
"""Turns of loops, and calls at :data:`CALL` steps each, of one rendering."""
CALL = 20
SHORT = 256
"""Letters or items of a value that costs no more than any other."""
ITEMS_A_STEP = 16
_TURNS_AT_ONCE = 64
_SMALL_BITS = 1024
CONTAINERS = (list, tuple, dict, set, range)


class _Remaining:
    """What is left to one rendering: steps, what one costs now, and letters made so far."""

    __slots__ = ("made", "step", "steps")

    def __init__(self) -> None:
        self.steps, self.step, self.made = STEPS, 1, 0

    def pay(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TemplateTooLarge(f"a template may not take more than {STEPS:,} steps")


# A context variable and no argument: jinja calls filters and operators without a place for one.
LEFT: ContextVar[_Remaining] = ContextVar("what is left to the rendering of this thread")


class _Budget:
    """What is left of the bounds to the rendering of this thread; :data:`LEFT` is found quicker than thread locals."""

    def renew(self) -> None:
        LEFT.set(_Remaining())

    def spend(self, steps: int = 1) -> None:
        """Take steps, at what one costs now."""
        left = LEFT.get()
        left.pay(steps * left.step)

    def work_through(self, items: int) -> None:
        """Something takes all the items of a long value."""
        if items > SHORT:
            LEFT.get().pay(items // ITEMS_A_STEP)

    def make(self, size: int) -> None:
        """A value of ``size`` letters or items is made."""
        if size <= SHORT:
            return
        if size > LARGEST:
            raise TemplateTooLarge(f"a template may not make something of more than {LARGEST:,} letters or items")
        left = LEFT.get()
        left.made += size
        if left.made > TOTAL:
            raise TemplateTooLarge(f"a template may not make more than {TOTAL:,} letters in all")
        # The dearest value so far sets the price of a step for the rest of the rendering: it may be touched in each.
        if size // SHORT > left.step:
            left.step = size // SHORT


budget = _Budget()


# -- the checks that the tree of a template holds


def counted(items: Iterable[Any]) -> Iterable[Any]:
    """What a loop runs over, each turn a step; those of a short list are paid at once, which costs no call each."""
    if type(items) is list and len(items) <= _TURNS_AT_ONCE:
        budget.spend(len(items))
        return items
    # A generator has no length; it is counted turn by turn.
    return CountedIterable(items) if hasattr(items, "__len__") else turns(items)


def turns(items: Iterable[Any], steps: int = 1) -> Iterator[Any]:
    """``items``, each for some steps."""
    spend = budget.spend
    for item in items:
        spend(steps)
        yield item


class CountedIterable:
    """A sized iterable whose turns are counted: ``loop.length`` needs the size."""

    __slots__ = ("items", "steps")

    def __init__(self, items: Any, steps: int = 1) -> None:
        self.items, self.steps = items, steps

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Any]:
        return turns(self.items, self.steps)


def bounded_value(value: Any) -> Any:
    """``value``, which was just made, if it is not too large as it is written out."""
    if type(value) is str:
        if len(value) > SHORT:
            budget.make(len(value))
    elif type(value) is not int:
        budget.make(written_size(value))
    elif value.bit_length() > _SMALL_BITS:
        budget.make(number_size(value.bit_length()))
    return value


def printed(value: Any) -> Any:
    """``value``, if it is not too large as it is written out; a text is there already."""
    return value if type(value) is str else bounded_value(value)


def searched(container: Any) -> Any:
    """``container``, which is searched, or compared with another."""
    if type(container) is str:
        if len(container) > SHORT:
            LEFT.get().pay(len(container) // SHORT)
    elif isinstance(container, CONTAINERS):
        budget.spend()
        budget.work_through(len(container))
    return container
