"""Cells of a table that do not reach the prompt as they were written."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import pytest
from task_folders import CHOICE, SETTINGS, TEXT

from proctor.check.cells import CellCheck

OPTIONS = CHOICE + 'doc_to_text: "{{question}} ⑤ {{e}}"\ndoc_to_choice: "{{[a, e]}}"\ndoc_to_target: answer\n'


def test_an_empty_cell_in_the_prompt(ask, tmp_path):
    (tmp_path / "test.csv").write_text("question,e,answer\nQ,x,0\nQ,,0\nQ,None of these,0\nQ,NA,1\n", encoding="utf-8")
    config = OPTIONS.replace("path: json", "path: csv").replace("jsonl", "csv").replace('"{{[a, e]}}"', "[a, b]")
    for words in (SETTINGS, ("validate",)):
        code, said = ask(*words, config=config)
        assert code == 0
        assert "the column 'e' is empty, and stands as 'None' in doc_to_text (document 1 and 1 more document)" in said
        assert """'{{ e or "" }}'""" in said


def test_an_empty_cell_that_a_template_leaves_out_has_nothing_said(ask):
    rows = [{"question": "Q", "a": "x", "e": None, "answer": 0}, {"question": "Q", "a": "x", "e": "y", "answer": 0}]
    config = OPTIONS.replace("⑤ {{e}}", "{% if e %}⑤ {{e}}{% endif %}").replace("[a, e]", "[a, e or 'n']")
    _, said = ask(*SETTINGS, config=config, rows=rows)
    assert "is empty" not in said


def test_whole_numbers_that_became_fractions(ask):
    rows = [{"question": "Q", "answer": one} for one in (2.0, 3.0, None)]
    _, said = ask(*SETTINGS, config=TEXT.replace(": answer", ': "{{answer}}"'), rows=rows)
    assert "the column 'answer' holds whole numbers that were read as fractions, and '2.0' stands in" in said
    assert "'{{ answer | int }}'" in said
    rows = [{"question": "Q", "answer": one} for one in (2.0, 3.5)]
    _, said = ask(*SETTINGS, config=TEXT.replace(": answer", ': "{{answer}}"'), rows=rows)
    assert "fractions" not in said


def test_dates_that_became_times(ask):
    rows = [{"question": "2020-05-01", "choices": ["a", "b"], "answer": 0}]
    _, said = ask(*SETTINGS, rows=rows)
    assert "the column 'question' was read as dates or times, and '2020-05-01 00:00:00' stands in doc_to_text" in said


class Recorder:
    """What a check says, by document and of the whole."""

    def __init__(self):
        self.said: list[tuple[int | None, str]] = []

    def on(self, number, kind, finding, *, note):
        assert note
        self.said.append((number, finding))

    def say(self, message, key, *, hint, note):
        assert note
        self.said.append((None, message))


def look(docs, text="{{ a }}", **fields):
    """What is said of these documents where doc_to_text gives what ``{{ a }}`` would."""
    recorder = Recorder()
    prompt = SimpleNamespace(text=text, choice=fields.get("choice"), target=fields.get("target"))
    check = CellCheck(SimpleNamespace(prompt=prompt, error=lambda message, key, hint: message), recorder)
    for number, doc in enumerate(docs):
        check.look(number, doc, {"doc_to_text": str(doc["a"])})
    check.finish()
    return recorder.said


def test_cells_that_stand_as_they_were_written_have_nothing_said():
    assert look([{"a": "text"}, {"a": 5}, {"a": True}, {"a": 2.5}, {"a": ["x", "y"]}]) == []


@pytest.mark.parametrize(("cell", "word"), [(None, "None"), (float("nan"), "nan")])
def test_an_empty_cell_is_known_by_its_word(cell, word):
    [(number, message)] = look([{"a": "x"}, {"a": cell}])
    assert number == 1
    assert message == f"the column 'a' is empty, and stands as '{word}' in doc_to_text."


def test_the_word_may_stand_in_another_cell_or_in_the_template():
    assert look([{"a": None, "b": ["None of these"]}]) == []
    assert look([{"a": None, "b": {"c": "None"}}]) == []
    assert look([{"a": None}], text="None: {{ a }}") == []


def test_a_field_that_does_not_read_the_column_has_nothing_said():
    assert look([{"a": None}], text="{{ b }}") == []
    assert look([{"a": None}], text="{{ ab }}") == []
    assert look([{"a": None}], text=None) == []
    assert look([{"a": None}], text="a") != []
    assert look([{"a": None}], text=lambda doc: "") != []


def test_one_real_fraction_makes_a_column_one_of_fractions():
    assert [number for number, _ in look([{"a": 2.0}, {"a": 3.0}])] == [None]
    assert look([{"a": 2.0}, {"a": 3.5}]) == []


def test_a_number_within_a_longer_one_is_another():
    docs = [{"a": 2.0}]
    recorder = Recorder()
    prompt = SimpleNamespace(text="{{ a }}", choice=None, target=None)
    check = CellCheck(SimpleNamespace(prompt=prompt, error=None), recorder)
    check.look(0, docs[0], {"doc_to_text": "12.05"})
    check.finish()
    assert recorder.said == []


def test_dates_and_times_are_named():
    [(_, message)] = look([{"a": datetime.date(2020, 5, 1)}])
    assert "was read as dates or times, and '2020-05-01' stands in doc_to_text" in message
