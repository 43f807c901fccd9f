"""Texts that name a function without ``!function``: told where the file is there, and no other text is suspected."""

from __future__ import annotations

import pytest

from proctor.tasks.untagged import remedy, untagged


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("utils.prompt", "To call a function, write '!function utils.prompt'."),
        (" utils.prompt() ", "To call a function, write '!function utils.prompt'."),
        ("a.b.prompt", "To call a function, write '!function a.b.prompt'."),
        ("!function utils.prompt", "To call a function, write '!function utils.prompt' without quotes."),
        ("function utils.prompt", "To call a function, write '!function utils.prompt' without quotes."),
        ("prompt", None),
        ("{{utils.prompt}}", None),
        ("Is 3.5 more?", None),
        ("utils.prompt(doc)", None),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_how_to_name_a_function(text, hint):
    assert remedy(text) == hint


@pytest.fixture
def told(node, exam):
    (exam / "utils.py").write_text("def prompt(doc):\n    return 'Q'\n", encoding="utf-8")
    return lambda **changes: list(untagged(node("sums", **changes)))


@pytest.mark.parametrize("key", ["doc_to_text", "doc_to_choice", "doc_to_target", "process_results"])
def test_a_text_that_names_a_function_of_a_file_that_is_there(told, key):
    hint = "To call a function, write '!function utils.prompt'."
    assert told(**{key: "utils.prompt"}) == [
        (f"{key} is the text 'utils.prompt', and no function of utils.py.", (key,), hint)
    ]


def test_examples_are_looked_at_too(told):
    [(message, path, _)] = told(fewshot_config={"doc_to_target": "utils.prompt"})
    assert path == ("fewshot_config", "doc_to_target")
    assert message.startswith("doc_to_target is the text 'utils.prompt'")


def test_the_tag_in_quotes_is_told_wherever_the_file_is(told):
    [(message, _, hint)] = told(doc_to_text="!function gone.prompt")
    assert message == "doc_to_text is the text '!function gone.prompt', and no function of gone.py."
    assert hint is not None
    assert hint.endswith("without quotes.")


@pytest.mark.parametrize("text", ["gone.prompt", "question", "A.B", "utils.prompt of {{x}}", None, 5])
def test_any_other_text_is_a_text(told, text):
    assert told(doc_to_text=text) == []
