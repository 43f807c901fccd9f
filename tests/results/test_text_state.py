"""A text that was not read is counted apart from a wrong one."""

from __future__ import annotations

import pytest
from stored_runs import choice_line, text_line

from proctor.results.stored_run import Sample
from proctor.results.text_state import text_state


def sample(line):
    return Sample(0, ("h", 0), True, "none", {}, line)


@pytest.mark.parametrize(
    ("answer", "state"), [("4", "read"), ("[invalid]", "unread"), ("", "unread"), ("  ", "unread"), (4, "read")]
)
def test_what_the_filter_made_of_it(answer, state):
    assert text_state(sample(text_line(0, "It is 4.", answer, 1.0))) == state


def test_an_answer_that_is_missing():
    line = text_line(0, "It is 4.", "4", 1.0)
    assert text_state(sample({**line, "filtered_resps": []})) == "unread"
    assert text_state(sample({**line, "filtered_resps": [["4", "5"]]})) == "read"


def test_thinking_that_never_ended():
    assert text_state(sample(text_line(0, "Let me see", "[invalid]", 0.0)), "</think>") == "unfinished"
    assert text_state(sample(text_line(0, "Let me see</think> 4", "4", 1.0)), "</think>") == "read"


def test_choices_and_broken_lines_are_no_texts():
    assert text_state(sample(choice_line(0, [0, -1, -2, -3], 0))) is None
    for arguments in (None, {}, [], [[]], 3, {"gen_args_0": "x"}):
        assert text_state(sample({"doc_id": 0, "arguments": arguments})) is None
