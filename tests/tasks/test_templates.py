"""The quick way to a text gives what jinja's own way gives, its mistakes included."""

from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment, SecurityError

from proctor.errors import DataError
from proctor.tasks.templates import compile_template, regex_replace, template_error

TEMPLATES = (
    "no variable at all\n",
    "{{question}}\nAnswer:",
    "{{ question.strip() }} {{choices[0]}}{{ choices | length }}",
    "{% for choice in choices %}{{loop.index}}. {{choice}}\n{% endfor %}",
    "{% set answer = choices[-1] %}{% set ns = namespace(n=0) %}{{answer}}{{ns.n}}",
    "{% macro shout(text) %}{{text | upper}}{% endmacro %}{{shout(question)}}{% if question %}!{% endif %}",
    "{% block head %}{{question}}{% endblock %}{{self.head()}}",
    "{% autoescape true %}{{question}}{% endautoescape %}",
    "{{ question | regex_replace('[aeiou]', '') }}{{ range(2) | list }}{{ dict(a=1) }}",
)


def _jinja(source: str, doc: dict[str, Any]) -> str:
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    environment.filters["regex_replace"] = regex_replace
    return environment.from_string(source).render(**doc)


@pytest.mark.parametrize("source", TEMPLATES)
@given(question=st.text(max_size=20), choices=st.lists(st.text(max_size=5), min_size=1, max_size=4))
def test_texts_are_those_of_jinja(source: str, question: str, choices: list[str]) -> None:
    doc = {"question": question, "choices": choices}
    render = compile_template(source)
    assert render(doc) == _jinja(source, doc)
    assert render(doc) == _jinja(source, doc), "a second time: nothing is left over from the first"


def test_a_variable_set_for_one_document_is_unknown_to_the_next() -> None:
    render = compile_template("{% if first %}{% set answer = 'x' %}{% endif %}{{answer}}")
    with pytest.raises(jinja2.UndefinedError):
        render({"first": False})
    render({"first": True, "answer": "y"})
    with pytest.raises(jinja2.UndefinedError, match="'answer' is undefined"):
        render({"first": False})


def test_a_column_may_have_the_name_of_one_of_jinjas_own() -> None:
    assert compile_template("{{range}}")({"range": "3 to 5"}) == "3 to 5"
    assert compile_template("{{range(2) | list}}")({}) == "[0, 1]"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{{missing}}", jinja2.UndefinedError),
        ("{{text.nothing.there}}", jinja2.UndefinedError),
        ("{{1 / 0}}", ZeroDivisionError),
        ("{{text.__class__.__mro__}}", SecurityError),
    ],
)
def test_mistakes_are_those_of_jinja(source: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        compile_template(source)({"text": "x"})
    with pytest.raises(error) as expected:
        _jinja(source, {"text": "x"})
    assert str(raised.value) == str(expected.value)


@pytest.mark.parametrize("source", ["{{ 'a' * 10**12 }}", "{{ 10**9 * [1] }}", "{{ 10 ** (10 ** 9) }}"])
def test_a_few_letters_cannot_fill_the_memory(source):
    assert template_error(source) is None
    with pytest.raises(OverflowError, match="more than 10,000,000 letters"):
        compile_template(source)({})


def test_what_bounded_operators_give_is_python_s():
    source = "{{ 3*4 }} {{ 2.5*x }} {{ 'ab'*2 }} {{ 2*'ab' }} {{ 2**10 }} {{ 2**-1 }} {{ 1.5**2 }}"
    assert compile_template(source)({"x": 2}) == "12 5.0 abab abab 1024 0.5 2.25"


@pytest.mark.parametrize("source", ["{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "{{ " + "9" * 5000 + " }}"])
def test_a_template_that_cannot_be_read_is_a_error(source):
    assert "it cannot be read" in (template_error(source) or "")


def test_a_replacement_without_end_is_broken_off(monkeypatch):
    monkeypatch.setattr("proctor.regex_limits.bounded.SECONDS", 0.3)
    render = compile_template("{{ text | regex_replace('(a+)+$', '') }}")
    assert render({"text": "baa"}) == "b"
    with pytest.raises(DataError, match=r"'\(a\+\)\+\$' took more than 0\.3 s on 61 characters"):
        render({"text": "a" * 60 + "b"})
