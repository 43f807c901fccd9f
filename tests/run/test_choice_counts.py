"""How options were chosen is counted by task, and replies without an option are told."""

from __future__ import annotations

import logging

from proctor.results.table import choice_notes
from proctor.run.choice_counts import NOTE, ChoiceCounts, report_choices
from proctor.types import Choice, Text


def counts(*responses):
    found = ChoiceCounts()
    found.add(responses)
    return found


RIGHT = Choice(0, "statement", "text", "Answer: A")
UNREAD = Choice(None, "no_label", "text", "Well.")


def test_a_run_that_chooses_nothing_says_nothing(caplog):
    assert report_choices({"one": counts(Text("a"))}) == {}
    assert choice_notes({"proctor": {}}) == choice_notes({}) == []
    assert caplog.records == []


def test_few_replies_without_an_option_are_counted_and_no_warning(caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        facts = report_choices({"one": counts(*[RIGHT] * 98, UNREAD, UNREAD)})
    assert facts["choices"]["tasks"][0]["n_unparsed"] == 2
    assert caplog.records == []
    assert choice_notes({"proctor": facts}) == [f"Multiple choice (text): {NOTE}"]


def test_more_of_them_are_a_warning_and_a_line_below_the_table(caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        facts = report_choices({"one": counts(*[RIGHT] * 97, *[UNREAD] * 3), "two": counts(RIGHT)})
    assert "which count as wrong: one 3 of 100 (no_label 3)." in caplog.text
    assert choice_notes({"proctor": facts})[1:] == [
        "No option could be read of some replies, which count as wrong: one 3 of 100 (no_label 3)."
    ]


def test_many_tasks_are_not_all_named(caplog):
    with caplog.at_level(logging.WARNING, "proctor"):
        report_choices({f"task{number}": counts(UNREAD) for number in range(7)})
    assert "task4 1 of 1 (no_label 1); and 2 more tasks." in caplog.text
    assert "task5" not in caplog.text


def test_label_mass_is_the_mean_over_choices_that_have_one():
    seen = Choice(0, "letters", "letters", "A", logprobs=(-0.1, -2.0), label_mass=0.9)
    bound = Choice(0, "letters", "letters", "A", logprobs=(-0.7, -2.0), unseen=(1,), label_mass=0.5)
    [facts] = report_choices({"one": counts(seen, bound)})["choices"]["tasks"]
    assert (facts["label_mass"], facts["with_bounds"], facts["scoring"]) == (0.7, 1, "letters")
