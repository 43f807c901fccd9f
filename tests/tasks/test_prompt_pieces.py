"""What stands in a prompt around its options."""

from __future__ import annotations

import pytest

from proctor.tasks.choice_columns import NoChoicesError
from proctor.tasks.prompt_pieces import joined, pieces_around, texts_between


def lettered(texts):
    return (
        "Which?\n" + "\n".join(f"{label}. {text.strip()}" for label, text in zip("ABCDEF", texts, strict=False)) + "\n?"
    )


def test_the_pieces_of_a_prompt_and_the_prompt_of_its_pieces():
    pieces = pieces_around(3, lettered)
    assert pieces == ("Which?\nA. ", "\nB. ", "\nC. ", "\n?")
    assert joined(pieces, ["x", "y", "z"]) == lettered(["x", "y", "z"])


def test_a_prompt_without_options_has_no_pieces():
    assert pieces_around(2, lambda texts: "Which?") is None
    assert pieces_around(2, lambda texts: 3) is None


@pytest.mark.parametrize(
    "render",
    [
        lambda texts: f"{texts[0]} or {texts[0]} or {texts[1]}",
        lambda texts: f"only {texts[0]}",
        lambda texts: f"{texts[1]} or {texts[0]}",
    ],
    ids=["twice", "one of them", "another order"],
)
def test_a_prompt_that_does_not_show_each_option_once_in_order(render):
    with pytest.raises(NoChoicesError):
        pieces_around(2, render)


@pytest.mark.parametrize(
    ("contents", "shown"),
    [
        (["red", "blue"], ["red", "blue"]),
        ([" red ", "blue"], ["red", "blue"]),
        # An option that holds what stands between options.
        (["x\nB. y", "blue"], ["x\nB. y", "blue"]),
        (["A", "2"], ["A", "2"]),
    ],
)
def test_the_texts_that_a_prompt_shows(contents, shown):
    pieces = pieces_around(2, lettered)
    assert texts_between(pieces, lettered(contents), contents) == shown


def test_a_template_may_change_its_options():
    def shouting(texts):
        return "Which? " + " / ".join(text.upper() for text in texts) + "."

    # Where it also changes the marks, nothing can be compared.
    with pytest.raises(NoChoicesError, match="as it is"):
        pieces_around(2, shouting)
    assert texts_between(("Which? ", " / ", "."), "Which? RED / BLUE.", ["red", "blue"]) == ["RED", "BLUE"]
    assert texts_between(("Which? ", " / ", "."), "Who? RED / BLUE.", ["red", "blue"]) is None
