"""The turns of a document's prompt and of its examples."""

from __future__ import annotations

import pytest

from proctor.errors import TaskError
from proctor.messages import Message
from proctor.tasks.document_turns import open_turns, shot_turns, system_turns
from proctor.tasks.example import TaskShape
from proctor.tasks.prompt import PromptStyle


def test_a_system_instruction_and_a_description_are_one_turn(spec):
    assert system_turns(spec(), PromptStyle(system_instruction="Be brief."), "Sums.") == (
        Message("system", "Be brief.\n\nSums."),
    )
    assert system_turns(spec(), PromptStyle(), None) == ()


def test_the_question_is_open_or_each_option_is_one(spec):
    one, several = TaskShape(False, False), TaskShape(True, False)
    before = (Message("system", "S"),)
    assert open_turns(spec(), one, before, "Q", ("x", "y"), "P") == (
        (*before, Message("user", "Q", " "), Message("assistant", "P")),
    )
    assert open_turns(spec(), several, (), 1, ("x", "y"), "P") == tuple(
        (Message("user", option), Message("assistant", "P")) for option in ("x", "y")
    )
    with pytest.raises(TaskError, match="doc_to_text must give a text, but on document 7 it gave 3"):
        open_turns(spec(), one, (), 3, None, None, doc_id=7)
    with pytest.raises(TaskError, match="doc_to_text must give a text, but it gave None"):
        open_turns(spec(), one, (), None, None, None)


def test_an_example_with_labelled_options_answers_with_a_label(task):
    bound = task()
    plain = shot_turns(bound.spec, bound.shots, bound.shape, bound.documents[0])
    labelled = shot_turns(bound.spec, bound.shots, bound.shape, bound.documents[0], labelled=True)
    assert [turn.content for turn in plain] == ["Q: What is 0 plus one?\nA:", "1"]
    assert [turn.content for turn in labelled] == ["Q: What is 0 plus one?\nA. 0\nB. 1\nC. 2\nA:", "B"]


def test_an_example_whose_task_shows_labels_stays_as_it_is(task):
    shown = "{{question}}\nA. {{choices[0]}}\nB. {{choices[1]}}\nC. {{choices[2]}}\nAnswer:"
    bound = task(doc_to_text=shown, doc_to_choice=["A", "B", "C"])
    plain = shot_turns(bound.spec, bound.shots, bound.shape, bound.documents[0])
    assert shot_turns(bound.spec, bound.shots, bound.shape, bound.documents[0], labelled=True) == plain
