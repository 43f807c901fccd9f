"""The columns of options and answer: declared in ``metadata.choices``, or candidates from documents."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.findings import Finding
from proctor.tasks.choice_columns import ChoiceColumns
from proctor.tasks.choice_search import candidates, declared_choices

MMLU = {"question": "Q?", "subject": "s", "choices": ["red", "blue", "green", "grey"], "answer": 2}
KMMLU = {"question": "Q?", "answer": 2, "A": "red", "B": "blue", "C": "green", "D": "grey", "Category": "c"}
ARC = {"id": "7", "question": "Q?", "choices": {"text": ["red", "blue"], "label": ["A", "B"]}, "answerKey": "B"}
NUMBERED = {"text": "Q?", "option1": "red", "option2": "blue", "label": "2"}


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        (MMLU, ChoiceColumns("choices", "answer", "index")),
        (KMMLU, ChoiceColumns(("A", "B", "C", "D"), "answer", "number")),
        (ARC, ChoiceColumns("choices.text", "answerKey", "letter", "choices.label")),
        (NUMBERED, ChoiceColumns(("option1", "option2"), "label", "number")),
    ],
    ids=["list", "lettered columns", "inner lists", "numbered columns"],
)
def test_the_columns_of_well_known_shapes_are_candidates(doc, expected):
    assert expected in list(candidates([doc]))


@pytest.mark.parametrize("documents", [[], [{"question": "Q?", "answer": 1}], [{"tags": ["only"], "answer": 0}]])
def test_documents_without_options_have_no_candidates(documents):
    assert list(candidates(documents)) == []


def test_a_column_that_names_no_option_in_one_document_is_no_answer():
    assert ChoiceColumns("choices", "answer", "index") not in list(candidates([MMLU, {**MMLU, "answer": 9}]))


class Spec:
    """As much of a task as a declaration reads."""

    def __init__(self, choices):
        self.metadata = {} if choices is None else {"choices": choices}

    def error(self, message, key, hint=None):
        return Finding(f"{key}: {message}", hint=hint)


def test_a_declaration():
    given = {"options": ["A", "B"], "answer": "key", "answer_form": "letter", "keep": ["sorted"]}
    found = declared_choices(Spec(given))
    assert found is not None
    assert found.columns == ChoiceColumns(("A", "B"), "key", "letter")
    assert found.keep == ("sorted",)
    assert declared_choices(Spec(None)) is None


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ("choices", "must be a mapping"),
        ({"options": "choices", "answer": "a", "anser_form": "index"}, "no key 'anser_form'.*answer_form"),
        ({"answer": "a"}, "must have 'options'"),
        ({"options": ["A"], "answer": "a"}, "must have 'options'"),
        ({"options": [1, 2], "answer": "a"}, "must have 'options'"),
        ({"options": "choices"}, "must have 'answer'"),
        ({"options": "choices", "answer": "a", "answer_form": "roman"}, "answer_form 'roman'.*index, number"),
        ({"options": "choices", "answer": "a", "labels": 3}, "column as 'labels'"),
        ({"options": "choices", "answer": "a", "keep": ["free"]}, "as 'keep'"),
        ({"options": "choices", "answer": "a", "keep": 3}, "as 'keep'"),
    ],
)
def test_what_a_declaration_cannot_be(choices, message):
    with pytest.raises(TaskError, match="(?s)" + message):
        declared_choices(Spec(choices))
