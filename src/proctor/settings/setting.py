"""What a declaration of a setting has: how it is given, beside the name, type and default of its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

from proctor.settings import values as accepts

Shape: TypeAlias = Literal["text", "switch", "pairs", "names", "repeated", "optional"]
"""The words after a flag: one; none; ``key=value`` words; names; one, and the flag may be repeated; one or none."""

SAME = ""
"""For the help of another subcommand: as for ``run``."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a setting is given; its name, type and default are those of its field.

    Attributes:
        accepts: Turns what was given into the setting's value, or raises a ValueError that says what it must be.
        shape: The words after its flag.
        section: The group of ``run --help``.
        help: What it does, for ``run --help``.
        value: How its value is shown there; None: the flag stands alone.
        short: The short flag.
        alone: What a flag of shape ``optional`` means without a word.
        ours: lm-eval has no such flag; an abbreviation means it only where no flag of lm-eval's fits.
        command_line: It has no meaning in Python.
        subcommands: Its help in other subcommands that have it. ``preview`` takes every setting of ``run``, and
            those without a help there have no effect.
    """

    accepts: Callable[[Any], Any]
    shape: Shape
    section: str
    help: str
    value: str | None = None
    short: str | None = None
    alone: Any = None
    ours: bool = False
    command_line: bool = False
    subcommands: Mapping[str, str] = field(default_factory=dict)

    def help_in(self, subcommand: str) -> str | None:
        """Its help in another subcommand than ``run``; None where it has none there."""
        own_help = self.subcommands.get(subcommand)
        return self.help if own_help == SAME else own_help


def _declare(
    shape: Shape,
    default: Any,
    check: Callable[[Any], Any],
    section: str,
    value: str | None,
    help_text: str,
    *,
    short: str | None = None,
    alone: Any = None,
    ours: bool = False,
    command_line: bool = False,
    **subcommands: str,
) -> Any:
    """A field with its setting in ``metadata``; a type as ``default`` is called for each run."""
    setting = Setting(check, shape, section, help_text, value, short, alone, ours, command_line, subcommands)
    default_of: dict[str, Any] = {"default_factory": default} if isinstance(default, type) else {"default": default}
    return field(**default_of, metadata={"setting": setting})


text = partial(_declare, "text")
optional = partial(_declare, "optional")
names = partial(_declare, "names")
repeated = partial(_declare, "repeated")


def switch(section: str, help_text: str, **more: Any) -> Any:
    """A setting that is off unless its flag is given."""
    return _declare("switch", False, accepts.switch, section, None, help_text, **more)


def pairs(section: str, help_text: str, **more: Any) -> Any:
    """A setting that is a mapping, empty unless it is given."""
    return _declare("pairs", dict, accepts.mapping, section, "KEY=VALUE", help_text, **more)
