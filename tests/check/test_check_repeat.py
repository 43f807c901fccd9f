"""Fields called several times: what gives another value, or changes the document that it is given."""

from __future__ import annotations

import pytest
from task_folders import CHOICE, QUIZ_ROWS, SETTINGS

from proctor.check.repeat import is_same

SHUFFLE = """\
import random
def _options(doc):
    options = list(doc["choices"])
    random.shuffle(options)
    return options
def text(doc):
    return doc["question"] + "".join(f"\\n{l}. {o}" for l, o in zip("ABCD", _options(doc)))
def choice(doc):
    return _options(doc)
def target(doc):
    return _options(doc).index(doc["choices"][doc["answer"]])
def letters(doc):
    return ["A", "B", "C", "D"]
def gold(doc):
    return doc["answer"]
def phrase(doc):
    return random.choice(["Say: ", "Tell me: ", "Please: ", "Now: ", "So: "]) + doc["question"]
_count = 0
def counted(doc):
    global _count
    _count += 1
    return f"{_count}. {doc['question']}"
def seeded(doc):
    return random.Random(doc["question"]).randrange(4)
def pops(doc):
    doc["choices"].reverse()
    return doc["question"]
def at_home(doc):
    return doc["choices"].index("w")
def adds(doc):
    doc["note"] = 1
    return doc["question"]
"""


def fields(text: str, choice: str, target: str) -> str:
    keys = (("doc_to_text", text), ("doc_to_choice", choice), ("doc_to_target", target))
    return CHOICE + "".join(f"{key}: {value}\n" for key, value in keys)


F = "!function code."
WRONG = {
    "three shuffles": (fields(F + "text", F + "choice", F + "target"), ["doc_to_choice", "doc_to_target"]),
    "options alone": (fields("question", F + "choice", "answer"), ["doc_to_choice"]),
    "target alone": (fields("question", "choices", F + "target"), ["doc_to_target"]),
    "letters after a shuffled prompt": (fields(F + "text", F + "letters", F + "gold"), ["doc_to_text"]),
    "a template that draws": (
        fields("question", "choices", '"{{ range(4) | random }}"'),
        ["doc_to_target"],
    ),
}


@pytest.mark.parametrize(("config", "named"), WRONG.values(), ids=WRONG)
def test_functions_that_give_something_else_each_time_stop_a_run(ask, config, named):
    for words in (SETTINGS, ("validate", "--run_task_code")):
        code, said = ask(*words, config=config, code=SHUFFLE)
        assert code == (2 if words is SETTINGS else 1)
        for key in named:
            assert f"{key} gives another value each time it is called: prompt and gold disagree (document 0" in said
        assert "random.Random(doc[" in said


def test_strict_asks_all_the_same_and_says_it(ask):
    code, said = ask(*SETTINGS, "--strict_lm_eval", config=WRONG["three shuffles"][0], code=SHUFFLE)
    assert code == 0
    assert "prompt and gold disagree" in said


def test_preview_says_it_and_shows_the_prompt(ask):
    code, said = ask("preview", config=WRONG["three shuffles"][0], code=SHUFFLE)
    assert code == 0
    assert "prompt and gold disagree" in said
    assert "A. " in said


@pytest.mark.parametrize("text", [F + "phrase", F + "counted"])
def test_a_prompt_that_differs_while_the_gold_does_not_is_a_warning(ask, text):
    code, said = ask(*SETTINGS, config=fields(text, "choices", "answer"), code=SHUFFLE)
    assert code == 0
    assert "doc_to_text gives another value each time it is called (document 0 and 2 more documents)." in said


def test_what_is_drawn_from_the_document_has_nothing_said(ask):
    code, said = ask(*SETTINGS, config=fields("question", "choices", F + "seeded"), code=SHUFFLE)
    assert code == 0
    assert "code.py" not in said
    assert "gives another" not in said


def test_a_function_that_changes_its_document_under_another_stops_a_run(ask):
    rows = [{**row, "choices": list("wxyz")} for row in QUIZ_ROWS]
    config = fields(F + "pops", "choices", F + "at_home")
    status, said = ask(*SETTINGS, config=config, rows=rows, code=SHUFFLE)
    assert "doc_to_text changes the document that it is given ('choices')" in said
    assert status == 2
    assert "gives another value after another function changed the document: prompt and gold disagree" in said


def test_a_key_that_is_added_to_a_document_is_a_warning(ask):
    code, said = ask(*SETTINGS, config=fields(F + "adds", "choices", "answer"), code=SHUFFLE)
    assert code == 0
    assert "doc_to_text changes the document that it is given ('note') (document 0 and 2 more" in said


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ((1, 2), [1, 2], True),
        ([1, 2], [2, 1], False),
        (float("nan"), float("nan"), True),
        ({"a": [1]}, {"a": [1]}, True),
    ],
)
def test_values_are_alike_by_what_they_are_or_how_they_are_written(left, right, same):
    assert is_same(left, right) is same


def test_arrays_are_alike_by_how_they_are_written():
    import numpy as np

    assert is_same(np.array([1, 2]), np.array([1, 2]))
    assert not is_same(np.array([1, 2]), np.array([1, 3]))
