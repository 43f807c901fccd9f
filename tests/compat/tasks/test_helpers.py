"""``lm_eval.utils`` as task files use it."""

from __future__ import annotations

import pytest
from jinja2 import TemplateSyntaxError

from proctor.compat.tasks.helpers import apply_template, create_iterator, general_detokenize, weighted_f1_score


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("do n't stop", "don't stop"),
        ("well , he 's here .", "well, he's here."),
        ("( a )", "(a)"),
        ('" b "', '"b"'),
        ("", ""),
        ("as it is", "as it is"),
    ],
)
def test_spaces_around_punctuation_go(text, plain):
    assert general_detokenize(text) == plain


def test_a_document_in_a_template():
    assert apply_template("{{ a }} and {{ b | upper }}\n", {"a": 1, "b": "x"}) == "1 and X\n"
    with pytest.raises(TemplateSyntaxError, match="unexpected end of template"):
        apply_template("{{ a", {})


def test_each_process_has_its_share():
    shares = [list(create_iterator(range(10), rank=rank, world_size=3, limit=8)) for rank in range(3)]
    assert shares == [[0, 3, 6], [1, 4, 7], [2, 5]]
    assert list(create_iterator("abc")) == ["a", "b", "c"]


def test_f1_is_weighed_by_how_often_a_class_is_gold():
    pytest.importorskip("sklearn")
    assert weighted_f1_score([("a", "a"), ("b", "a"), ("b", "b")]) == pytest.approx(2 / 3)
    assert weighted_f1_score([("a", "a")]) == 1.0
