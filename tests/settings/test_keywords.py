"""The keywords of Python, which type checkers know, are the settings that are declared."""

from __future__ import annotations

import typing

import pytest

from proctor.settings.declarations import SETTINGS
from proctor.settings.keywords import RunSettings, TaskSettings

PARAMETERS = {"model", "model_args", "tasks"}
"""Settings that ``proctor.evaluate`` names itself."""
CHOICES = {
    name: typing.get_args(hint)
    for name, hint in typing.get_type_hints(RunSettings).items()
    if typing.get_origin(hint) is typing.Literal
}


def test_type_checkers_and_readers_see_every_keyword_of_python(repository):
    keywords = {name for name, setting in SETTINGS.items() if not setting.command_line} - PARAMETERS
    assert set(RunSettings.__annotations__) == keywords
    page = (repository / "docs" / "python.md").read_text(encoding="utf-8")
    assert all(f"`{keyword}`" in page for keyword in keywords)


def test_the_keywords_of_tasks_are_among_those_of_runs():
    assert set(TaskSettings.__annotations__) < set(RunSettings.__annotations__)


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_the_values_that_a_type_checker_allows_are_those_that_the_setting_accepts(name):
    assert all(SETTINGS[name].accepts(value) == value for value in CHOICES[name])
    with pytest.raises(ValueError, match=CHOICES[name][0]):
        SETTINGS[name].accepts("no such value")
