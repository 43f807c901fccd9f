from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import proctor.html_report
from proctor.html_report.language import LANGUAGES, language_of, percent, read_web, signed_points

ROOM = Path(proctor.html_report.__file__).parent
DYNAMIC = re.compile(r"\{\w+\}")


def forms(value):
    return [value] if isinstance(value, str) else list(value.values())


def used_keys():
    """Keys of strings in calls of ``text`` and ``html``; parts that follow from a value are patterns."""
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in ("text", "html"):
                continue
            yield from patterns_of(node.args[0])


def patterns_of(node):
    if isinstance(node, ast.IfExp):
        yield from patterns_of(node.body)
        yield from patterns_of(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(re.escape(str(one.value)) if isinstance(one, ast.Constant) else r"\w+" for one in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.escape(node.value)


def test_languages_have_the_same_strings_with_the_same_places():
    english = language_of("en").strings
    for code in LANGUAGES:
        strings = language_of(code).strings
        assert strings.keys() == english.keys()
        for key, value in strings.items():
            places = {frozenset(DYNAMIC.findall(form)) for form in forms(value)}
            wanted = {frozenset(DYNAMIC.findall(form)) for form in forms(english[key])}
            assert places == wanted, key
            assert all(form.strip() for form in forms(value)), key


def test_plural_forms_are_those_of_the_language():
    for value in language_of("en").strings.values():
        assert isinstance(value, str) or set(value) == {"one", "other"}
    for value in language_of("ko").strings.values():
        assert isinstance(value, str) or set(value) == {"other"}


def test_every_key_of_the_code_is_there():
    strings = language_of("en").strings
    wanted = set(used_keys())
    assert len(wanted) > 60
    for pattern in wanted:
        assert any(re.fullmatch(pattern, key) for key in strings), pattern


def test_no_string_is_left_over():
    text = "".join(read_web(file.name) for file in sorted((ROOM / "web").glob("*.js")))
    wanted = set(used_keys())
    patterns = [re.sub(r"\$\{[^}]*\}", r"\\w+", one) for one in re.findall(r"say\(`([^`]+)`", text)]
    for key in language_of("en").strings:
        if key.startswith("page."):
            name = key.removeprefix("page.")
            assert f'"{name}"' in text or any(re.fullmatch(one, name) for one in patterns), key
        else:
            assert any(re.fullmatch(pattern, key) for pattern in wanted), key


def test_numbers_and_plurals():
    english, korean = language_of("en"), language_of("ko")
    assert english.text("report_of", n=1) == "1 run"
    assert english.text("report_of", n=1200) == "1,200 runs"
    assert korean.text("report_of", n=1) == "실행 1개"
    assert english.points(0.01) == "1.0 point"
    assert english.points(-0.0004, sign=True) == "0.0 points"
    assert english.points(0.0142, sign=True) == "+1.4 points"
    assert signed_points(-0.02) == "−2.0"
    assert percent(0.512, 1) == "51.2\N{NO-BREAK SPACE}%"


def test_a_missing_string_is_an_error():
    with pytest.raises(KeyError):
        language_of("en").text("no_such_string")


@pytest.mark.parametrize(("value", "code"), [("ko_KR.UTF-8", "ko"), ("en_US.UTF-8", "en"), ("C", "en")])
def test_the_locale_chooses(monkeypatch, value, code):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", value)
    assert language_of(None).code == code


def test_every_string_of_the_script_is_there():
    text = "".join(read_web(file.name) for file in sorted((ROOM / "web").glob("*.js")))
    strings = language_of("en").page_strings()
    for name in re.findall(r'say\("(\w+)"', text):
        assert name in strings, name
    for pattern in re.findall(r"say\(`([^`]+)`", text):
        assert any(re.fullmatch(re.sub(r"\$\{[^}]*\}", r"\\w+", pattern), name) for name in strings), pattern
