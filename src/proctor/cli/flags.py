"""The flags, named as lm-evaluation-harness names them, made of the declarations of the settings.

None has a default. What was not given stays out of the namespace, so that a configuration file can give it and
:mod:`proctor.settings.config` can tell the two apart. That is where values are checked: a flag only takes words.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, TypeAlias

from proctor.cli.values import ModelPairs, Pairs, SentenceParser, Words
from proctor.settings.declarations import SETTINGS
from proctor.settings.setting import Setting, Shape

_Flags: TypeAlias = "argparse.ArgumentParser | argparse._ArgumentGroup"

_SHAPES: dict[Shape, dict[str, Any]] = {
    "text": {},
    "switch": {"action": "store_true"},
    "pairs": {"nargs": "+", "action": Pairs},
    "names": {"nargs": "+", "action": Words},
    "repeated": {"action": "append"},
    "optional": {"nargs": "?"},
}
"""What argparse does with the words of each shape."""

_ACTIONS: dict[str, dict[str, Any]] = {"model_args": {"action": ModelPairs}}
"""Setting -> what its flag has instead; :func:`proctor.settings.model_list.split_flags` reads it."""


def add_run_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``run``, in the groups of its help."""
    _prepare(parser)
    groups: dict[str, _Flags] = {}
    for name, setting in SETTINGS.items():
        if setting.section not in groups:
            groups[setting.section] = parser.add_argument_group(setting.section)
        _add(groups[setting.section], name, setting, setting.help)


def add_setting_flags(parser: argparse.ArgumentParser, subcommand: str) -> None:
    """The flags of those settings that another subcommand than ``run`` has.

    Args:
        parser: The subcommand's.
        subcommand: Its name.
    """
    _prepare(parser)
    for name, setting in SETTINGS.items():
        text = setting.help_in(subcommand)
        if text is not None:
            _add(parser, name, setting, text, *_MORE_NAMES.get((subcommand, name), ()))


def add_named_flags(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """The flags of some settings, with the help that they have for ``run``.

    Args:
        parser: The subcommand's.
        names: The settings.
    """
    _prepare(parser)
    for name in names:
        _add(parser, name, SETTINGS[name], SETTINGS[name].help)


def add_validate_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``validate``."""
    add_setting_flags(parser, "validate")
    parser.add_argument("--no_data", action="store_true", help="check the files only: load no data, render no template")
    parser.add_argument(
        "--run_task_code",
        action="store_true",
        help="also run the Python functions of the task files, on every document",
    )


def add_preview_flags(parser: argparse.ArgumentParser) -> None:
    """Every flag of ``preview``.

    Settings of ``run`` that change no prompt are accepted and have no effect, so that a command line of ``run``
    becomes one of ``preview`` by its subcommand alone.
    """
    add_setting_flags(parser, "preview")
    parser.add_argument(
        "--plan",
        action="store_true",
        help="show the tokens that a run computes and what shared prefixes save, no prompts; needs --model_args",
    )
    parser.add_argument(
        "--estimate",
        action="store_true",
        help="as --plan, and how long the run will take: loads the model and measures a few requests. Of a served "
        "model: its tokens, and with --prices the cost; nothing is sent",
    )
    parser.add_argument(
        "--power",
        action="store_true",
        help="show which differences between models the documents would find, with --limit too; needs no model",
    )
    for name, setting in SETTINGS.items():
        # Hidden from the help, and accepted.
        if setting.help_in("preview") is None:
            _add(parser, name, setting, argparse.SUPPRESS)


_MORE_NAMES: dict[tuple[str, str], tuple[str, ...]] = {("preview", "limit"): ("-n", "--n")}
"""Subcommand and setting -> further names of the flag."""


def _prepare(parser: argparse.ArgumentParser) -> None:
    # Else every flag that was not given would override the configuration file with None.
    parser.argument_default = argparse.SUPPRESS
    if isinstance(parser, SentenceParser):
        parser.our_own = frozenset(f"--{name}" for name, setting in SETTINGS.items() if setting.ours)


def _add(group: _Flags, name: str, setting: Setting, text: str, *more_names: str) -> None:
    names = [f"--{name}", *([setting.short] if setting.short else []), *more_names]
    more = {**_SHAPES[setting.shape], **_ACTIONS.get(name, {})}
    if setting.shape != "switch":
        more["metavar"] = setting.value
    if setting.shape == "optional":
        more["const"] = setting.alone
    group.add_argument(*names, help=text, **more)
