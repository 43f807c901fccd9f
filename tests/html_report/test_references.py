from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proctor.html_report.references import MARK, parts_of, resolved, shortened

TEXT = st.text(st.sampled_from(f"abqA!{MARK}\n 가"), max_size=12)


def test_prompts_of_an_exam_become_one_text():
    made = set()
    for question, options in (("What is 2 + 2?", ["3", "4"]), ("Which?", ["this one", "that one"])):
        prompt = f"{question}\nA. {options[0]}\nB. {options[1]}\nAnswer:"
        made.add(shortened(prompt, parts_of(question, options)))
    assert made == {f"{MARK}q\nA. {MARK}A\nB. {MARK}B\nAnswer:"}


@given(TEXT, TEXT, st.lists(TEXT, max_size=30))
def test_what_was_shortened_is_resolved(text, question, options):
    parts = parts_of(question, options)
    assert resolved(shortened(text, parts), parts) == text


@given(TEXT, st.lists(TEXT, max_size=4), TEXT)
def test_a_text_around_its_parts_is_resolved(question, options, between):
    parts = parts_of(question, options)
    text = between.join([question, *options, ""])
    assert resolved(shortened(text, parts), parts) == text
