"""Targets against options: what can be read, and what all the targets of a task say together."""

from __future__ import annotations

import pytest
from task_folders import CHOICE, HEAD, PLAIN, QUIZ_ROWS, SETTINGS, TEXT, with_answers

from proctor.check.targets import wrong_target


@pytest.mark.parametrize(
    ("target", "size", "kind"),
    [
        (0, 2, None),
        (True, 2, None),
        (2, 2, "range"),
        (-1, 2, "range"),
        ("a", 2, None),
        ("A", 2, "choice"),
        ("1", 2, "choice"),
        (1.0, 2, "type"),
        (None, 2, "type"),
    ],
)
def test_targets(target, size, kind):
    found = wrong_target(target, ["a", "b", "c"][:size])
    assert (found and found[0]) == kind


def test_a_letter_is_told_how_to_become_a_number():
    _, _, hint = wrong_target("D", ["w", "x", "y", "z"]) or (None, None, None)
    assert hint == """Make a number of the letter: '{{ "ABCD".index(column) }}'."""


HOPELESS = {
    "circled digits": (PLAIN, with_answers("②①③②"), "doc_to_target gave '②', which is none of the choices"),
    "withheld": (PLAIN, with_answers([-1] * 4), "doc_to_target gave -1, but there are 4 choices"),
    "withheld as text": (PLAIN, with_answers([""] * 4), "doc_to_target gave '', which is none of the choices"),
    "null": (PLAIN, with_answers([None] * 4), "doc_to_target gave None (NoneType)"),
    "empty lists": (PLAIN, with_answers([[]] * 4), "doc_to_target gave an empty list"),
    "lists of nothing": (PLAIN, with_answers([[7], [9]]), "doc_to_target gave 7, but there are 4 choices"),
    "fractions": (PLAIN, with_answers([1.0, 2.0]), "doc_to_target gave 1.0 (float)"),
    "a misspelt column": (PLAIN.replace(": answer", ": anwser"), QUIZ_ROWS, "doc_to_target gave 'anwser'"),
    "generated, empty": (TEXT, with_answers(["", " "]), "doc_to_target is empty"),
    "generated, null": (TEXT, with_answers([None, None]), "doc_to_target gave nothing (null)"),
    "generated, withheld": (TEXT, with_answers(["?"] * 3), "looks like a label that was not published"),
    "a number beyond the choices": (
        HEAD + 'doc_to_text: "{{question}}"\ndoc_to_choice: choices\ndoc_to_target: answer\n',
        with_answers([4, 5]),
        "doc_to_target gave 4, but there are 4 choices",
    ),
}


@pytest.mark.parametrize(("config", "rows", "sentence"), HOPELESS.values(), ids=HOPELESS)
def test_a_task_without_a_target_that_can_be_read_is_an_error_before_the_model(
    ask, monkeypatch, config, rows, sentence
):
    monkeypatch.setattr("proctor.models.dummy.DummyModel.respond", None)
    code, said = ask(*SETTINGS, config=config, rows=rows)
    assert code == 2
    assert f"no target of its {len(rows)} documents can be read" in said
    assert sentence in said


def test_a_limit_that_leaves_the_good_documents_out_is_no_error(ask):
    code, said = ask(*SETTINGS, "--limit", "1", rows=with_answers([-1, 2]))
    assert code == 0
    assert "doc_to_target gave -1" in said


def test_what_only_predicts_needs_no_target(ask, tmp_path):
    out = str(tmp_path / "out")
    code, said = ask(*SETTINGS, "--predict_only", "--output_path", out, rows=with_answers([-1, -1]))
    assert code == 0
    assert "can be read" not in said


def test_counted_from_one(ask):
    answers = [1 + n % 3 for n in range(28)]
    for words in (SETTINGS, ("validate",)):
        code, said = ask(*words, rows=with_answers(answers))
        assert code == 0
        assert "0 never occurs in 28 documents: counted from 1?" in said


@pytest.mark.parametrize("answers", [[1, 2, 3, 1], [1] * 40, [0, *[1, 2, 3] * 10]])
def test_no_pattern_no_word(ask, answers):
    _, said = ask(*SETTINGS, rows=with_answers(answers))
    assert "counted from 1" not in said


NUMBERS = CHOICE + 'doc_to_text: "{{question}}"\ndoc_to_choice: choices\ndoc_to_target: "{{answer}}"\n'


def test_a_number_that_is_also_the_text_of_another_option(ask):
    code, said = ask(*SETTINGS, config=NUMBERS, rows=with_answers(["2", "3"], ["1", "2", "3", "4"]))
    assert code == 0
    assert "doc_to_target gave the number 2, which is option 2 counted from 0 ('3'), but '2' is the text of" in said


DOWN = NUMBERS.replace("{{answer}}", "{{ answer | int - 1 }}")


def test_a_template_that_counts_down_to_a_position_has_nothing_said(ask):
    for answers in (["2", "3"], ["2", "3", "4"] * 12, ["1", "2", "3", "4"]):
        for words in (SETTINGS, ("validate",)):
            code, said = ask(*words, config=DOWN, rows=with_answers(answers, ["1", "2", "3", "4"]))
            assert code == 0
            assert "is the text of another option" not in said
            assert "counted from 1" not in said


@pytest.mark.parametrize(
    "template", ["{{answer}}", "{{ answer }}", "{{ answer | int }}", "{{answer|trim}}", "{{ x['answer'] }}"]
)
def test_a_template_that_writes_a_column_as_it_is_has_its_numbers_looked_at(ask, template):
    rows = [{**row, "x": {"answer": row["answer"]}} for row in with_answers(["2", "3"], ["1", "2", "3", "4"])]
    _, said = ask(*SETTINGS, config=NUMBERS.replace("{{answer}}", template), rows=rows)
    assert "'2' is the text of another option" in said


def test_digits_that_are_text_have_both_ways_of_counting_said(ask):
    config = NUMBERS.replace('"{{answer}}"', "answer")
    _, said = ask(*SETTINGS, config=config, rows=with_answers(["2", "3"]))
    assert "'{{ column }}' where the data counts from 0, '{{ column | int - 1 }}' where it counts from 1" in said


def test_positions_among_numbers_have_nothing_said(ask):
    _, said = ask(*SETTINGS, config=NUMBERS, rows=with_answers(["2", "0", "1"], ["1", "2", "3", "4"]))
    assert "is the text of another option" not in said
