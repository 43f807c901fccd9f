"""The declarations of settings: that they are whole, and that what cannot be derived from them is equal to them."""

from __future__ import annotations

import dataclasses
import logging
import re

import pytest

import proctor
from proctor.cli.flags import add_run_flags, add_setting_flags
from proctor.cli.main import SUBCOMMANDS
from proctor.cli.values import SentenceParser
from proctor.errors import UsageError
from proctor.settings.config import build_config, check_values
from proctor.settings.declarations import SETTINGS, RunConfig


def parser_of(subcommand):
    parser = SentenceParser(prog=f"proctor {subcommand}")
    add_run_flags(parser) if subcommand == "run" else add_setting_flags(parser, subcommand)
    return parser


@pytest.mark.parametrize("name", SETTINGS)
def test_a_default_is_a_value_that_the_setting_accepts(name):
    default = getattr(RunConfig(), name)
    if default is not None and default != {}:
        assert SETTINGS[name].accepts(default) == default


def test_every_field_is_a_setting_with_a_help_and_short_flags_are_given_once():
    assert sorted(field.name for field in dataclasses.fields(RunConfig)) == sorted(SETTINGS)
    assert all(setting.help and setting.section for setting in SETTINGS.values())
    shorts = [setting.short for setting in SETTINGS.values() if setting.short]
    assert len(shorts) == len(set(shorts))
    assert all(re.fullmatch("-[A-Za-z]", short) for short in shorts)


def test_every_subcommand_that_a_setting_names_exists():
    assert {name for one in SETTINGS.values() for name in one.subcommands} <= set(SUBCOMMANDS)


@pytest.mark.parametrize(("subcommand", "flag"), [("regrade", "--limit"), ("validate", "--seed")])
def test_a_subcommand_has_the_settings_that_name_it_and_no_other(subcommand, flag):
    parser = parser_of(subcommand)
    assert parser.parse(["--tasks", "a,b"]).tasks == ["a", "b"]
    with pytest.raises(UsageError, match=f"There is no flag {flag}"):
        parser.parse([flag, "1"])


def test_what_was_not_given_is_not_there_in_any_subcommand():
    for subcommand in ("run", "preview", "validate", "regrade"):
        assert vars(parser_of(subcommand).parse([])) == {}


def test_every_flag_of_a_setting_gives_a_value_that_is_accepted():
    given = {"optional": None, "switch": True, "pairs": {"a": 1}, "names": ["x"], "repeated": ["x"]}
    words = {
        "batch_size": "auto:2",
        "samples": '{"a": [0]}',
        "fewshot_exclude": "always",
        "verbosity": "info",
        "mc": "text",
        "limit_order": "random",
        "early_stop": "width=0.02",
        "fewshot_seeds": "3",
        "choice_orders": "sampled:8",
        "choice_orders_keep": "fixed+pinned",
        "formulations": "letter,text",
    }
    for name, setting in SETTINGS.items():
        value = setting.alone if setting.shape == "optional" else given.get(setting.shape, words.get(name, "1"))
        assert check_values({name: value}), name


@pytest.mark.parametrize("page", ["command-line.md", "command-line.ko.md"])
def test_every_setting_has_its_row_with_its_short_flag(page, repository):
    text = (repository / "docs" / page).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `--")]
    for name, setting in SETTINGS.items():
        [row, *_] = [line for line in rows if f"`--{name}`" in line.split(" | ")[0]] or [None]
        assert row is not None, f"{page} has no row of --{name}"
        assert setting.short is None or f"`{setting.short}`" in row.split(" | ")[1], row


def test_python_hears_of_a_setting_that_has_no_effect_there(write_exam, tmp_path, caplog):
    folder = write_exam(tmp_path / "exam", "one", documents=2)
    with caplog.at_level(logging.WARNING, "proctor"):
        proctor.evaluate(model="dummy", tasks="one", include_path=folder, no_store=True, show_config=True)  # type: ignore[call-arg]
    assert "show_config is a setting of the command line: it has no effect here." in caplog.text


def test_all_wrong_values_are_told_at_once():
    with pytest.raises(UsageError, match=r"(?s)--num_fewshot must be a whole number.*--tsks: there is no such setting"):
        check_values({"num_fewshot": "x", "tsks": ["a"]})
    assert check_values({"num_fewshot": "3", "store": None}) == {"num_fewshot": 3}
    with pytest.raises(UsageError, match="--limit must be a number above 0"):
        build_config({"limit": "-1", "tasks": ["a"]})
