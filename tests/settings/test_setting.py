"""What a declaration makes: a field with its default, and a setting beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import pytest

from proctor.settings import values as accepts
from proctor.settings.setting import SAME, Setting, optional, pairs, switch, text


def test_the_help_of_another_subcommand_is_its_own_the_same_or_none():
    setting = Setting(str, "text", "more", "of run", subcommands={"preview": SAME, "regrade": "of regrade"})
    assert [setting.help_in(name) for name in ("preview", "regrade", "validate")] == ["of run", "of regrade", None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    size: int = text(3, accepts.size, "more", "N", "how many", short="-n", ours=True, preview="how many are shown")
    loud: bool = switch("more", "with sound", command_line=True)
    extras: Mapping[str, object] = pairs("more", "what else")
    template: object = optional(None, accepts.chat_template, "chat", "NAME", "which one", alone=True)


def setting_of(name):
    [one] = [one for one in fields(Config) if one.name == name]
    return one.metadata["setting"]


def test_a_declaration_is_a_field_with_a_default_of_its_own():
    first, second = Config(), Config()
    assert (first.size, first.loud, first.extras, first.template) == (3, False, {}, None)
    assert first.extras is not second.extras
    assert Config(size=5).size == 5


def test_a_declaration_has_how_the_setting_is_given():
    size, loud, extras, template = map(setting_of, ("size", "loud", "extras", "template"))
    assert (size.shape, size.value, size.short, size.ours, size.help_in("preview")) == (
        *("text", "N", "-n", True, "how many are shown"),
    )
    assert (loud.shape, loud.value, loud.command_line, size.command_line) == ("switch", None, True, False)
    assert (extras.shape, extras.accepts("a=1,b=c")) == ("pairs", {"a": 1, "b": "c"})
    assert (template.shape, template.alone, template.section) == ("optional", True, "chat")


@pytest.mark.parametrize(("name", "wrong"), [("size", "0"), ("loud", "perhaps"), ("extras", "a")])
def test_a_wrong_value_is_a_sentence_that_follows_the_name(name, wrong):
    with pytest.raises(ValueError, match=r"^(must be|is not understood)"):
        setting_of(name).accepts(wrong)
