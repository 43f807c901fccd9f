"""Templates and columns that stay the letters that they are."""

from __future__ import annotations

import pytest
from task_folders import CHOICE, PLAIN, SETTINGS, TEXT

from proctor.check.braces import unbraced, unrendered

BRACES = {
    "options": ('doc_to_choice: ["{{opt1}}", "{{opt2}}"]\n', "'{{ [opt1, opt2] }}'"),
    "options with signs": ('doc_to_choice: ["A. {{opt1}}", "B"]\n', "'{{ ['A. ' ~ opt1, 'B'] }}'"),
    "a mapping": ('doc_to_choice: {a: "{{opt1}}", b: "x"}\n', "'{{ [opt1, 'x'] }}'"),
    "a delimiter": ('doc_to_choice: [a, b]\ntarget_delimiter: "{{opt1}}"\n', "target_delimiter is not rendered"),
    "an example's": (
        'doc_to_choice: [a, b]\nfewshot_config: {doc_to_choice: ["{{opt1}}", b]}\n',
        "whose items are not rendered",
    ),
    "single braces": ('doc_to_choice: ["{opt1}", b]\n', "Write '{{opt1}}'"),
    "names of columns": ("doc_to_choice: [opt1, opt2]\n", "'{{ [opt1, opt2] }}'"),
}


@pytest.mark.parametrize(("keys", "remedy"), BRACES.values(), ids=BRACES)
def test_a_template_that_is_not_rendered_is_said_with_the_form_that_works(ask, keys, remedy):
    config = CHOICE + 'doc_to_text: "{{question}}"\ndoc_to_target: answer\n' + keys
    rows = [{"question": "Q", "opt1": "x", "opt2": "y", "answer": n % 2} for n in range(3)]
    code, said = ask(*SETTINGS, config=config, rows=rows)
    assert code == 0
    assert remedy in said
    code, said = ask("validate", config=config, rows=rows)
    assert code == 1
    assert remedy in said


@pytest.mark.parametrize(("text", "options"), [("{{A}} {{B}}", "[A, B]"), ("{{opt1}}", "[opt1, opt2]")])
def test_labels_that_are_names_of_columns_have_nothing_said(ask, text, options):
    config = CHOICE + f'doc_to_text: "{text} {{{{n}}}}"\ndoc_to_target: answer\ndoc_to_choice: {options}\n'
    rows = [{"n": n, "A": "x", "B": "y", "opt1": "x", "opt2": "y", "answer": n % 2} for n in range(3)]
    _, said = ask(*SETTINGS, config=config, rows=rows)
    assert "names of columns" not in said


def test_a_path_without_braces_is_a_text(ask):
    rows = [{"question": "Q", "meta": {"answer": "x"}}]
    code, said = ask(*SETTINGS, config=TEXT.replace(": answer", ": meta.answer"), rows=rows)
    assert code == 0
    assert "doc_to_target is the text 'meta.answer', the same for every document. Write '{{meta.answer}}'" in said


def test_braces_of_other_kinds_have_nothing_said(ask):
    config = PLAIN.replace('"{{question}}"', "'{{question}} Write \\boxed{answer}, f(${answer}) or {x}.'")
    _, said = ask(*SETTINGS, config=config)
    assert "braces" not in said


@pytest.mark.parametrize(
    ("config", "path", "hint"),
    [
        (
            {"doc_to_choice": ["{{a}}", "b"]},
            ("doc_to_choice",),
            "Write one template that gives the list: '{{ [a, 'b'] }}'.",
        ),
        (
            {"doc_to_target": {"x": "{{a}}!"}},
            ("doc_to_target",),
            "Write one template that gives the list: '{{ [a ~ '!'] }}'.",
        ),
        (
            {"fewshot_delimiter": "{% if a %}"},
            ("fewshot_delimiter",),
            "Write the text itself, or put it into doc_to_text.",
        ),
        (
            {"fewshot_config": {"target_delimiter": "{{a}}"}},
            ("fewshot_config", "target_delimiter"),
            "Write the text itself, or put it into doc_to_text.",
        ),
    ],
)
def test_a_template_that_is_not_rendered_has_its_key_and_remedy(config, path, hint):
    [literal] = unrendered(config)
    assert (literal.path, literal.hint) == (path, hint)


def test_what_is_rendered_is_no_literal():
    config = {"doc_to_text": "{{a}}", "doc_to_choice": "{{ [a] }}", "doc_to_target": 1, "target_delimiter": " "}
    assert list(unrendered(config)) == []
    assert list(unrendered({"doc_to_choice": ["{a}", "b"], "fewshot_config": "own"})) == []


@pytest.mark.parametrize(
    ("config", "hint"),
    [
        ({"doc_to_text": "Say {a}."}, "Write '{{a}}'."),
        ({"doc_to_target": "a.b"}, "Write '{{a.b}}' for what the column 'a' holds there."),
        ({"doc_to_target": "a[0]"}, "Write '{{a[0]}}' for what the column 'a' holds there."),
        (
            {"doc_to_text": "x", "doc_to_choice": ["first", "second"]},
            "For what these columns hold, write one template: '{{ [first, second] }}'.",
        ),
    ],
)
def test_columns_without_braces_are_named_with_the_form_that_works(config, hint):
    [literal] = unbraced(config, ["a", "first", "second"])
    assert literal.hint == hint


@pytest.mark.parametrize(
    "config",
    [
        {"doc_to_text": "{{a}}"},
        {"doc_to_text": "\\frac{a} ${a}"},
        {"doc_to_text": "{other}"},
        {"doc_to_target": "a"},
        {"doc_to_text": "first or second", "doc_to_choice": ["first", "second"]},
        {"doc_to_text": "x", "doc_to_choice": ["first", "third"]},
    ],
)
def test_other_texts_have_nothing_said(config):
    assert list(unbraced(config, ["a", "first", "second"])) == []
