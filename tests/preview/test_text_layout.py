"""How a preview lays out text: what no terminal shows stands there by name."""

from __future__ import annotations

import pytest

from proctor.messages import Message
from proctor.preview import text_layout
from proctor.preview.text_layout import (
    boundary_text,
    column_count,
    count_text,
    framed,
    framed_chat,
    listed,
    pieces_text,
    rule,
    shown_path,
)
from proctor.preview.token_boundaries import TokenBoundary, TokenText


def test_a_rule_is_as_wide_as_the_text():
    assert rule("sums", "=") == "== sums " + "=" * 72
    assert len(rule("sums", "-")) == text_layout.WIDTH
    # Codes for the terminal take no room.
    assert rule("\x1b[1msums\x1b[0m", "=", length=4).count("=") == 74
    assert rule("국어", "=") == "== 국어 " + "=" * 72
    assert rule("x" * 200, "=").endswith(" ==")


def test_a_frame_says_how_its_text_ends_to_the_last_space():
    assert framed("prompt", "[painted]", "Answer: \n") == [
        "┌─ prompt",
        "[painted]",
        "└─ 9 characters, ending in 'Answer: \\n'",
    ]
    assert framed("prompt", "", "a" * 1500)[-1] == f"└─ 1,500 characters, ending in '{'a' * 24}'"
    assert framed("prompt", "", "x")[-1] == "└─ 1 character, ending in 'x'"
    assert framed("prompt", "", "")[-1] == "└─ it is empty"


def test_a_chat_has_each_message_below_its_role():
    turns = [Message("system", "Be brief."), Message("user", "Hi "), Message("assistant", "So")]
    assert framed_chat("prompt", turns) == [
        "┌─ prompt, a chat of 3 messages",
        "├─ system",
        "Be brief.",
        "├─ user",
        "Hi ",
        "├─ assistant, left open",
        "So",
        "└─ the last one: 2 characters, ending in 'So'",
    ]
    assert "left open" not in "".join(framed_chat("prompt", [*turns, Message("user", "")]))


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("한국", 4), ("ｆ1", 3), ("é", 1)])
def test_letters_of_east_asia_take_two_columns(text, columns):
    assert column_count(text) == columns


@pytest.mark.parametrize(("number", "text"), [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks"), (1234, "1,234 tasks")])
def test_numbers_with_their_noun(number, text):
    assert count_text(number, "task") == text


@pytest.mark.parametrize(("numbers", "text"), [([3], "3"), ([3, 7], "3 and 7"), ([3, 7, 9], "3, 7 and 9")])
def test_numbers_in_a_sentence(numbers, text):
    assert listed(numbers) == text


def boundary(*after, continuation=None, merges=False):
    return TokenBoundary(5, len(after) if continuation is None else continuation, (), after, 0, merges)


def test_tokens_where_prompt_and_answer_meet():
    a, b = TokenText(" a", 7), TokenText("b", 8)
    assert pieces_text([a, b]) == "' a' 7 · 'b' 8"
    assert pieces_text([]) == "nothing"
    assert boundary_text(boundary(a, b)) == "' a' 7 · 'b' 8"
    assert boundary_text(boundary(a, b, continuation=5)) == "' a' 7 · 'b' 8 · 3 more"
    assert boundary_text(boundary(a, merges=True)) == "' a' 7  (joined up, the text has other tokens here)"
    assert boundary_text(boundary()) == "no token of its own: its text merges with the prompt's last token"


def test_a_path_is_relative_below_the_working_directory_only(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown_path(str(tmp_path / "here" / "a" / "t.yaml")) == "a/t.yaml"
    assert shown_path(str(tmp_path / "t.yaml")) == str(tmp_path / "t.yaml")
    assert shown_path("t.yaml") == "t.yaml"
